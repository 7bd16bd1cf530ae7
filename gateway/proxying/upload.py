"""The body of a request on its way to the upstream."""

from gateway.proxying.chunked import chunk, last_chunk
from gateway.proxying.client_request import ClientRequest
from gateway.proxying.failure import Broken
from gateway.proxying.request_body import RequestBody
from gateway.proxying.request_head import RequestRefused
from gateway.proxying.upstream.connection import UpstreamConnection
from gateway.proxying.way import Way


class Upload:
    """Sends the *body* of *request* over *connection* while it comes.

    ``is_sent`` says whether all of it is on its way, ``refused`` why it broke off
    where that is the client's doing.
    """

    __slots__ = ("_body", "_connection", "_request", "_way", "is_sent", "refused")

    def __init__(
        self,
        request: ClientRequest,
        body: RequestBody,
        way: Way,
        connection: UpstreamConnection,
    ) -> None:
        self._request = request
        self._body = body
        self._way = way
        self._connection = connection
        self.is_sent = False
        self.refused: RequestRefused | None = None

    async def run(self) -> None:
        """Send the body as it comes; never raises but when cancelled."""
        connection, chunked = self._connection, self._request.head.chunked
        try:
            while data := await self._body.stream.readany():
                connection.write(chunk(data) if chunked else data)
                self._request.record.bytes_received += len(data)
                if connection.is_congested:
                    await connection.drain(self._way.timeout)
            connection.write(_end(self._request, self._body, self._way))
            self.is_sent = True
            connection.expect_head_within(self._way.timeout)
        except RequestRefused as refused:
            self.refused = refused
            connection.abort()
        except (Broken, ConnectionError, RuntimeError):
            connection.abort()  # whoever waits for the answer tells


def whole_body(request: ClientRequest, body: RequestBody, way: Way) -> bytes:
    """Return *body*, all of which has come, as it is sent."""
    data = body.stream.read_nowait()
    request.record.bytes_received = body.received
    framed = chunk(data) if data and request.head.chunked else data
    return framed + _end(request, body, way)


def _end(request: ClientRequest, body: RequestBody, way: Way) -> bytes:
    if not request.head.chunked:
        return b""
    return last_chunk(way.trailers(body.trailers))
