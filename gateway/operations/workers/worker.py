"""One worker's process, from its start to its end."""

import asyncio
import json
import pickle
import socket
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from config.settings import Settings
from gateway.operations.workers.channel import Channel
from gateway.operations.workers.figures import Family
from gateway.operations.workers.messages import (
    AskFigures,
    AskPulse,
    Done,
    Figures,
    FromSupervisor,
    FromWorker,
    Order,
    Pulse,
    Ready,
    Trouble,
)
from gateway.operations.workers.questions import Questions, Unanswered
from gateway.operations.workers.writing import from_worker
from gateway.sessions.revocations import Whose

LAST_WORDS = 3.0  # seconds to end for one that says nothing any more
HAND_OVER = 30.0  # seconds to take its settings
ORDER = 12.0  # seconds for an order of the operator's to reach all workers
# With the import path of the supervisor, and nothing of the folder it was started in.
_PROGRAM = (
    "import json, sys; given = json.loads(sys.argv[1]); sys.path[:] = given['path']; "
    "from gateway.worker import main; main(given)"
)

Heard = Callable[["Worker", FromWorker], None]


@dataclass(frozen=True, slots=True)
class Given:
    """What the worker *number*, counted from 1, is given.

    *listeners* are those of each worker, its own among them; *log_lock* is the
    descriptor that is locked by whoever writes to the log.
    """

    number: int
    settings: Settings = field(repr=False)
    listeners: Sequence[Sequence[socket.socket]]
    log_lock: int


class Worker:
    """A process that serves, and the channel to it."""

    def __init__(self, number: int, member: int, heard: Heard) -> None:
        self.number = number
        self.member = member
        self.trouble = ""  # why people cannot be served there, in its words
        self._heard = heard
        self._figures: Questions[tuple[Family, ...]] = Questions()
        self._orders: Questions[bool] = Questions()
        self._pulses: Questions[None] = Questions()
        self._channel: Channel[FromWorker] | None = None
        self._process: asyncio.subprocess.Process | None = None
        loop = asyncio.get_running_loop()
        self._ready: asyncio.Future[bool] = loop.create_future()
        self._silent: asyncio.Future[None] = loop.create_future()

    @classmethod
    async def start(cls, given: Given, member: int, heard: Heard) -> "Worker":
        """Return a worker that has begun to start; *heard* takes in what it says.

        Raises OSError where no process can be made.
        """
        worker = cls(given.number, member, heard)
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                process = await _process(given, theirs.fileno())
            except BaseException:
                ours.close()
                raise
        worker._process = process
        worker._channel = await Channel.over(
            ours,
            from_worker,
            worker._take_in,
            worker._lost,
        )
        try:
            async with asyncio.timeout(HAND_OVER):
                await _hand_over(process, given.settings)
        except TimeoutError:
            worker.kill()
        return worker

    @property
    def pid(self) -> int:
        """The number that the system gave the process."""
        return 0 if self._process is None else self._process.pid

    @property
    def is_ready(self) -> bool:
        """Whether it accepts connections."""
        return self._ready.done() and self._ready.result() and self.is_heard

    @property
    def is_heard(self) -> bool:
        """Whether it may still say something."""
        return not self._silent.done()

    async def ready(self, seconds: float) -> bool:
        """Wait *seconds* at the most until it is ready, and return whether it is."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                return await asyncio.shield(self._ready)
        return False

    async def ended(self) -> int:
        """Wait for its end, and return the exit code, negative for a signal."""
        code = -1 if self._process is None else await self._process.wait()
        with suppress(TimeoutError):  # what it said last is still to be heard
            async with asyncio.timeout(LAST_WORDS):
                await asyncio.shield(self._silent)
        self._lost()
        return code

    def send(self, message: FromSupervisor) -> None:
        """Tell it *message*."""
        if self._channel is not None:
            self._channel.send(message)

    async def lives(self, seconds: float) -> bool:
        """Return whether it answers within *seconds*."""
        try:
            await self._pulses.ask(lambda ask: self.send(AskPulse(ask)), seconds)
        except Unanswered:
            return False
        return True

    async def figures(self, seconds: float) -> tuple[Family, ...]:
        """Return its metrics.  Raises Unanswered after *seconds*."""
        return await self._figures.ask(lambda ask: self.send(AskFigures(ask)), seconds)

    async def order(self, whose: Whose, value: str) -> bool:
        """Have it revoke sessions, and return whether that is kept.

        Raises Unanswered.
        """
        return await self._orders.ask(
            lambda ask: self.send(Order(ask, whose, value)), ORDER
        )

    def kill(self) -> None:
        """End it, whatever it does."""
        if self._process is not None and self._process.returncode is None:
            with suppress(ProcessLookupError):
                self._process.kill()

    def _take_in(self, message: FromWorker) -> None:
        match message:
            case Ready():
                if not self._ready.done():
                    self._ready.set_result(True)
            case Trouble(reason):
                self.trouble = reason
            case Pulse(ask):
                self._pulses.answered(ask, None)
            case Figures(ask, families):
                self._figures.answered(ask, families)
            case Done(ask, kept):
                self._orders.answered(ask, kept)
            case _:
                pass
        self._heard(self, message)

    def _lost(self) -> None:
        """Hear that it says nothing any more: it is ending, or has to."""
        if self._silent.done():
            return
        self._silent.set_result(None)
        if not self._ready.done():
            self._ready.set_result(False)
        self._figures.close()
        self._orders.close()
        self._pulses.close()
        if self._channel is not None:
            self._channel.close()
        asyncio.get_running_loop().call_later(LAST_WORDS, self.kill)


async def _process(given: Given, channel: int) -> asyncio.subprocess.Process:
    listeners = [[one.fileno() for one in its] for its in given.listeners]
    told = {
        "path": sys.path,
        "number": given.number,
        "channel": channel,
        "listeners": listeners,
        "log_lock": given.log_lock,
    }
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-P",
        "-c",
        _PROGRAM,
        json.dumps(told),
        stdin=asyncio.subprocess.PIPE,
        pass_fds=sorted(
            {channel, given.log_lock, *(d for its in listeners for d in its)}
        ),
        start_new_session=True,  # Ctrl-C is for the supervisor, which tells the workers
    )


async def _hand_over(process: asyncio.subprocess.Process, settings: Settings) -> None:
    """Give *process* the *settings*: the file may have changed since they were read."""
    if process.stdin is None:
        return
    # It ended at once: its exit code says so. RuntimeError is uvloop's word for that.
    with suppress(ConnectionError, RuntimeError):
        process.stdin.write(pickle.dumps(settings))
        await process.stdin.drain()
        process.stdin.close()
        await process.stdin.wait_closed()
