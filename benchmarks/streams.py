"""Clients of long-lived connections: WebSockets that talk or lie idle, and events."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import cast

from benchmarks.proxies import Proxy
from benchmarks.streaming_upstream import CLIENT_FRAME, EVENT, PAYLOAD, SERVER_FRAME
from benchmarks.wrk import Wrong

_WAIT = 20.0  # seconds for a connection to be made
_AT_ONCE = 100  # connections made at a time
_FRAME = b"\x82" + bytes((0x80 | PAYLOAD,)) + b"\0" * 4 + b"x" * PAYLOAD
_SOCKET = (
    "GET /live/socket HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nCookie: {cookie}\r\n"
    "Origin: {origin}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)
_EVENTS = (
    "GET /live/events HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nCookie: {cookie}\r\n"
    "Accept: text/event-stream\r\n\r\n"
)


class Client(asyncio.Protocol):
    """A connection that sent *request* and counts what comes behind the head.

    *on_data* is called with the number of bytes of each read.
    """

    def __init__(
        self, request: str, status: bytes, on_data: Callable[["Client", int], None]
    ) -> None:
        self._request = request.encode()
        self._status = status
        self._on_data = on_data
        self._head = b""
        self.opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask."""
        self.transport = cast(asyncio.Transport, transport)
        self.transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        """Read the head, then count."""
        if self.opened.done():
            self._on_data(self, len(data))
            return
        self._head += data
        head, end, rest = self._head.partition(b"\r\n\r\n")
        if not end:
            return
        if head[9:12] != self._status:
            self.opened.set_exception(Wrong(f"the answer is {head[:60]!r}"))
            return
        self.opened.set_result(None)
        if rest:
            self._on_data(self, len(rest))

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell whoever waits."""
        if not self.opened.done():
            self.opened.set_exception(exc or Wrong("closed before an answer"))


@asynccontextmanager
async def sockets(
    proxy: Proxy, count: int, on_data: Callable[[Client, int], None]
) -> AsyncIterator[list[Client]]:
    """Open *count* WebSockets through *proxy*; close them at the end."""
    async with _clients(proxy, _SOCKET, b"101", count, on_data) as clients:
        yield clients


@asynccontextmanager
async def _clients(
    proxy: Proxy,
    request: str,
    status: bytes,
    count: int,
    on_data: Callable[[Client, int], None],
) -> AsyncIterator[list[Client]]:
    loop = asyncio.get_running_loop()
    text = request.format(port=proxy.port, cookie=proxy.cookie, origin=proxy.origin)
    clients: list[Client] = []
    try:
        async with asyncio.timeout(_WAIT + count / _AT_ONCE):
            while len(clients) < count:
                made = await asyncio.gather(
                    *(
                        loop.create_connection(
                            lambda: Client(text, status, on_data),
                            "127.0.0.1",
                            proxy.port,
                        )
                        for _ in range(min(_AT_ONCE, count - len(clients)))
                    )
                )
                clients += (client for _, client in made)
                await asyncio.gather(*(client.opened for _, client in made))
        yield clients
    finally:
        for client in clients:
            client.transport.abort()


async def echo(proxy: Proxy, count: int, seconds: float) -> int:
    """Have *count* WebSockets echo for *seconds*.  Return how many messages came."""
    received = 0

    def on_data(client: Client, size: int) -> None:
        nonlocal received
        received += size
        client.transport.write(_FRAME)

    async with sockets(proxy, count, on_data) as clients:
        for client in clients:
            client.transport.write(_FRAME)
        await asyncio.sleep(seconds)
        return received // len(SERVER_FRAME)


@asynccontextmanager
async def idle(proxy: Proxy, count: int) -> AsyncIterator[None]:
    """Hold *count* WebSockets open on which nothing is said."""
    async with sockets(proxy, count, lambda _client, _size: None):
        yield


async def listen(proxy: Proxy, count: int, seconds: float) -> int:
    """Have *count* clients listen for *seconds*.  Return how many events came."""
    received = 0

    def on_data(_client: Client, size: int) -> None:
        nonlocal received
        received += size

    async with _clients(proxy, _EVENTS, b"200", count, on_data):
        await asyncio.sleep(seconds)
        return received // len(EVENT)


assert len(_FRAME) == CLIENT_FRAME  # noqa: S101 - the upstream counts on it
