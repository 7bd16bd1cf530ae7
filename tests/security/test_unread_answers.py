"""Attack 56: clients that ask for much and read none of it.

An answer waits for its client as long as the client goes on; while it takes nothing,
its upstream connection serves nobody else.
"""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from aiohttp import web
from structlog.testing import capture_logs

from gateway.demo.logto import EmulatedLogto
from gateway.proxying.client import ClientLimits, ClientRequest, GatewayServer
from tests.support.certificates import self_signed
from tests.support.raw_client import RawClient
from tests.support.raw_upstream import Conversation, RawUpstream, raw_upstream
from tests.support.running_gateway import RunningGateway, running_gateway

PIECE = b"x" * 65536
LARGE = 200 * len(PIECE)  # more than the buffers on the way hold
BRIEF = 0.4  # seconds that a client may take nothing
HOST = b" HTTP/1.1\r\nHost: 127.0.0.1\r\n"
HANDSHAKE = b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: x\r\n"


async def application(conversation: Conversation) -> None:
    """Answer much, or a little and nothing after it, or as a WebSocket."""
    while True:
        request = await conversation.read_request()
        if request.values(b"Upgrade"):
            await conversation.write(
                b"HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"
            )
        elif b" /large" in request.line:
            await conversation.write(
                b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % LARGE
            )
        else:
            await conversation.write(
                b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: x\n\n"
            )
        if b" /quiet" in request.line:
            await conversation.gone()
            return
        for _ in range(LARGE // len(PIECE)):
            await conversation.write(PIECE)


@dataclass(frozen=True, slots=True)
class Patience:
    """A gateway that waits briefly, and what is behind it."""

    gateway: RunningGateway
    upstream: RawUpstream

    async def limited(self) -> float:
        mark = 'gateway_limited_total{limit="send_timeout"} '
        return float((await self.gateway.metrics()).partition(mark)[2].split()[0])

    @contextlib.asynccontextmanager
    async def client(
        self, tls: ssl.SSLContext | None = None
    ) -> AsyncIterator[RawClient]:
        """Yield a client with little room for what it does not read."""
        sock = socket.socket()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        sock.setblocking(False)  # noqa: FBT003 - as the socket module has it
        loop = asyncio.get_running_loop()
        await loop.sock_connect(sock, ("127.0.0.1", self.gateway.port))
        name = "localhost" if tls else None
        reader, writer = await asyncio.open_connection(
            sock=sock, limit=1024, ssl=tls, server_hostname=name
        )
        try:
            yield RawClient(reader, writer)
        finally:
            writer.transport.abort()
            with contextlib.suppress(ConnectionError, ssl.SSLError):
                await writer.wait_closed()

    async def gave_up(self) -> None:
        """Wait until a client was given up, and no upstream works for it any more."""
        async with asyncio.timeout(10):
            while not await self.limited():
                pass
            for conversation in self.upstream.conversations:
                await conversation.gone()


@contextlib.asynccontextmanager
async def patience(server: str = "", public_url: str = "") -> AsyncIterator[Patience]:
    async with (
        raw_upstream(application) as upstream,
        EmulatedLogto.start() as logto,
        running_gateway(
            logto,
            f'[[routes]]\nupstream = "{upstream.url}"\naccess = "public"\n',
            server=server,
            public_url=public_url,
            tables=f'[limits]\nsend_timeout = "{BRIEF}s"\n',
        ) as gateway,
    ):
        yield Patience(gateway, upstream)


async def cut(client: RawClient) -> None:
    """Wait until the client sees that its answer was broken off."""
    with pytest.raises((ConnectionError, asyncio.IncompleteReadError, ssl.SSLError)):
        await client.read(LARGE)


@pytest.mark.parametrize(
    "more",
    [
        pytest.param(b"", id="an answer"),
        pytest.param(b"Connection: close\r\n", id="the last answer"),
        pytest.param(HANDSHAKE, id="a WebSocket"),
    ],
)
async def test_who_takes_nothing_is_cut_off(more: bytes) -> None:
    with capture_logs() as lines:
        async with patience() as world, world.client() as client:
            client.send(b"GET /large" + HOST + more + b"\r\n")
            await world.gave_up()
            await cut(client)
            assert await world.limited() == 1
    told = [line for line in lines if line["event"] == "limited"]
    assert [line["limit"] for line in told] == ["send_timeout"]


async def test_who_takes_nothing_over_tls_is_cut_off(tmp_path: Path) -> None:
    made = self_signed(tmp_path, "localhost")
    server = f'tls_certificate = "{made.certificate}"\ntls_key = "{made.key}"'
    tls = ssl.create_default_context(cafile=made.certificate)
    async with (
        patience(server, "https://127.0.0.1") as world,
        world.client(tls) as client,
    ):
        client.send(b"GET /large" + HOST + b"\r\n")
        await world.gave_up()
        await cut(client)


async def test_what_is_closed_does_not_wait_for_ever(tmp_path: Path) -> None:
    """Of answers of all lengths some just fit, some wait, and some do so unnoticed."""

    async def answer(request: ClientRequest) -> web.StreamResponse:
        return web.Response(body=b"x" * int(request.raw_target[1:]))

    loop = asyncio.get_running_loop()
    server = GatewayServer(answer, ClientLimits(send_timeout=BRIEF))
    path = str(tmp_path / "socket")  # the buffers of a Unix socket do not grow
    listener = await loop.create_unix_server(server, path)
    async with listener:
        sockets = []
        for size in range(64 * 1024, 512 * 1024, 16 * 1024):
            sock = socket.socket(socket.AF_UNIX)
            sock.setblocking(False)  # noqa: FBT003 - as the socket module has it
            sockets.append(sock)
            await loop.sock_connect(sock, path)
            request = b"GET /%d%bConnection: close\r\n\r\n" % (size, HOST)
            await loop.sock_sendall(sock, request)
        async with asyncio.timeout(10):
            while server.requests_count < len(sockets) or server.connections:  # noqa: ASYNC110
                await asyncio.sleep(BRIEF / 10)
        for sock in sockets:
            sock.close()


async def test_who_reads_slowly_gets_everything() -> None:
    async with patience() as world, world.client() as client:
        client.send(b"GET /large" + HOST + b"\r\n")
        await client.read_head()
        left = LARGE
        end = asyncio.get_running_loop().time() + 4 * BRIEF
        while asyncio.get_running_loop().time() < end:
            left -= len(await client.read(512))
            await asyncio.sleep(BRIEF / 20)
        assert await world.limited() == 0
        while left > 0:
            left -= len(await client.read_some())
        assert left == 0


@pytest.mark.parametrize(
    "more",
    [
        pytest.param(b"", id="an event stream"),
        pytest.param(HANDSHAKE, id="a WebSocket"),
    ],
)
async def test_where_nothing_happens_nothing_is_cut(more: bytes) -> None:
    async with patience() as world, world.client() as client:
        client.send(b"GET /quiet" + HOST + more + b"\r\n")
        await client.read_head()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(4 * BRIEF):
                await client.read(LARGE)
        assert await world.limited() == 0
