"""One exchange with an upstream: which connection, what is sent, what is repeated."""

import asyncio

from gateway.proxying.chunked import chunk, last_chunk
from gateway.proxying.client_request import ClientRequest
from gateway.proxying.failure import Broken, FailureKind, UpstreamFailure
from gateway.proxying.frames import close_frame
from gateway.proxying.relay import Outgoing, Relay
from gateway.proxying.relayed import Relayed
from gateway.proxying.request_body import RequestBody
from gateway.proxying.request_head import RequestRefused
from gateway.proxying.upstream.connection import UpstreamConnection
from gateway.proxying.upstream.pool import FRESH
from gateway.proxying.upstream.response_head import ResponseHead
from gateway.proxying.way import Way

# RFC 9110 §9.2.2, and those of WebDAV and its kin that only read.
_IDEMPOTENT = frozenset(
    {"DELETE", "GET", "HEAD", "OPTIONS", "PROPFIND", "PUT", "REPORT", "SEARCH"}
)

_SESSION_OVER = close_frame(1008, "the session is over")  # RFC 6455 §7.4.1: policy


class Exchange:
    """A request on its way; ``run`` carries it through, ``cut`` ends it early."""

    __slots__ = (
        "_connection", "_loop", "_outgoing", "_refused", "_relay", "_repeatable",
        "_request", "_sent", "_started", "_way",
    )  # fmt: skip

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        request: ClientRequest,
        way: Way,
        outgoing: Outgoing,
    ) -> None:
        self._loop = loop
        self._request = request
        self._way = way
        self._outgoing = outgoing
        self._relay = Relay(loop, request, way.rule, outgoing)
        self._connection: UpstreamConnection | None = None
        self._started = loop.time()
        self._sent = False  # the whole request is on its way
        self._refused: RequestRefused | None = None
        self._repeatable = request.body is None and request.head.method in _IDEMPOTENT

    async def run(self) -> Relayed:
        """Return the relayed answer.

        Raises UpstreamFailure before the first byte of an answer, RequestRefused for a
        body that breaks its framing.
        """
        body = self._request.body
        try:
            connection = await self._obtain(fresh=False)
            if body is not None and not body.complete:
                return await self._run_with_upload(connection, body)
            return await self._relay.answer(*await self._ask(connection))
        except Broken as broken:
            raise UpstreamFailure(broken.kind, broken.detail) from broken
        finally:
            self._let_go()

    def cut(self, why: str) -> None:
        """End it now: a tunnel is closed, an answer under way is broken off."""
        self._request.record.ended = why
        if self._relay.tunnel is not None:
            self._relay.tunnel.close()
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
        if self._relay.tunnel is not None:
            self._relay.tunnel.end(_SESSION_OVER)
        else:
            self._request.connection.abort()

    async def _obtain(self, *, fresh: bool) -> UpstreamConnection:
        """Return a connection, ready for this request.  Raises Broken.

        What may be repeated takes any idle one; what may not, one that was used a
        moment ago; *fresh* asks for a new one.
        """
        pool = self._way.pool
        connection = None
        if not fresh:
            connection = pool.idle(None if self._repeatable else FRESH)
        if connection is None:
            connection = await pool.connect(
                self._way.dialler, self._way.connect_timeout
            )
        head = self._request.head
        connection.begin(head.method, self._relay.interim, upgrade=head.wants_upgrade)
        self._connection = connection
        return connection

    async def _head(self, connection: UpstreamConnection) -> ResponseHead:
        head = await connection.head()
        self._request.record.upstream_seconds = self._loop.time() - self._started
        return head

    async def _ask(
        self, connection: UpstreamConnection
    ) -> tuple[UpstreamConnection, ResponseHead]:
        """Send a request that is here as a whole; repeat it once where that is safe.

        That is on a reused connection which died before any byte of an answer
        (RFC 9110 §9.2.2).  Return the connection that answers, and the answer's head.
        Raises Broken.
        """
        self._send(connection)
        try:
            return connection, await self._head(connection)
        except Broken as broken:
            stale = connection.used and not connection.received
            if not (stale and self._repeatable and broken.kind is FailureKind.CUT):
                raise
        self._let_go()
        connection = await self._obtain(fresh=True)
        self._send(connection)
        return connection, await self._head(connection)

    def _send(self, connection: UpstreamConnection) -> None:
        body = self._request.body
        data = self._outgoing.head
        if body is not None:
            data += self._framed(body.stream.read_nowait()) + self._end_of_body(body)
            self._request.record.bytes_received = body.received
        connection.write(data)
        self._sent = True
        connection.expect_head_within(self._way.timeout)

    def _framed(self, data: bytes) -> bytes:
        return chunk(data) if data and self._request.head.chunked else data

    def _end_of_body(self, body: RequestBody) -> bytes:
        if not self._request.head.chunked:
            return b""
        return last_chunk(self._outgoing.trailers(body.trailers))

    async def _run_with_upload(
        self, connection: UpstreamConnection, body: RequestBody
    ) -> Relayed:
        """Relay both bodies at once; an answer that ends first ends the upload."""
        connection.write(self._outgoing.head)
        outcome: Relayed | Broken
        async with asyncio.TaskGroup() as group:
            upload = group.create_task(self._upload(connection, body))
            try:
                head = await self._head(connection)
                outcome = await self._relay.answer(connection, head)
            except Broken as broken:
                outcome = broken
            upload.cancel()
        if isinstance(outcome, Broken):
            raise self._refused or outcome
        return outcome

    async def _upload(self, connection: UpstreamConnection, body: RequestBody) -> None:
        """Send the request's body as it comes; never raises but when cancelled."""
        try:
            while data := await body.stream.readany():
                connection.write(self._framed(data))
                self._request.record.bytes_received += len(data)
                if connection.is_congested:
                    await connection.drain(self._way.timeout)
            connection.write(self._end_of_body(body))
            self._sent = True
            connection.expect_head_within(self._way.timeout)
        except RequestRefused as refused:
            self._refused = refused
            connection.abort()
        except (Broken, ConnectionError, RuntimeError):
            connection.abort()  # whoever waits for the answer tells

    def _let_go(self) -> None:
        """Keep the connection for others where that is safe, else end it."""
        connection, self._connection = self._connection, None
        if connection is None or self._relay.tunnel is not None:
            return  # a tunnel closes by itself, after what was on its way
        if connection.finish() and self._sent:
            self._way.pool.give_back(connection)
        else:
            connection.abort()
