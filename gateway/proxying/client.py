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
from functools import partial

from aiohttp import web

from gateway.proxying.client_request import ClientRequest
from gateway.proxying.client_socket import ClientSocket
from gateway.proxying.doorkeeper import Doorkeeper, OpenDoor
from gateway.proxying.known_heads import KnownHeads
from gateway.proxying.relayed import Relayed
from gateway.proxying.request_head import RequestHead, RequestRefused
from gateway.proxying.request_reader import ClientLimits, RequestReader
from gateway.proxying.stalled_body import watch_body

__all__ = ["ClientConnection", "ClientLimits", "ClientRequest", "GatewayServer"]

Handler = Callable[[ClientRequest], Awaitable[web.StreamResponse]]
Found = RequestHead | RequestRefused
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

    __slots__ = ("_handler", "_head_timer", "_limits", "_on_refused", "_reader")

    _waiter: asyncio.Future[Found | None] | None  # type: ignore[assignment]

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
        self.peer = None
        self.is_introduced = False
        self._reader = RequestReader(loop, server.heads, limits.head_size)
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
        return len(self._reader.inbox.data)

    def connection_lost(self, exc: BaseException | None) -> None:
        """Stop whatever was under way for this client."""
        if self._head_timer is not None:
            self._head_timer.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Pass *data* to whoever it is for."""
        if self._force_close:
            return
        if self._tunnel is not None:
            self._tunnel.data_received(data)
        elif self._waiter is not None and not self._waiter.done():
            head = self._reader.known_head(data) or self._read_on(data)
            if head is not None:
                self._waiter.set_result(head)
        else:
            self._take_meanwhile(data)

    def _read_on(self, data: bytes) -> Found | None:
        self._reader.feed(data)
        return self._look_for_head()

    def _take_meanwhile(self, data: bytes) -> None:
        """Take *data* that comes while a request is being answered."""
        if self.is_lingering:
            self.discard(data)
            return
        self._reader.feed(data)
        if self.waiting >= _READ_AHEAD:
            self.pause_reading()

    def take_rest(self) -> bytes:
        """Return what waits behind the current request, and forget it."""
        return self._reader.inbox.take_all()

    async def start(self) -> None:
        """Serve this connection to its end."""
        try:
            await self._serve()
        except ConnectionError:
            pass  # the client left; nobody is there to tell
        finally:
            self._waiter = None
            if not self._force_close:
                self._task_handler = None
                if self.transport is not None:
                    self.transport.close()
                    self.watch_sending()

    async def _serve(self) -> None:
        reader = self._reader
        while not (self._close or self._force_close):
            # To look also lets a client go on that had to wait.
            may_be_there = reader.inbox.data or self._reading_paused
            head = self._look_for_head() if may_be_there else None
            if head is None:
                self._waiter = self._loop.create_future()
                head = await self._waiter
            if not isinstance(head, RequestHead):
                if head is not None:
                    await self._turn_away(head)
                return
            if not await self._answer(self._begin(head)):
                return
            reader.body = None  # an idle connection holds none
            if self._paused:  # who reads no answer gets no other: they would pile up
                await self.drain()
            self.restart_keep_alive()

    def _look_for_head(self) -> Found | None:
        """Return the next head, or why it is none; None where more must come."""
        try:
            found: Found | None = self._reader.read_head(self)
        except RequestRefused as refused:
            found = refused
        waiting = self.waiting
        if found is None and waiting:
            if self._head_timer is None:
                self._head_timer = self._loop.call_later(
                    self._limits.head_timeout, self._head_too_slow
                )
        elif self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None
        if found is None or waiting < _READ_AHEAD:
            self.resume_reading()  # its body, or the end, has not come yet
        return found

    def _head_too_slow(self) -> None:
        self._head_timer = None
        if self._waiter is not None and not self._waiter.done():
            reason = "the request's head took too long"
            self._waiter.set_result(RequestRefused(408, reason, limit="head_timeout"))

    def _begin(self, head: RequestHead) -> ClientRequest:
        if not self.is_introduced:
            self.introduce(head.fields)
        body = self._reader.body
        if body is not None and not body.complete:
            stalled = partial(self.tell_limit, "body_timeout")
            watch_body(body, self, self._limits.body_timeout, stalled)
        if self._manager is not None:
            self._manager.requests_count += 1
        self.has_sent = False
        self._request_in_progress = True
        self._current_request = request = ClientRequest(head, body, self, self._loop)
        return request

    async def _answer(self, request: ClientRequest) -> bool:
        """Answer *request*.  Return whether another may follow."""
        try:
            try:
                response = await self._handler(request)
                if not isinstance(response, Relayed):
                    await response.prepare(request)
                    await response.write_eof()
            finally:
                self._current_request = None
                self._request_in_progress = False
                if self._handler_waiter is not None and not self._handler_waiter.done():
                    self._handler_waiter.set_result(None)
        except ConnectionError:
            raise
        except Exception as error:  # noqa: BLE001 - the last one who can answer
            return await self._fail(request, error)
        if request.body is not None and not request.body.complete:
            return await self.linger()
        # What follows a handshake is no request (attack 50).
        is_next_one = not (request.wants_upgrade and self.waiting)
        return is_next_one and bool(response.keep_alive)

    async def _turn_away(self, refused: RequestRefused) -> bool:
        self._on_refused(refused.status, str(refused), self.peer or "unknown")
        if refused.limit:
            self.tell_limit(refused.limit)
        return await self.refuse(refused)

    async def _fail(self, request: ClientRequest, error: Exception) -> bool:
        """Say what is wrong with *request*, or that we failed; False.

        An answer that has begun is broken off.
        """
        if isinstance(error, RequestRefused):
            return await self.refuse(error)
        self.log_exception("an exception nobody handled", exc_info=error)
        if self.has_sent or request.writer.output_size:
            self.abort()
            return False
        return await self.refuse(RequestRefused(500, "internal error"))
