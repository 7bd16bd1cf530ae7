"""Keeps connections to one upstream: the freshest first, never too many."""

import asyncio
import contextlib
from collections import OrderedDict, deque

from gateway.proxying.failure import Broken, FailureKind
from gateway.proxying.upstream.connection import UpstreamConnection
from gateway.proxying.upstream.dial import Dialler
from gateway.proxying.upstream.upstream_socket import UpstreamSocket

FRESH = 2.0  # seconds; what upstreams close after less than that, they close at once

Waiter = asyncio.Future["UpstreamConnection | None"]  # None: one may be opened


class Pool:
    """The connections to one upstream.

    At most *limit* are open at a time; an idle one is closed after *idle_timeout*
    seconds.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        *,
        limit: int,
        idle_timeout: float = 30.0,
    ) -> None:
        self._loop = loop
        self._limit = limit
        self._idle_timeout = idle_timeout
        self._idle: deque[UpstreamConnection] = deque()  # the freshest at the right
        self._open = 0
        self._waiting: OrderedDict[Waiter, None] = OrderedDict()
        self._sweep: asyncio.TimerHandle | None = None
        self._closed = False

    @property
    def open(self) -> int:
        """How many connections are open or being opened."""
        return self._open

    @property
    def waiting(self) -> int:
        """How many wait for a connection."""
        return len(self._waiting)

    def idle(self, youngest: float | None) -> UpstreamConnection | None:
        """Return an idle connection, None where there is none.

        With *youngest* it has been idle for less than so many seconds.
        """
        idle = self._idle
        while idle:
            connection = idle.pop()
            transport = connection.transport
            if transport is None or transport.is_closing():
                continue
            if youngest is None:
                return connection
            if self._loop.time() - connection.idle_since < youngest:
                return connection
            idle.append(connection)
            return None
        return None

    async def connect(self, dialler: Dialler, seconds: float) -> UpstreamConnection:
        """Return a connection, a new one or one that just became free.

        Raises Broken: BUSY when *limit* are in use for *seconds*, or as the dialler.
        """
        while self._open >= self._limit:
            if self._idle:
                self._idle.popleft().abort()
                break
            freed = await self._wait(seconds)
            if freed is not None and freed.is_open:
                return freed
        self._open += 1
        try:
            connection = await dialler.dial(seconds)
        except BaseException:
            self._freed()
            raise
        connection.belong_to(self.lost)
        return connection

    def give_back(self, connection: UpstreamConnection) -> None:
        """Take back *connection* after an exchange, to be used again."""
        if connection.transport is None or self._closed:
            connection.abort()
            return
        connection.idle_since = self._loop.time()
        while self._waiting and connection.is_open:
            waiter, _ = self._waiting.popitem(last=False)
            if not waiter.done():
                waiter.set_result(connection)
                return
        self._idle.append(connection)  # one that is closing is not found there
        if self._sweep is None:
            self._sweep = self._loop.call_later(self._idle_timeout, self._sweep_idle)

    def lost(self, connection: UpstreamSocket) -> None:
        """Take note that *connection* is gone."""
        with contextlib.suppress(ValueError):
            self._idle.remove(connection)  # type: ignore[arg-type]
        self._freed()

    def close(self) -> None:
        """Close what is idle; what is in use closes when it comes back."""
        self._closed = True
        if self._sweep is not None:
            self._sweep.cancel()
        for connection in list(self._idle):
            connection.abort()
        self._idle.clear()

    async def _wait(self, seconds: float) -> UpstreamConnection | None:
        waiter: Waiter = self._loop.create_future()
        self._waiting[waiter] = None
        try:
            async with asyncio.timeout(seconds):
                return await waiter
        except TimeoutError:
            if waiter.done() and not waiter.cancelled():
                return waiter.result()  # it came in the turn that ended the wait
            detail = f"all {self._limit} connections are in use"
            raise Broken(FailureKind.BUSY, detail) from None
        except asyncio.CancelledError:
            if waiter.done() and not waiter.cancelled():
                self._pass_on(waiter.result())
            raise
        finally:
            self._waiting.pop(waiter, None)

    def _pass_on(self, connection: UpstreamConnection | None) -> None:
        """Give what a waiter got, but cannot use, to the next."""
        if connection is not None:
            self.give_back(connection)
        else:
            self._wake_one()

    def _freed(self) -> None:
        self._open -= 1
        self._wake_one()

    def _wake_one(self) -> None:
        while self._waiting and self._open < self._limit:
            waiter, _ = self._waiting.popitem(last=False)
            if not waiter.done():
                waiter.set_result(None)
                return

    def _sweep_idle(self) -> None:
        self._sweep = None
        oldest = self._loop.time() - self._idle_timeout
        while self._idle and self._idle[0].idle_since <= oldest:
            self._idle.popleft().abort()
        if self._idle:
            due = self._idle[0].idle_since + self._idle_timeout
            self._sweep = self._loop.call_at(due, self._sweep_idle)
