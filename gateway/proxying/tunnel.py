"""A WebSocket after its 101: bytes both ways, until both ends have closed.

Raw bytes keep subprotocols, compression, message sizes and close codes exactly as
they are; a half-close travels as one (RFC 6455 §7.1.1 lets the server close first).
"""

import asyncio
from collections.abc import Callable
from typing import Protocol

from gateway.proxying.breaking_off import break_off
from gateway.proxying.client_request import Receiver
from gateway.proxying.frames import FrameEnds

_HALF_CLOSED = 30.0  # seconds one direction may stay open after the other has ended
_FRAME_END = 0.5  # seconds that the upstream's current frame gets to end
_LAST_WORD = 0.5  # seconds for the client to hear it and say its own


class Connection(Protocol):
    """What can become a tunnel."""

    def become_tunnel(self, receiver: Receiver) -> bytes:
        """Hand everything from now on to *receiver*; return what has come already."""
        ...


class Tunnel:
    """Connects a client's transport with an upstream's."""

    __slots__ = (
        "_done", "_last_word", "_loop", "_timer", "from_client", "from_upstream",
    )  # fmt: skip

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        client: asyncio.Transport,
        upstream: asyncio.Transport,
    ) -> None:
        self._loop = loop
        self._done: asyncio.Future[None] = loop.create_future()
        self._timer: asyncio.TimerHandle | None = None
        self.from_client = End(self, client, upstream)
        self.from_upstream = End(self, upstream, client, FrameEnds())
        self._last_word = b""

    def open(self, upstream: Connection, client: Connection) -> None:
        """Take both connections over, with what has come already."""
        self.from_upstream.data_received(upstream.become_tunnel(self.from_upstream))
        self.from_client.data_received(client.become_tunnel(self.from_client))

    async def run(self) -> None:
        """Wait for the end."""
        try:
            await self._done
        finally:
            self.close()

    def one_ended(self) -> None:
        """Take note that an end will send no more."""
        if self.from_client.ended and self.from_upstream.ended:
            self.close()
        elif self._timer is None:
            self._timer = self._loop.call_later(_HALF_CLOSED, self.close)

    def close(self) -> None:
        """Close both ends; what is on its way still arrives."""
        if self._timer is not None:
            self._timer.cancel()
        self.from_client.source.close()
        self.from_upstream.source.close()
        if not self._done.done():
            self._done.set_result(None)

    def end(self, close_frame: bytes) -> None:
        """Let nothing pass any more, say *close_frame* to the client, and close.

        It is said between two frames of the upstream's (RFC 6455 §5.4); where the
        current one does not end soon, both ends are broken off.  Where the upstream
        has ended, the client was told that nothing follows: it cannot be told more.
        """
        if self._last_word:
            return
        self._last_word = close_frame
        self.from_client.last = _nothing
        if self.from_upstream.ended:
            self.close()
            return
        self.from_upstream.last = self._finish_frame
        self._close_in(_FRAME_END, self.reset)
        self.from_upstream.data_received(b"")

    def _finish_frame(self, data: bytes) -> bytes:
        """Return what is left of the current frame, and the last word behind it."""
        frames = self.from_upstream.frames
        rest = frames.rest(data) if frames is not None else None
        if frames is not None and rest is None:
            frames.feed(data)
            return data
        self.from_upstream.last = _nothing
        self._close_in(_LAST_WORD, self.close)
        return data[:rest] + self._last_word

    def _close_in(self, seconds: float, how: Callable[[], None]) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_later(seconds, how)

    def reset(self) -> None:
        """Break both ends off, as one of them was."""
        break_off(self.from_client.source)
        break_off(self.from_upstream.source)
        self.close()


def _nothing(_data: bytes) -> bytes:
    return b""


class End:
    """What comes from *source* goes to *sink*; *frames* are followed where given.

    *last* changes what comes once the end has begun.
    """

    __slots__ = ("_tunnel", "bytes", "ended", "frames", "last", "sink", "source")

    def __init__(
        self,
        tunnel: Tunnel,
        source: asyncio.Transport,
        sink: asyncio.Transport,
        frames: FrameEnds | None = None,
    ) -> None:
        self.frames = frames
        self.last: Callable[[bytes], bytes] | None = None
        self._tunnel: Tunnel | None = tunnel  # until this end is gone
        self.source = source
        self.sink = sink
        self.bytes = 0
        self.ended = False

    def data_received(self, data: bytes) -> None:
        """Pass *data* on."""
        if self.last is not None:
            data = self.last(data)
        elif self.frames is not None:
            self.frames.feed(data)
        self.bytes += len(data)
        if data and not self.sink.is_closing():
            self.sink.write(data)

    def eof_received(self) -> bool:
        """Pass the end on.  Return whether the source stays open for writing."""
        self.ended = True
        if not self.source.can_write_eof() or not self.sink.can_write_eof():
            return False  # TLS has no half-close: the whole connection ends
        if not self.sink.is_closing():
            self.sink.write_eof()
        if self._tunnel is not None:
            self._tunnel.one_ended()
        return True

    def connection_lost(self, exc: BaseException | None) -> None:
        """End the tunnel as its source ended."""
        self.ended = True
        tunnel, self._tunnel = self._tunnel, None
        if tunnel is None:
            return
        if exc is None:
            tunnel.close()
        else:
            tunnel.reset()

    def pause_writing(self) -> None:
        """Let the other side wait: what comes from here cannot take more."""
        if not self.sink.is_closing():
            self.sink.pause_reading()

    def resume_writing(self) -> None:
        """Let the other side go on."""
        if not self.sink.is_closing():
            self.sink.resume_reading()
