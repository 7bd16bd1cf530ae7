"""One connection to an upstream, with one exchange on it at a time."""

import asyncio

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
    """A connection that the pool keeps; ``response`` reads what comes of it.

    A response is buffered up to a mark, then reading pauses until the client has
    taken it (back-pressure).
    """

    __slots__ = (
        "_deadline", "_paused", "_payload", "_size", "_waiter", "idle_since",
        "response", "used",
    )  # fmt: skip

    def __init__(self, loop: asyncio.AbstractEventLoop, limits: HeadLimits) -> None:
        super().__init__(loop)
        self.response = ResponseReader(limits)
        self._payload: list[bytes] = []
        self._size = 0
        self._paused = False
        self._waiter: asyncio.Future[ResponseHead] | None = None
        self._deadline = Deadline(loop, self._too_late)
        self.idle_since = 0.0  # loop time
        self.used = False  # carried an exchange before

    def ask(self, request: bytes, seconds: float) -> asyncio.Future[ResponseHead]:
        """Send a whole *request*, the response to which is due in *seconds*.

        Return what will be the response's head; to await it raises Broken.
        """
        if self.transport is not None:
            self.transport.write(request)
        self._deadline.set(seconds)
        waiter = self._waiter = self._loop.create_future()
        if self._failure is not None:
            self._wake()
        return waiter

    def expect_head_within(self, seconds: float) -> None:
        """Fail the exchange if the response head is not there in *seconds*."""
        if self.response.is_due and self.response.head is None:
            self._deadline.set(seconds)

    def head(self) -> asyncio.Future[ResponseHead]:
        """Return what will be the response head; to await it raises Broken."""
        waiter = self._waiter = self._loop.create_future()
        if self.response.head is not None or self._failure is not None:
            self._wake()
        return waiter

    async def read(self) -> bytes:
        """Return what has come of the body, b"" at its end.  Raises Broken."""
        while not self._payload and not self.response.complete:
            if self._failure is not None:
                raise self._failure.again()
            waiter = self._waiter = self._loop.create_future()
            await waiter
        return self.read_nowait()

    def read_nowait(self) -> bytes:
        """Return what has come of the body so far."""
        data = b"".join(self._payload)  # one piece is not copied
        self._payload.clear()
        self._size = 0
        if self._paused:
            self._resume()
        return data

    def finish(self) -> bool:
        """End the exchange.  Return whether the connection can carry another."""
        self.used = True
        return self.response.end() and not self._payload and self._failure is None

    def become_tunnel(self, receiver: Receiver) -> bytes:
        """Hand everything from now on to *receiver*; return what has come already."""
        self._tunnel = receiver
        self._deadline.close()
        early, self.response.extra = self.response.extra, b""
        self.response.end()
        self._resume()
        return early

    def fail(self, kind: FailureKind, detail: str) -> None:
        """End the exchange because of *kind*, and the connection with it."""
        super().fail(kind, detail)
        self._wake()

    def data_received(self, data: bytes) -> None:
        """Read *data* as part of the response that is due."""
        response = self.response
        if not response.is_due:
            self._take_unasked(data)
            return
        try:
            payload = response.feed(data)
        except FieldsInvalid as error:
            too_large = isinstance(error, HeadTooLarge)
            kind = FailureKind.TOO_LARGE if too_large else FailureKind.INVALID
            self.fail(kind, str(error))
            return
        if payload:
            self._payload.append(payload)
            self._size += len(payload)
        if self._waiter is None:
            if self._size + len(response.extra) > _HIGH_WATER:
                self._pause()
        elif response.head is not None:
            self._deadline.at = None
            self._wake()

    def _take_unasked(self, data: bytes) -> None:
        if self._tunnel is not None:
            self._tunnel.data_received(data)
        else:
            self.abort()

    def eof_received(self) -> bool:
        """Take note that the upstream sends no more."""
        if self._tunnel is not None:
            return self._tunnel.eof_received()
        self.response.feed_eof()
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell whoever waits that nothing more comes or goes."""
        self._deadline.close()
        super().connection_lost(exc)
        self._wake()

    def _pause(self) -> None:
        if not self._paused and self.transport is not None:
            self._paused = True
            self.transport.pause_reading()

    def _resume(self) -> None:
        if self._paused:
            self._paused = False
            if self.is_open and self.transport is not None:
                self.transport.resume_reading()

    def _wake(self) -> None:
        """Give who waits the response's head, or say why there is none."""
        waiter, self._waiter = self._waiter, None
        if waiter is None or waiter.done():
            return
        head = self.response.head
        if head is not None:
            waiter.set_result(head)
        elif self._failure is not None:
            waiter.set_exception(self._failure.again())

    def _too_late(self) -> None:
        self.fail(FailureKind.TIMEOUT, "no response head in time")
