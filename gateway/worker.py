"""The process of one worker: a gateway whose admin listener is the supervisor's.

Signals are the supervisor's as well: Ctrl-C on a terminal, and what stops a service,
reach all processes at once, and a second one would mean something else.
"""

import asyncio
import gc
import logging
import os
import pickle
import signal
import socket
import sys
from typing import TypedDict

import structlog

from config.settings import Settings
from gateway.app import LAST_WORDS, Gateway
from gateway.operations import logs
from gateway.operations.event_loop import loop_factory, say_loop_error
from gateway.operations.listeners import Listeners
from gateway.operations.log_sharing import LogSharing
from gateway.operations.logto_at_start import say_whether_logto_answers
from gateway.operations.start_failed import StartFailed
from gateway.operations.stop_signals import SIGNALS, WITHOUT_EFFECT
from gateway.operations.workers.figures import Family, families
from gateway.operations.workers.line_to_supervisor import LineToSupervisor
from gateway.sessions.renewal import longest_refresh
from gateway.sessions.revocations import Whose
from gateway.sessions.sharing import SharingAway

log = structlog.get_logger("gateway.workers")

OK, FAILURE = 0, 1  # exit codes


class Given(TypedDict):
    """What the supervisor gives: its import path, our number, and descriptors."""

    path: list[str]
    number: int
    channel: int
    listeners: list[list[int]]
    log_lock: int


class Serving:
    """A gateway that does as its supervisor says; its listeners are *own*."""

    def __init__(
        self,
        gateway: Gateway,
        own: list[socket.socket],
        listeners: list[list[socket.socket]],
    ) -> None:
        self._gateway = gateway
        self._others = [[one for one in its if one not in own] for its in listeners]
        self._taken: dict[int, Listeners] = {}
        self._changing = asyncio.Lock()
        self._closed = False

    def figures(self) -> tuple[Family, ...]:
        """Return the metrics of this process."""
        return families(self._gateway.metrics.collect())

    async def revoke(self, whose: Whose, value: str) -> bool:
        """Revoke sessions by the operator's order."""
        return await self._gateway.revoke(whose, value)

    async def take_over(self, listeners: int) -> None:
        """Accept also what comes to the worker of that number, unless it is closed.

        The others may end before this one, while all of them are stopping.
        """
        async with self._changing:
            if listeners not in self._taken and not self._closed:
                sockets = [one.dup() for one in self._others[listeners - 1]]
                self._taken[listeners] = await self._gateway.accept_also(sockets)

    async def hand_back(self, listeners: int) -> None:
        """Accept no more of it; connections that are open stay."""
        async with self._changing:
            taken = self._taken.pop(listeners, None)
            if taken is not None:
                taken.close()

    async def close(self) -> None:
        """Accept nothing more that is another worker's, and hold nothing of it."""
        async with self._changing:
            self._closed = True
            for taken in self._taken.values():
                taken.close()
            self._taken.clear()
            for its in self._others:
                for one in its:
                    one.close()


def main(given: Given) -> None:
    """Serve until the supervisor says that it is enough, or is gone."""
    for number in (*SIGNALS, *WITHOUT_EFFECT):
        signal.signal(number, signal.SIG_IGN)
    # From our own supervisor, by a pipe that nobody else has.
    settings: Settings = pickle.load(sys.stdin.buffer)  # noqa: S301
    logs.configure(
        level=settings.server.log_level,
        sharing=LogSharing(given["number"], given["log_lock"]),
    )
    logging.captureWarnings(capture=True)
    code = OK
    try:
        with asyncio.Runner(loop_factory=loop_factory()) as runner:
            runner.run(_work(given, settings))
    except (StartFailed, SharingAway) as error:
        sys.stderr.write(f"gateway: {error}.\n")
        code = FAILURE
    finally:
        logs.close()
    sys.exit(code)


async def _work(given: Given, settings: Settings) -> None:
    asyncio.get_running_loop().set_exception_handler(say_loop_error)
    line = LineToSupervisor(
        gone=_supervisor_gone, at_once=_at_once, hold=longest_refresh(settings.logto)
    )
    await line.open(socket.socket(fileno=given["channel"]))
    listeners = _sockets(given["listeners"])
    own = listeners[given["number"] - 1]
    gateway = Gateway(settings, sockets=own, company=line)
    serving = Serving(gateway, own, listeners)
    await gateway.start()
    gc.collect()
    gc.freeze()  # what is here now stays: collections need not look at it again
    if given["number"] == 1:  # it is the same for all
        gateway.say_certificate_days()
    gateway.watch_trouble(line.say_trouble)
    line.serve(serving)
    async with asyncio.TaskGroup() as group:
        asking = group.create_task(
            say_whether_logto_answers(gateway.provider_ready, settings.logto.endpoint)
        )
        await line.until_stopped()
        asking.cancel()
    await serving.close()
    await gateway.stop()
    await line.close()


def _sockets(descriptors: list[list[int]]) -> list[list[socket.socket]]:
    """Return a socket for each of the *descriptors*; some are in several lists."""
    all_of_them = {one for its in descriptors for one in its}
    known = {one: socket.socket(fileno=one) for one in all_of_them}
    return [[known[one] for one in its] for its in descriptors]


def _supervisor_gone() -> None:
    """End at once: nobody would say who is out, nor that it is enough."""
    log.error("supervisor_gone", hint="The worker ends; requests are cut.")
    _at_once()


def _at_once() -> None:
    logs.close(LAST_WORDS)
    os._exit(FAILURE)
