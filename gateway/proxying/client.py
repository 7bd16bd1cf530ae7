"""The client's side: aiohttp's low-level server, with a strict parser of our own.

With client_socket.py and client_request.py the only modules that touch aiohttp's
private attributes (hence aiohttp < 3.15, and the contract tests).  From aiohttp come
the server, the life of a connection, and the writing of our own pages.  The reading of
requests is ours: aiohttp's parser takes what smuggling needs (``Transfer-Encoding:
gzip, chunked``, chunk extensions, trailers that become fields of the next request),
knows a fixed list of methods, and builds a URL and two multidicts for each request.
"""

import asyncio
from collections.abc import Awaitable, Callable
from email.utils import formatdate
from functools import partial

from aiohttp import web

from gateway.proxying.client_request import ClientRequest
from gateway.proxying.client_socket import ClientSocket
from gateway.proxying.doorkeeper import Doorkeeper, OpenDoor
from gateway.proxying.known_heads import KnownHeads
from gateway.proxying.plain_answer import plain_answer
from gateway.proxying.relayed import Relayed
from gateway.proxying.request_head import RequestHead, RequestRefused
from gateway.proxying.request_reader import ClientLimits, RequestReader
from gateway.proxying.stalled_body import watch_body

__all__ = ["ClientConnection", "ClientLimits", "ClientRequest", "GatewayServer"]

Handler = Callable[[ClientRequest], Awaitable[web.StreamResponse]]
OnRefused = Callable[[int, str, str], None]

_READ_AHEAD = 64 * 1024  # bytes of pipelined requests that wait their turn


class GatewayServer(web.Server):
    """Makes a ClientConnection for each connection of a listener.

    *on_refused* is told status, reason and peer of what never became a request,
    *doorkeeper* of connections, some of which it refuses.
    """

    def __init__(
        self,
        handler: Handler,
        limits: ClientLimits,
        on_refused: OnRefused = lambda _status, _reason, _peer: None,
        doorkeeper: Doorkeeper | None = None,
    ) -> None:
        super().__init__(handler, handler_cancellation=True)  # type: ignore[arg-type]
        self._limits = limits
        self.heads = KnownHeads(limits.head_count, limits.path_length)
        self.on_refused = on_refused
        self.doorkeeper = doorkeeper or OpenDoor()

    def __call__(self) -> "ClientConnection":
        """Return the protocol of a new connection."""
        return ClientConnection(self, self._loop, self._limits)


