"""One exchange with an upstream: which connection, what is sent, what is repeated."""

import asyncio

from gateway.policy.access import Permit
from gateway.proxying.client_request import ClientRequest
from gateway.proxying.failure import Broken, FailureKind, UpstreamFailure
from gateway.proxying.frames import close_frame
from gateway.proxying.plain_answer import plain_answer
from gateway.proxying.relay import Asked, Relay
from gateway.proxying.relayed import Relayed
from gateway.proxying.request_body import RequestBody
from gateway.proxying.stamp import Stamp
from gateway.proxying.upload import Upload, whole_body
from gateway.proxying.upstream.connection import UpstreamConnection
from gateway.proxying.upstream.pool import FRESH
from gateway.proxying.upstream.response_head import ResponseHead
from gateway.proxying.way import Way

# RFC 9110 §9.2.2, and those of WebDAV and its kin that only read.
_IDEMPOTENT = frozenset(
    {"DELETE", "GET", "HEAD", "OPTIONS", "PROPFIND", "PUT", "REPORT", "SEARCH"}
)

_SESSION_OVER = close_frame(1008, "the session is over")  # RFC 6455 §7.4.1: policy


class OpenExchanges(set["Exchange"]):
    """The exchanges that are under way; ``emptied`` is set when the last one ends."""

    __slots__ = ("emptied",)

    def __init__(self) -> None:
        super().__init__()
        self.emptied: asyncio.Event | None = None  # while somebody waits for it


class Exchange(Relay):
    """A request on its way and, as a Relay, its answer on the way back.

    Both are one object, since each request makes it anew (hot path).
    ``run`` carries it through, ``cut`` ends it early.  It is one of *open_exchanges*
    meanwhile.  ``who`` and ``permit`` are those that it was allowed with; *data* is the
    head that the upstream is sent.
    """

    __slots__ = ("_connection", "_data", "_open", "permit", "who")

    def __init__(  # noqa: PLR0913, PLR0917
        self,
        request: ClientRequest,
        permit: Permit,
        stamp: Stamp,
        way: Way,
        asked: Asked,
        data: bytes,
        open_exchanges: OpenExchanges,
    ) -> None:
        self._request = request
        self._way = way
        self._asked = asked
        self._set_cookies = stamp.set_cookies
        self.tunnel = None
        self._connection: UpstreamConnection | None = None
        self._data = data
        self._open = open_exchanges
        self.permit = permit
        self.who = stamp.who

    async def run(self) -> Relayed:
        """Return the relayed answer.

        Raises UpstreamFailure before the first byte of an answer.  A body that breaks
        its framing is answered here.
        """
        request, way, data = self._request, self._way, self._data
        body = request.body
        self._open.add(self)
        try:
            started = way.loop.time()
            # What may be repeated takes any, what may not one used a moment ago.
            youngest = None if self._is_repeatable else FRESH
            connection = way.pool.idle(youngest) or await self._new()
            self._begin(connection)
            if body is not None:
                if not body.complete:
                    return await self._run_with_upload(connection, body, started)
                data += whole_body(request, body, way)
            try:
                head = await connection.ask(data, way.timeout)
            except Broken as broken:
                if not self._may_repeat(connection, broken.kind):
                    raise
                connection, head = await self._repeat(connection)
            request.record.upstream_seconds = way.loop.time() - started
            if head.length >= 0 and connection.response.complete:
                return self.answer_at_once(connection, head)
            return await self.answer(connection, head)
        except Broken as broken:
            raise UpstreamFailure(broken.kind, broken.detail) from broken
        finally:
            self._let_go()

    def cut(self, why: str) -> None:
        """End it now: a tunnel is closed, an answer under way is broken off."""
        self._request.record.ended = why
        if self.tunnel is not None:
            self.tunnel.close()
        else:
            self._request.connection.abort()

    @property
    def is_under_way(self) -> bool:
        """Whether an answer has begun, or a body is still being sent.

        What is merely waited for comes within the route's timeout.
        """
        body = self._request.body
        return bool(self._request.record.status) or (
            body is not None and not body.complete
        )

    def end_session(self) -> None:
        """End it now, since the session that it was allowed with is over."""
        self._request.record.ended = "session_over"
        if self.tunnel is not None:
            self.tunnel.end(_SESSION_OVER)
        else:
            self._request.connection.abort()

    @property
    def _is_repeatable(self) -> bool:
        request = self._request
        return request.body is None and request.head.method in _IDEMPOTENT

    async def _new(self) -> UpstreamConnection:
        """Return another connection than an idle one.  Raises Broken."""
        way = self._way
        return await way.pool.connect(way.dialler, way.connect_timeout)

    def _begin(self, connection: UpstreamConnection) -> None:
        head = self._request.head
        connection.response.begin(head.method, self.interim, upgrade=head.wants_upgrade)
        self._connection = connection

    def _may_repeat(self, connection: UpstreamConnection, kind: FailureKind) -> bool:
        """Return whether to ask again is safe, after *connection* broke as *kind*.

        It is where a reused one died before any byte of an answer (RFC 9110 §9.2.2).
        """
        stale = connection.used and not connection.response.has_begun
        return stale and self._is_repeatable and kind is FailureKind.CUT

    async def _repeat(
        self, broken: UpstreamConnection
    ) -> tuple[UpstreamConnection, ResponseHead]:
        """Ask once more, on a new connection in the place of the *broken* one.

        Return the connection that answers, and the answer's head.  Raises Broken.
        """
        broken.abort()
        connection = await self._new()
        self._begin(connection)
        return connection, await connection.ask(self._data, self._way.timeout)

    async def _run_with_upload(
        self, connection: UpstreamConnection, body: RequestBody, started: float
    ) -> Relayed:
        """Relay both bodies at once; an answer that ends first ends the upload."""
        connection.write(self._data)
        upload = Upload(self._request, body, self._way, connection)
        try:
            outcome = await self._both(connection, upload, started)
        finally:
            if not upload.is_sent:
                connection.abort()  # no other request may follow
        if isinstance(outcome, Relayed):
            return outcome
        if upload.refused is None:
            raise outcome
        refused, date = upload.refused, self._way.http_date()
        self._request.connection.send(plain_answer(refused.status, str(refused), date))
        return Relayed(refused.status, keep_alive=False)

    async def _both(
        self, connection: UpstreamConnection, upload: Upload, started: float
    ) -> Relayed | Broken:
        """Return the relayed answer to what *upload* sends, or why there is none."""
        outcome: Relayed | Broken
        async with asyncio.TaskGroup() as group:
            sending = group.create_task(upload.run())
            try:
                head = await connection.head()
                seconds = self._way.loop.time() - started
                self._request.record.upstream_seconds = seconds
                outcome = await self.answer(connection, head)
            except Broken as broken:
                outcome = broken
            sending.cancel()
        return outcome

    def _let_go(self) -> None:
        """Keep the connection for others where that is safe, else end it."""
        self._open.discard(self)
        if self._open.emptied is not None and not self._open:
            self._open.emptied.set()
        connection = self._connection
        if connection is None or self.tunnel is not None:
            return  # a tunnel closes by itself, after what was on its way
        if connection.finish():
            self._way.pool.give_back(connection)
        else:
            connection.abort()
