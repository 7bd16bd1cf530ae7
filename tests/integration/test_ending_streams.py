"""What is under way ends with its session, and nothing else does."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiohttp import web

from gateway.sessions.session import Session
from tests.support.both_loops import on_both_loops
from tests.support.proxy_server import SOMEONE, Proxy, proxying
from tests.support.raw_client import RawClient, connected
from tests.support.raw_upstream import Conversation, raw_upstream

SESSION = Session("id", 1, 1, 2**40, SOMEONE)
HANDSHAKE = (
    b"GET /ws HTTP/1.1\r\nHost: app.example.com\r\nConnection: Upgrade\r\n"
    b"Upgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    b"Sec-WebSocket-Version: 13\r\n\r\n"
)
SWITCHING = (
    b"HTTP/1.1 101 Yes\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"
)
GET = b"GET / HTTP/1.1\r\nHost: app.example.com\r\n\r\n"
CLOSE = b"\x88\x15\x03\xf0the session is over"
AT_MOST = 2.0  # seconds


class Pieces:
    """An upstream whose pieces the test hands out."""

    def __init__(self, head: bytes) -> None:
        self.head = head
        self.pieces: asyncio.Queue[bytes] = asyncio.Queue()
        self.heard = b""
        self.done = asyncio.Event()

    async def __call__(self, conversation: Conversation) -> None:
        await conversation.read_request()
        await conversation.write(self.head)
        async with asyncio.TaskGroup() as group:
            writing = group.create_task(self._write(conversation))
            with contextlib.suppress(ConnectionError):
                while data := await conversation.reader.read(65536):
                    self.heard += data
            writing.cancel()
            self.done.set()

    async def _write(self, conversation: Conversation) -> None:
        with contextlib.suppress(ConnectionError):
            while True:
                await conversation.write(await self.pieces.get())


Begun = tuple[Proxy, RawClient, Pieces]


@contextlib.asynccontextmanager
async def begun(
    head: bytes, request: bytes, session: Session | None = SESSION
) -> AsyncIterator[Begun]:
    """Give an exchange whose answer has begun with *head*."""
    upstream = Pieces(head)
    async with (
        raw_upstream(upstream) as listening,
        proxying(listening.url, session=session) as proxy,
        connected(proxy.port) as client,
    ):
        client.send(request)
        await client.read_head()
        yield proxy, client, upstream


@on_both_loops
async def test_28_a_websocket_is_closed_with_1008() -> None:
    async with begun(SWITCHING, HANDSHAKE) as (proxy, client, upstream):
        upstream.pieces.put_nowait(b"\x81\x02hi")
        assert await client.read(4) == b"\x81\x02hi"
        proxy.end_sessions()
        async with asyncio.timeout(AT_MOST):
            assert await client.read_to_end() == CLOSE
            await upstream.done.wait()
        assert proxy.requests[0].record.ended == "session_over"


@on_both_loops
async def test_28_nothing_passes_once_it_is_over() -> None:
    async with begun(SWITCHING, HANDSHAKE) as (proxy, client, upstream):
        proxy.end_sessions()
        assert await client.read(len(CLOSE)) == CLOSE
        client.send(b"\x82\x86MASKsecret")
        upstream.pieces.put_nowait(b"\x81\x06secret")
        assert await client.read_to_end() == b""
        await upstream.done.wait()
        assert upstream.heard == b""


@pytest.mark.parametrize("cut", [1, 2, 3, 4, 5, 150, 303])
async def test_a_frame_under_way_ends_before_the_close(cut: int) -> None:
    frame = b"\x82\x7e\x01\x2c" + b"\x88" * 300
    async with begun(SWITCHING, HANDSHAKE) as (proxy, client, upstream):
        upstream.pieces.put_nowait(frame[:cut])
        assert await client.read(cut) == frame[:cut]
        proxy.end_sessions()
        await ended(proxy)
        upstream.pieces.put_nowait(frame[cut:] + b"\x81\x06secret")
        async with asyncio.timeout(AT_MOST):
            assert await client.read_to_end() == frame[cut:] + CLOSE


async def ended(proxy: Proxy) -> None:
    """Wait until the gateway has begun to end the exchange."""
    while not proxy.requests[0].record.ended:  # noqa: ASYNC110 - no event
        await asyncio.sleep(0)


@on_both_loops
async def test_28_a_websocket_whose_upstream_has_ended_ends_with_its_session() -> None:
    wrong: list[dict[str, object]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, told: wrong.append(told))
    heard = asyncio.Queue[bytes]()

    async def ends_first(conversation: Conversation) -> None:
        await conversation.read_request()
        await conversation.write(SWITCHING)
        conversation.writer.write_eof()
        heard.put_nowait(await conversation.reader.read())

    async with (
        raw_upstream(ends_first) as upstream,
        proxying(upstream.url, session=SESSION) as proxy,
        connected(proxy.port) as client,
    ):
        client.send(HANDSHAKE)
        await client.read_head()
        assert await client.read_to_end() == b""  # the other direction is open still
        proxy.end_sessions()
        await ended(proxy)
        client.send(b"\x82\x86MASKsecret")
        async with asyncio.timeout(AT_MOST):
            assert await heard.get() == b""  # an end, and no reset
    assert not wrong


async def stays_silent(client: RawClient, seconds: float = 0.2) -> None:
    """Hold that nothing comes for a while, an end neither."""
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(seconds):
            await client.read_some()


async def test_a_frame_that_does_not_end_is_broken_off() -> None:
    async with begun(SWITCHING, HANDSHAKE) as (proxy, client, upstream):
        upstream.pieces.put_nowait(b"\x82\x7e\x01\x2cpart")
        assert await client.read(8)
        proxy.end_sessions()
        async with asyncio.timeout(AT_MOST):
            with pytest.raises(ConnectionError):
                await client.read_to_end()
            await upstream.done.wait()


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    ("head", "piece"),
    [
        pytest.param(CHUNKED + b"", b"6\r\ndata:1\r\n", id="an event stream"),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n",
            b"part",
            id="a download of known length",
        ),
        pytest.param(b"HTTP/1.1 200 OK\r\n\r\n", b"part", id="until the close"),
    ],
)
@on_both_loops
async def test_28_a_stream_is_broken_off(head: bytes, piece: bytes) -> None:
    async with begun(head, GET) as (proxy, client, upstream):
        upstream.pieces.put_nowait(piece)
        await client.read_some()
        proxy.end_sessions()
        async with asyncio.timeout(AT_MOST):
            with pytest.raises(ConnectionError):
                await client.read_to_end()
            await upstream.done.wait()


async def test_28_an_upload_is_broken_off() -> None:
    got = asyncio.Event()

    async def swallow(conversation: Conversation) -> None:
        with contextlib.suppress(ConnectionError):
            while await conversation.reader.read(65536):
                got.set()

    async with (
        raw_upstream(swallow) as upstream,
        proxying(upstream.url, session=SESSION) as proxy,
        connected(proxy.port) as client,
    ):
        client.send(
            b"POST / HTTP/1.1\r\nHost: app.example.com\r\n"
            b"Content-Length: 99\r\n\r\npart"
        )
        await got.wait()
        proxy.end_sessions()
        async with asyncio.timeout(AT_MOST):
            with pytest.raises(ConnectionError):
                await client.read_to_end()


async def test_an_answer_that_has_not_begun_is_waited_for() -> None:
    asked, go = asyncio.Event(), asyncio.Event()

    async def late(conversation: Conversation) -> None:
        await conversation.read_request()
        asked.set()
        await go.wait()
        await conversation.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

    async with (
        raw_upstream(late) as upstream,
        proxying(upstream.url, session=SESSION) as proxy,
        connected(proxy.port) as client,
    ):
        client.send(GET)
        await asked.wait()
        proxy.end_sessions()
        await stays_silent(client)
        go.set()
        assert (await client.read_final()).body == b"ok"


async def test_who_needs_no_session_is_left_alone() -> None:
    async with begun(SWITCHING, HANDSHAKE, session=None) as (proxy, client, upstream):
        proxy.end_sessions()
        await stays_silent(client)
        upstream.pieces.put_nowait(b"\x81\x02hi")
        assert await client.read(4) == b"\x81\x02hi"


async def test_a_session_that_ends_by_itself_is_noticed() -> None:
    async with begun(SWITCHING, HANDSHAKE) as (proxy, client, _):
        proxy.over = True  # nobody says so
        async with asyncio.timeout(AT_MOST):
            assert await client.read_to_end() == CLOSE


async def test_a_real_websocket_client_sees_1008() -> None:
    async def chat(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        async for message in socket:
            await socket.send_str(message.data * 1000)
        return socket

    application = web.Application()
    application.router.add_get("/", chat)
    runner = web.AppRunner(application)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    try:
        async with (
            proxying(f"http://{host}:{port}", session=SESSION) as proxy,
            aiohttp.ClientSession() as http,
            http.ws_connect(f"http://127.0.0.1:{proxy.port}/", compress=15) as socket,
        ):
            await socket.send_str("hello ")
            assert len(await socket.receive_str()) == 6000
            proxy.end_sessions()
            async with asyncio.timeout(AT_MOST):
                message = await socket.receive()
            assert (message.type, message.data) == (aiohttp.WSMsgType.CLOSE, 1008)
            assert message.extra == "the session is over"
    finally:
        await runner.cleanup()
