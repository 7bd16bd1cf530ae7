"""A request of a client, as the gateway sees it, and as aiohttp's pages need it.

One of three modules that touch aiohttp's private attributes; see
:mod:`gateway.proxying.client`.  What aiohttp computes for every request is computed
here when it is asked for: a proxied request needs none of it.
"""

import asyncio
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

from aiohttp import HttpVersion, HttpVersion10, HttpVersion11, StreamReader, web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.http import RawRequestMessage, StreamWriter
from aiohttp.streams import EMPTY_PAYLOAD
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from gateway.fields import Fields
from gateway.proxying.request_body import RequestBody
from gateway.proxying.request_head import RequestHead


class Receiver(Protocol):
    """Takes over a connection when it becomes a tunnel; called as a protocol is."""

    def data_received(self, data: bytes) -> None:
        """Take *data*."""

    def eof_received(self) -> bool:
        """Take note of the end.  Return whether to stay open for writing."""
        ...

    def connection_lost(self, exc: BaseException | None) -> None:
        """Take note that the connection is gone."""

    def pause_writing(self) -> None:
        """Take note that it takes no more for now."""

    def resume_writing(self) -> None:
        """Take note that it takes more again."""


class Connection(Protocol):
    """What an exchange may do with the client's connection."""

    transport: asyncio.Transport | None
    peer: str | None

    @property
    def is_closing(self) -> bool:
        """Whether no further request will be served."""
        ...

    @property
    def is_congested(self) -> bool:
        """Whether the client takes less than it is sent."""
        ...

    def send(self, data: bytes) -> None:
        """Send *data*.  Raises ConnectionResetError when the client is gone."""

    async def drain(self) -> None:
        """Wait until the client takes more.  Raises ConnectionError when it is gone."""

    def abort(self) -> None:
        """Break off so that the client cannot take it for an end."""

    def become_tunnel(self, receiver: Receiver) -> bytes:
        """Hand everything from now on to *receiver*; return what has come already."""
        ...


@dataclass(slots=True)
class Record:
    """What an exchange came to, for the log."""

    status: int = 0  # of the answer that the client was sent, from its first byte on
    bytes_sent: int = 0  # of the body, to the client
    bytes_received: int = 0  # of the body, from the client
    upstream_seconds: float | None = None  # from the request's start to the head
    failure: str = ""  # a FailureKind, where a relayed answer was cut
    ended: str = ""  # why the gateway itself ended it early


class ClientRequest(web.BaseRequest):
    """A request: ``method``, ``raw_target`` and ``fields`` as they came."""

    ATTRS = web.BaseRequest.ATTRS | frozenset(
        {
            "head", "body", "connection", "record", "fields", "raw_target", "peer",
            "method", "wants_upgrade", "_writer",
        }
    )  # fmt: skip

    method: str = ""  # where BaseRequest has a property

    # The same for every request; BaseRequest has them as attributes of each.
    _client_max_size = 1024**2
    _client_max_fields = 1000
    _writer: AbstractStreamWriter | None = None
    _task: Any = None  # a cancelled one holds its requests: they would hold one another

    def __init__(  # BaseRequest's own builds a URL and two multidicts
        self,
        head: RequestHead,
        body: RequestBody | None,
        connection: Any,  # noqa: ANN401 (a RequestHandler that is a Connection)
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        self.head = head
        self.body = body
        self.connection: Connection = connection
        self.record = Record()
        self.fields: Fields = head.fields
        self.raw_target = head.target
        self.wants_upgrade = head.wants_upgrade  # a WebSocket handshake
        self.peer: str | None = connection.peer  # an address; None for a Unix socket
        self._protocol = connection
        self.method = head.method
        self._loop = loop

    @property
    def keep_alive(self) -> bool:
        """Whether the connection can serve another request after this one."""
        return (
            self.head.keep_alive
            and (self.body is None or self.body.complete)
            and not self.connection.is_closing
        )

    async def _prepare_hook(self, response: web.StreamResponse) -> None:
        """Take away what aiohttp adds to answers of our own."""
        response.headers.popall("Server", None)

    # What BaseRequest keeps as attributes, made when it is first read.

    _cache: dict[str, Any] = cached_property(lambda _: {})  # type: ignore[assignment]
    _state: dict[Any, Any] = cached_property(lambda _: {})  # type: ignore[assignment]

    @property
    def _method(self) -> str:  # type: ignore[override]
        return self.head.method

    @property
    def _version(self) -> HttpVersion:  # type: ignore[override]
        return HttpVersion11 if self.head.minor else HttpVersion10

    @property
    def _payload(self) -> StreamReader:  # type: ignore[override]
        return EMPTY_PAYLOAD if self.body is None else self.body.stream

    @property
    def _transport_sslcontext(self) -> Any:  # type: ignore[override]  # noqa: ANN401
        return self._protocol.ssl_context

    @property
    def _transport_peername(self) -> Any:  # type: ignore[override]  # noqa: ANN401
        return self._protocol.peername

    @property
    def _transport_sockname(self) -> Any:  # type: ignore[override]  # noqa: ANN401
        return self._protocol.sockname

    @property
    def _headers(self) -> CIMultiDictProxy[str]:  # type: ignore[override]
        headers = self._cache.get("fields")
        if headers is None:
            headers = CIMultiDictProxy(
                CIMultiDict(
                    (name.decode("ascii"), value.decode("utf-8", "surrogateescape"))
                    for name, value in self.head.fields
                )
            )
            self._cache["fields"] = headers
        return headers

    @property
    def _rel_url(self) -> URL:  # type: ignore[override]
        target = self.head.target.decode("utf-8", "surrogateescape")
        try:
            url = URL(target, encoded=True)
            return url.relative() if url.absolute else url
        except ValueError:
            return URL("/")

    @property
    def _message(self) -> Any:  # type: ignore[override]  # noqa: ANN401
        return RawRequestMessage(
            self.head.method,
            self.head.target.decode("utf-8", "surrogateescape"),
            self._version,
            self._headers,
            tuple(self.head.fields),
            not self.head.keep_alive,
            None,
            self.head.wants_upgrade,
            self.head.chunked,
            self._rel_url,
        )

    @property
    def _payload_writer(self) -> AbstractStreamWriter:  # type: ignore[override]
        if self._writer is None:
            self._writer = StreamWriter(self._protocol, self._loop)
        return self._writer
