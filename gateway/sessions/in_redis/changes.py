"""Hearing what other gateways change, and knowing for certain that nothing is missed.

A ping on the connection that messages come on, and its answer, say that every message
from before the ping was heard.  What is known of sessions is believed for a second
after such a ping; while the connection is away Redis is asked for each request.
"""

import asyncio
import contextlib
from collections.abc import Callable
from typing import NoReturn, Protocol

import structlog

from gateway.sessions.in_redis import scripts
from gateway.sessions.in_redis.condition import Condition, StoreAway
from gateway.sessions.in_redis.messages import Message, open_message
from gateway.sessions.in_redis.places import PROBE, channel
from gateway.sessions.in_redis.records import Records

log = structlog.get_logger("gateway.sessions")

BELIEVED = 1.0  # seconds: nobody is served longer who was revoked elsewhere
AGAIN = 0.1  # seconds between two cancels
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 1.0  # seconds between two tries to reach Redis


class Listener(Protocol):
    """Whoever acts on what is heard."""

    def heard(self, message: Message) -> None:
        """Hear what another gateway says."""
        ...

    async def hears_again(self) -> None:
        """Hear that messages come from now on; what was before may be missed.

        Raises StoreAway.
        """
        ...


class Changes:
    """Listens to the gateways that share *records*.

    *clock* is that of the event loop.
    """

    def __init__(
        self,
        records: Records,
        condition: Condition,
        clock: Callable[[], float],
    ) -> None:
        self._records = records
        self._condition = condition
        self._clock = clock
        self._task: asyncio.Task[NoReturn] | None = None
        self._tried = asyncio.Event()
        self._connections = 0
        self._looked = False  # at what was missed, on this connection
        self._confirmed_at: float | None = None

    def hearing(self) -> int:
        """Return a number for the time since which all was heard; 0 if it is unsure."""
        confirmed = self._confirmed_at
        if confirmed is None or self._clock() >= confirmed + BELIEVED:
            return 0
        return self._connections

    async def start(self, listener: Listener) -> None:
        """Begin, and wait until Redis was reached, or was not."""
        work = self._listen(listener)
        self._task = asyncio.get_running_loop().create_task(work)
        await self._tried.wait()

    async def close(self) -> None:
        """Listen no more."""
        # In Python 3.11 asyncio.wait_for, which redis-py uses, may swallow a cancel.
        while self._task is not None and not self._task.done():
            self._task.cancel()
            await asyncio.wait([self._task], timeout=AGAIN)

    async def _listen(self, listener: Listener) -> NoReturn:
        pause = FIRST_PAUSE
        while True:
            reached = self._connections
            try:
                await self._follow(listener)
            except Exception:
                log.exception("internal_error")  # what is heard must be heard
            self._confirmed_at = None
            self._looked = False
            self._tried.set()
            pause = FIRST_PAUSE if self._connections > reached else pause * 2
            await asyncio.sleep(min(pause, LONGEST_PAUSE))

    async def _follow(self, listener: Listener) -> None:
        """Listen until Redis is lost; meanwhile see to what follows from that."""
        news, over = asyncio.Event(), asyncio.Event()
        async with asyncio.TaskGroup() as group:
            tending = group.create_task(self._tend(listener, news, over))

            def confirmed(at: float) -> None:
                if self._confirmed_at is None:
                    self._connections += 1
                self._confirmed_at = at
                if self._looked:
                    self._condition.answers()
                news.set()

            try:
                await self._records.server.listen(
                    channel(self._records.database),
                    lambda payload: self._hear(payload, listener),
                    confirmed,
                )
            except StoreAway:
                pass
            finally:
                over.set()  # where the cancel is swallowed, too
                tending.cancel()

    async def _tend(
        self, listener: Listener, news: asyncio.Event, over: asyncio.Event
    ) -> None:
        """Once more after each silence, look at what was missed; probe writes."""
        await news.wait()
        while not over.is_set():
            with contextlib.suppress(StoreAway):
                if not self._looked:
                    await listener.hears_again()
                    self._looked = True
                    self._condition.answers()
                    self._tried.set()
                if self._condition.refuses:
                    await self._records.server.write(scripts.PROBE, [PROBE])
            await asyncio.sleep(BELIEVED)

    def _hear(self, payload: bytes, listener: Listener) -> None:
        opened = open_message(self._records.own, payload)
        if opened is not None and opened[0] != self._records.sender:
            listener.heard(opened[1])
