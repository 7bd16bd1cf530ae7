"""The socket of a client's connection: flow control, breaking off, tunnels.

One of three modules that touch aiohttp's private attributes; see
:mod:`gateway.proxying.client`.
"""

import asyncio
import contextlib
from collections import deque
from email.utils import formatdate
from typing import Any, cast

from aiohttp.web_protocol import RequestHandler

from gateway.fields import Fields
from gateway.proxying.breaking_off import break_off
from gateway.proxying.client_request import ClientRequest, Receiver
from gateway.proxying.doorkeeper import Doorkeeper, has_left, peer_of
from gateway.proxying.plain_answer import plain_answer
from gateway.proxying.request_head import RequestRefused
from gateway.proxying.stalled_answer import SendWatch

_NO_MESSAGES: deque[Any] = deque()  # an empty one of its own takes 760 bytes
_LINGER = 2.0  # seconds to read on behind an answer that came before the body's end
_LINGER_BYTES = 4 * 1024 * 1024


class ClientSocket(RequestHandler):
    """What an exchange may do with a client's connection, and what the socket tells."""

    __slots__ = (
        "_doorkeeper", "_send_watch", "_tunnel", "discarded", "has_sent",
        "is_introduced", "is_lingering", "peer", "send_timeout", "times_caught_up",
    )  # fmt: skip

    _doorkeeper: Doorkeeper
    _send_watch: SendWatch | None  # once something has waited for the client
    _tunnel: Receiver | None
    has_sent: bool  # something of the answer to the current request
    discarded: int  # bytes that came while lingering
    is_lingering: bool  # the last answer is sent
    is_introduced: bool  # the doorkeeper has seen its first request
    peer: str | None  # the address at the other end; None for a Unix socket
    send_timeout: float  # seconds that the client may take nothing of what waits
    times_caught_up: int  # how often it took what was waiting

    def forget_parser(self) -> None:
        """Let go of what aiohttp's own parser needs, ours does not."""
        self._parser = None
        self._messages = _NO_MESSAGES

    # What an exchange may do.

    @property
    def is_closing(self) -> bool:
        """Whether no further request will be served."""
        return self._close or self._force_close

    @property
    def is_congested(self) -> bool:
        """Whether the client takes less than it is sent."""
        return self._paused

    @property
    def is_idle(self) -> bool:
        """Whether no request is being served."""
        return self._current_request is None

    @property
    def is_held_back(self) -> bool:
        """Whether we do not read what the client sends."""
        return self._reading_paused

    def send(self, data: bytes) -> None:
        """Send *data*.  Raises ConnectionResetError when the client is gone."""
        if self.transport is None:
            raise ConnectionResetError("the client is gone")
        self.has_sent = True
        self.transport.write(data)

    async def drain(self) -> None:
        """Wait until the client takes more.  Raises ConnectionError when it is gone."""
        if self._paused:
            await self._drain_helper()

    def abort(self) -> None:
        """Break the connection off so that the client cannot take it for an end."""
        if self.transport is not None:
            self._force_close = True
            break_off(self.transport)

    def become_tunnel(self, receiver: Receiver) -> bytes:
        """Hand everything from now on to *receiver*; return what has come already."""
        self._tunnel = receiver
        if self._keepalive_handle is not None:
            self._keepalive_handle.cancel()  # it is never idle from now on
            self._keepalive_handle = None
        self.resume_reading()
        return self.take_rest()

    def restart_keep_alive(self) -> None:
        """Let the connection be idle for its time from now on."""
        self._next_keepalive_close_time = self._loop.time() + self._keepalive_timeout
        if self._keepalive_handle is None:
            self._keepalive_handle = self._loop.call_at(
                self._next_keepalive_close_time, self._process_keepalive
            )

    def close(self) -> None:
        """Serve what is under way, and nothing after it."""
        self._close = True
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    async def refuse(self, refused: RequestRefused) -> bool:
        """Answer what *refused* says, and nothing after it; False."""
        date = formatdate(usegmt=True).encode("ascii")
        self.send(plain_answer(refused.status, str(refused), date))
        return await self.linger()

    async def linger(self) -> bool:
        """Read on for a while, so that no reset destroys the answer (RFC 9112 §9.6)."""
        transport = self.transport
        if transport is not None and not transport.is_closing():
            self.is_lingering = True
            self.resume_reading()
            if transport.can_write_eof():
                with contextlib.suppress(OSError):  # reset, which nobody noticed yet
                    transport.write_eof()
            await asyncio.sleep(_LINGER)
        return False

    def discard(self, data: bytes) -> None:
        """Take *data* that came while lingering; too much of it ends that."""
        self.discarded += len(data)
        if self.discarded > _LINGER_BYTES and self.transport is not None:
            self.transport.close()

    # What the doorkeeper is told.

    def introduce(self, fields: Fields) -> None:
        """Show *fields*, of the first request."""
        self.is_introduced = True
        self._doorkeeper.introduced(self, self.peer, fields)

    def watch_sending(self) -> None:
        """Give the client up where it takes nothing of what waits for it."""
        transport = self.transport
        if transport is None or not (self._paused or transport.get_write_buffer_size()):
            return
        if self._send_watch is None:
            self._send_watch = SendWatch(self, self.send_timeout, self._takes_nothing)
        self._send_watch.begin()

    def _takes_nothing(self) -> None:
        request = self._current_request
        if isinstance(request, ClientRequest):
            request.record.ended = "limited"
        self.tell_limit("send_timeout")
        self.abort()

    def tell_limit(self, limit: str) -> None:
        """Say that the client met *limit*."""
        self._doorkeeper.limited(limit, self.peer)

    # What the socket tells.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to serve, where there is a place for one more."""
        peer = self.peer = peer_of(transport)
        if not has_left(transport, peer) and self._doorkeeper.opened(self, peer):
            super().connection_made(transport)
        else:  # without a task, a timer or an answer: it costs us least
            self._force_close = True
            cast("asyncio.Transport", transport).abort()

    def take_rest(self) -> bytes:
        """Return what waits behind the current request; for the subclass to say."""
        raise NotImplementedError

    def eof_received(self) -> bool | None:  # type: ignore[override]
        """Close, unless a tunnel goes on in the other direction."""
        return self._tunnel.eof_received() if self._tunnel is not None else None

    def force_close(self) -> None:
        """Close once what waits is sent, where that ever comes."""
        super().force_close()
        self.watch_sending()

    def connection_lost(self, exc: BaseException | None) -> None:
        """Stop whatever was under way for this client."""
        if self._tunnel is not None:
            self._tunnel.connection_lost(exc)
        self._doorkeeper.closed(self)
        super().connection_lost(exc)
        if self._send_watch is not None:
            self._send_watch.end()

    def pause_writing(self) -> None:
        """Take note that the client is slow."""
        super().pause_writing()
        self.watch_sending()
        if self._tunnel is not None:
            self._tunnel.pause_writing()

    def resume_writing(self) -> None:
        """Take note that the client has caught up."""
        super().resume_writing()
        self.times_caught_up += 1
        if self._tunnel is not None:
            self._tunnel.resume_writing()

    def pause_reading(self) -> None:
        """Let the client wait (back-pressure)."""
        if not self._reading_paused and self.transport is not None:
            self._reading_paused = True
            if not self.transport.is_closing():
                self.transport.pause_reading()

    def resume_reading(self, resume_parser: bool = True) -> None:  # noqa: ARG002, FBT001, FBT002
        """Let the client go on."""
        if self._reading_paused:
            self._reading_paused = False
            if self.transport is not None and not self.transport.is_closing():
                self.transport.resume_reading()
