"""The socket of an upstream's connection: flow control, breaking off, tunnels."""

import asyncio
from collections.abc import Callable
from typing import cast

from gateway.proxying.client_request import Receiver
from gateway.proxying.failure import Broken, FailureKind


class UpstreamSocket(asyncio.Protocol):
    """What can be done with a connection, whatever it carries."""

    __slots__ = ("_drained", "_failure", "_loop", "_on_lost", "_tunnel", "transport")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._on_lost: Callable[[UpstreamSocket], None] | None = None
        self._drained: asyncio.Future[None] | None = None
        self._failure: Broken | None = None
        self._tunnel: Receiver | None = None
        self.transport: asyncio.Transport | None = None

    @property
    def is_open(self) -> bool:
        """Whether it can be written to."""
        return self.transport is not None and not self.transport.is_closing()

    @property
    def is_congested(self) -> bool:
        """Whether the upstream takes less than it is sent."""
        return self._drained is not None

    def belong_to(self, on_lost: Callable[["UpstreamSocket"], None]) -> None:
        """Let *on_lost* be called once, when this connection is gone."""
        self._on_lost = on_lost
        if self.transport is None:
            on_lost(self)

    def write(self, data: bytes) -> None:
        """Send *data*; that a connection is gone is noticed when reading."""
        if self.transport is not None:
            self.transport.write(data)

    async def drain(self, seconds: float) -> None:
        """Wait until the upstream takes more.

        Raises Broken when it is gone, or takes nothing for *seconds*.
        """
        drained = self._drained
        if drained is not None:
            try:
                async with asyncio.timeout(seconds):
                    await drained
            except TimeoutError:
                self.fail(FailureKind.TIMEOUT, "the request was not taken in time")
        if self._failure is not None:
            raise self._failure.again()

    def fail(self, kind: FailureKind, detail: str) -> None:
        """End the exchange because of *kind*, and the connection with it."""
        if self._failure is None:
            self._failure = Broken(kind, detail)
        self.abort()

    def abort(self) -> None:
        """Close at once, whatever is under way."""
        if self._failure is None:
            self._failure = Broken(FailureKind.CUT, "closed")
        if self.transport is not None:
            self.transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self.transport = cast(asyncio.Transport, transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell whoever waits that nothing more comes or goes."""
        self.transport = None
        if self._failure is None:
            self._failure = Broken(FailureKind.CUT, str(exc or "closed"))
        self.resume_writing()
        if self._tunnel is not None:
            self._tunnel.connection_lost(exc)
        if self._on_lost is not None:
            self._on_lost(self)

    def pause_writing(self) -> None:
        """Take note that the upstream takes no more for now."""
        if self._tunnel is not None:
            self._tunnel.pause_writing()
        elif self._drained is None:
            self._drained = self._loop.create_future()

    def resume_writing(self) -> None:
        """Take note that the upstream takes more again."""
        if self._tunnel is not None:
            self._tunnel.resume_writing()
        drained, self._drained = self._drained, None
        if drained is not None and not drained.done():
            drained.set_result(None)