class ClientConnection(ClientSocket):
    """One connection of a client: its requests, one after the other."""

    __slots__ = (
        "_handler", "_head", "_head_timer", "_limits", "_on_refused", "_reader"
    )  # fmt: skip

    def __init__(
        self,
        server: GatewayServer,
        loop: asyncio.AbstractEventLoop,
        limits: ClientLimits,
    ) -> None:
        super().__init__(
            server,
            loop=loop,
            keepalive_timeout=limits.keep_alive,
            access_log=None,  # type: ignore[arg-type]
        )
        self.forget_parser()
        self._limits = limits
        self._handler: Handler = server.request_handler
        self._on_refused = server.on_refused
        self._doorkeeper = server.doorkeeper
        self.is_introduced = False
        self._reader = RequestReader(loop, server.heads, limits.head_size)
        self._head: RequestHead | RequestRefused | None = None
        self._head_timer: asyncio.TimerHandle | None = None
        self._tunnel = None
        self._send_watch = None
        self.send_timeout = limits.send_timeout
        self.times_caught_up = 0
        self.has_sent = False
        self.is_lingering = False
        self.discarded = 0

    @property
    def waiting(self) -> int:
        """How many bytes wait behind the current request."""
        return self._reader.waiting

    def close(self) -> None:
        """Serve what is under way, and nothing after it."""
        self._close = True
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def connection_lost(self, exc: BaseException | None) -> None:
        """Stop whatever was under way for this client."""
        if self._head_timer is not None:
            self._head_timer.cancel()
        super().connection_lost(exc)

    def take(self, data: bytes) -> None:
        """Take *data* that belongs to a request."""
        if self.is_lingering:
            self.discard(data)
            return
        self._reader.feed(data)
        if self._waiter is not None and not self._waiter.done():
            self._look_for_head()
        elif self._reader.waiting >= _READ_AHEAD:
            self.pause_reading()

    def take_rest(self) -> bytes:
        """Return what waits behind the current request, and forget it."""
        return self._reader.take_rest()

    async def start(self) -> None:
        """Serve this connection to its end."""
        try:
            while not self.is_closing:
                head = await self._next_head()
                if head is None or not await self._serve(head):
                    break
        except ConnectionError:
            pass  # the client left; nobody is there to tell
        finally:
            if not self._force_close:
                self._task_handler = None
                if self.transport is not None:
                    self.transport.close()
                    self.watch_sending()

    async def _next_head(self) -> RequestHead | RequestRefused | None:
        self._head = None
        found = self._look_for_head()
        if not found or self._reader.waiting < _READ_AHEAD:
            self.resume_reading()  # its body, or the end, has not come yet
        if not found:
            self._waiter = self._loop.create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None
        return self._head

    def _look_for_head(self) -> bool:
        reader = self._reader
        try:
            head = reader.read_head(self)
        except RequestRefused as refused:
            self._found(refused)
            return True
        if head is not None:
            self._found(head)
            return True
        if self._head_timer is None and reader.waiting:
            self._head_timer = self._loop.call_later(
                self._limits.head_timeout, self._head_too_slow
            )
        return False

    def _found(self, head: RequestHead | RequestRefused) -> None:
        self._head = head
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _head_too_slow(self) -> None:
        reason = "the request's head took too long"
        self._found(RequestRefused(408, reason, limit="head_timeout"))

    async def _serve(self, head: RequestHead | RequestRefused) -> bool:
        """Answer one request.  Return whether another may follow."""
        if isinstance(head, RequestRefused):
            return await self._turn_away(head)
        request = self._request(head)
        try:
            keep = await self._answer(request)
        except RequestRefused as refused:
            return await self._refuse(refused)
        except (ConnectionError, asyncio.CancelledError):
            raise
        except Exception:  # noqa: BLE001 - the last one who can answer
            self.log_exception("an exception nobody handled")
            return await self._fail(request)
        if not self._reader.body_complete:
            return await self.linger()
        if not keep or (head.wants_upgrade and self._reader.waiting):
            return False  # what follows a handshake is no request (attack 50)
        await self.drain()  # who reads no answer gets no other: they would pile up
        self.restart_keep_alive()
        return True

    async def _turn_away(self, refused: RequestRefused) -> bool:
        self._on_refused(refused.status, str(refused), self.peer or "unknown")
        if refused.limit:
            self.tell_limit(refused.limit)
        return await self._refuse(refused)

    def _request(self, head: RequestHead) -> ClientRequest:
        if not self.is_introduced:
            self.introduce(head.fields)
        body = self._reader.body
        if body is not None and not body.complete:
            stalled = partial(self.tell_limit, "body_timeout")
            watch_body(body, self, self._limits.body_timeout, stalled)
        return ClientRequest(head, body, self, self._loop)

    async def _answer(self, request: ClientRequest) -> bool:
        self.has_sent = False
        self._current_request = request
        self._request_in_progress = True
        if self._manager is not None:
            self._manager.requests_count += 1
        try:
            response = await self._handler(request)
            if not isinstance(response, Relayed):
                await response.prepare(request)
                await response.write_eof()
            return bool(response.keep_alive)
        finally:
            self._current_request = None
            self._request_in_progress = False
            if self._handler_waiter is not None and not self._handler_waiter.done():
                self._handler_waiter.set_result(None)

    async def _refuse(self, refused: RequestRefused) -> bool:
        date = formatdate(usegmt=True).encode("ascii")
        self.send(plain_answer(refused.status, str(refused), date))
        return await self.linger()

    async def _fail(self, request: ClientRequest) -> bool:
        """Say that we failed, or break off an answer that has begun."""
        if self.has_sent or request.writer.output_size:
            self.abort()
            return False
        return await self._refuse(RequestRefused(500, "internal error"))
