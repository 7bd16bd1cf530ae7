"""One connection to an upstream, with one exchange on it at a time."""

import asyncio
from collections.abc import Callable

from gateway.fields import Field
from gateway.proxying.client_request import Receiver
from gateway.proxying.failure import FailureKind
from gateway.proxying.field_lines import FieldsInvalid
from gateway.proxying.upstream.deadline import Deadline
from gateway.proxying.upstream.response_head import ResponseHead
from gateway.proxying.upstream.response_reader import (
    HeadLimits,
    HeadTooLarge,
    ResponseReader,
)
from gateway.proxying.upstream.upstream_socket import UpstreamSocket

_HIGH_WATER = 256 * 1024  # bytes read ahead of the client


class UpstreamConnection(UpstreamSocket):
    """A connection that the pool keeps.

    The response is buffered up to a mark, then reading pauses until the client has
    taken it (back-pressure).
    """

    __slots__ = (
        "_deadline", "_limits", "_paused", "_payload", "_reader", "_size", "_waiter",
        "idle_since", "received", "used",
    )  # fmt: skip

    def __init__(self, loop: asyncio.AbstractEventLoop, limits: HeadLimits) -> None:
        super().__init__(loop)
        self._limits = limits
        self._reader: ResponseReader | None = None
        self._payload: list[bytes] = []
        self._size = 0
        self._paused = False
        self._waiter: asyncio.Future[None] | None = None
        self._deadline = Deadline(loop, self._too_late)
        self.idle_since = 0.0  # loop time
        self.used = False  # carried an exchange before
        self.received = False  # a byte of the current response has come

    def begin(
        self, method: str, on_interim: Callable[[ResponseHead], None], *, upgrade: bool
    ) -> None:
        """Make ready for the response to a request with *method*."""
        self._reader = ResponseReader(method, self._limits, on_interim, upgrade=upgrade)
        self.received = False

    def expect_head_within(self, seconds: float) -> None:
        """Fail the exchange if the response head is not there in *seconds*."""
        if self._reader is not None and self._reader.head is None:
            self._deadline.set(seconds)

    async def head(self) -> ResponseHead:
        """Return the response head.  Raises Broken."""
        reader = self._current()
        while reader.head is None:
            if self._failure is not None:
                raise self._failure
            await self._wait()
        return reader.head

    async def read(self) -> bytes:
        """Return what has come of the body, b"" at its end.  Raises Broken."""
        reader = self._current()
        while not self._payload:
            if reader.complete:
                return b""
            if self._failure is not None:
                raise self._failure
            await self._wait()
        return self.read_nowait()

    def read_nowait(self) -> bytes:
        """Return what has come of the body so far."""
        payload = self._payload
        if not payload:
            return b""
        data = payload[0] if len(payload) == 1 else b"".join(payload)
        payload.clear()
        self._size = 0
        self._resume()
        return data

    @property
    def complete(self) -> bool:
        """Whether the whole response has come."""
        return self._reader is not None and self._reader.complete

    @property
    def trailers(self) -> list[Field]:
        """The trailer fields of the response."""
        return self._current().trailers

    def finish(self) -> bool:
        """End the exchange.  Return whether the connection can carry another."""
        reader, self._reader = self._reader, None
        self._deadline.clear()
        self.used = True
        return (
            reader is not None
            and reader.complete
            and not reader.extra
            and not self._payload
            and reader.head is not None
            and reader.head.keep_alive
            and self.is_open
        )

    def become_tunnel(self, receiver: Receiver) -> bytes:
        """Hand everything from now on to *receiver*; return what has come already."""
        reader = self._current()
        self._tunnel = receiver
        self._deadline.close()
        early, reader.extra = reader.extra, b""
        self._resume()
        return early

    def fail(self, kind: FailureKind, detail: str) -> None:
        """End the exchange because of *kind*, and the connection with it."""
        super().fail(kind, detail)
        self._wake()

    def data_received(self, data: bytes) -> None:
        """Read *data* as part of the response that is due."""
        if self._tunnel is not None:
            self._tunnel.data_received(data)
            return
        reader = self._reader
        if reader is None:  # nobody asked
            self.abort()
            return
        self.received = True
        try:
            payload = reader.feed(data)
        except HeadTooLarge as error:
            self.fail(FailureKind.TOO_LARGE, str(error))
        except FieldsInvalid as error:
            self.fail(FailureKind.INVALID, str(error))
        else:
            self._take(reader, payload)

    def _take(self, reader: ResponseReader, payload: bytes) -> None:
        if payload:
            self._payload.append(payload)
            self._size += len(payload)
        if self._size + len(reader.extra) > _HIGH_WATER:
            self._pause()
        if reader.head is not None:
            self._deadline.clear()
            self._wake()

    def eof_received(self) -> bool:
        """Take note that the upstream sends no more."""
        if self._tunnel is not None:
            return self._tunnel.eof_received()
        if self._reader is not None:
            self._reader.feed_eof()
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell whoever waits that nothing more comes or goes."""
        self._deadline.close()
        super().connection_lost(exc)
        self._wake()

    def _current(self) -> ResponseReader:
        if self._reader is None:
            raise RuntimeError("no exchange is under way")
        return self._reader

    def _pause(self) -> None:
        if not self._paused and self.transport is not None:
            self._paused = True
            self.transport.pause_reading()

    def _resume(self) -> None:
        if self._paused:
            self._paused = False
            if self.is_open and self.transport is not None:
                self.transport.resume_reading()

    async def _wait(self) -> None:
        self._waiter = self._loop.create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _too_late(self) -> None:
        self.fail(FailureKind.TIMEOUT, "no response head in time")
