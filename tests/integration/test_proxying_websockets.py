"""A WebSocket is a raw tunnel after its 101, and nothing before it slips through."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiohttp import web

from gateway.proxying.failure import FailureKind
from tests.support.both_loops import on_both_loops
from tests.support.proxy_server import proxying
from tests.support.raw_client import connected, exchange
from tests.support.raw_upstream import Conversation, raw_upstream

HANDSHAKE = (
    b"GET /ws HTTP/1.1\r\nHost: app.example.com\r\nConnection: keep-alive, Upgrade\r\n"
    b"Upgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: a, b\r\n"
    b"Sec-WebSocket-Extensions: permessage-deflate\r\nOrigin: https://o\r\n\r\n"
)
SWITCHING = (
    b"HTTP/1.1 101 Yes\r\nupgrade: WebSocket\r\nConnection: upgrade\r\n"
    b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
    b"Sec-WebSocket-Protocol: b\r\nSet-Cookie: __Host-gateway=evil\r\n\r\n"
)


async def echo(conversation: Conversation) -> None:
    """Switch, then send back whatever comes; close when the client does."""
    await conversation.read_request()
    await conversation.write(SWITCHING)
    while data := await conversation.reader.read(65536):
        await conversation.write(data)


@on_both_loops
async def test_the_handshake_passes() -> None:
    async with (
        raw_upstream(echo) as upstream,
        proxying(upstream.url, identity=((b"X-Forwarded-User", b"sub"),)) as proxy,
        connected(proxy.port) as client,
    ):
        client.send(HANDSHAKE)
        answer = await client.read_head()
        request = upstream.request
        assert request.values(b"Connection") == [b"Upgrade"]
        assert request.values(b"Upgrade") == [b"websocket"]
        assert request.values(b"Sec-WebSocket-Protocol") == [b"a, b"]
        assert request.values(b"Sec-WebSocket-Extensions") == [b"permessage-deflate"]
        assert request.values(b"Origin") == [b"https://o"]
        assert request.fields[-1] == (b"X-Forwarded-User", b"sub")
        assert answer.status == 101
        assert answer.values(b"Upgrade") == [b"websocket"]
        assert answer.values(b"Connection") == [b"Upgrade"]
        assert answer.values(b"Sec-WebSocket-Protocol") == [b"b"]
        assert answer.values(b"Set-Cookie") == []


@on_both_loops
async def test_bytes_go_both_ways_unchanged() -> None:
    async with (
        raw_upstream(echo) as upstream,
        proxying(upstream.url) as proxy,
        connected(proxy.port) as client,
    ):
        client.send(HANDSHAKE)
        await client.read_head()
        for message in (
            b"\x81\x00",
            bytes(range(256)) * 4000,
            b"GET / HTTP/1.1\r\n\r\n",
        ):
            client.send(message)
            assert await client.read(len(message)) == message


@on_both_loops
async def test_what_either_side_sends_early_arrives() -> None:
    async def script(conversation: Conversation) -> None:
        await conversation.read_request()
        await conversation.write(SWITCHING + b"hello")
        assert await conversation.reader.readexactly(5) == b"early"
        await conversation.write(b"thanks")

    async with (
        raw_upstream(script) as upstream,
        proxying(upstream.url) as proxy,
        connected(proxy.port) as client,
    ):
        client.send(HANDSHAKE + b"early")
        await client.read_head()
        assert await client.read(11) == b"hellothanks"
        client.half_close()
        assert await client.read_to_end() == b""


@on_both_loops
async def test_a_half_close_travels_as_one() -> None:
    async def script(conversation: Conversation) -> None:
        await conversation.read_request()
        await conversation.write(SWITCHING)
        assert await conversation.reader.read() == b"all I have"
        await conversation.write(b"and the answer")

    async with (
        raw_upstream(script) as upstream,
        proxying(upstream.url) as proxy,
        connected(proxy.port) as client,
    ):
        client.send(HANDSHAKE)
        await client.read_head()
        client.send(b"all I have")
        client.half_close()
        assert await client.read_to_end() == b"and the answer"
        assert proxy.requests[0].record.bytes_received == 10
        assert proxy.requests[0].record.bytes_sent == 14


@on_both_loops
async def test_an_upstream_that_closes_first_closes_the_client() -> None:
    async def script(conversation: Conversation) -> None:
        await conversation.read_request()
        await conversation.write(SWITCHING + b"\x88\x02\x03\xe8")

    async with (
        raw_upstream(script) as upstream,
        proxying(upstream.url) as proxy,
        connected(proxy.port) as client,
    ):
        client.send(HANDSHAKE)
        await client.read_head()
        assert await client.read_to_end() == b"\x88\x02\x03\xe8"


@on_both_loops
async def test_a_reset_travels_as_one() -> None:
    async def script(conversation: Conversation) -> None:
        await conversation.read_request()
        await conversation.write(SWITCHING)
        await conversation.reader.readexactly(1)
        conversation.reset()

    async with (
        raw_upstream(script) as upstream,
        proxying(upstream.url) as proxy,
        connected(proxy.port) as client,
    ):
        client.send(HANDSHAKE)
        await client.read_head()
        client.send(b"x")
        with pytest.raises(ConnectionResetError):
            await client.read_to_end()


@on_both_loops
async def test_the_upstream_is_left_when_the_client_leaves() -> None:
    left = asyncio.Event()

    async def script(conversation: Conversation) -> None:
        await conversation.read_request()
        await conversation.write(SWITCHING)
        await conversation.gone()
        left.set()

    async with raw_upstream(script) as upstream, proxying(upstream.url) as proxy:
        async with connected(proxy.port) as client:
            client.send(HANDSHAKE)
            await client.read_head()
        async with asyncio.timeout(2):
            await left.wait()


@on_both_loops
async def test_a_side_that_does_not_read_holds_the_other_back() -> None:
    async with (
        raw_upstream(echo) as upstream,
        proxying(upstream.url) as proxy,
        connected(proxy.port) as client,
    ):
        client.send(HANDSHAKE)
        await client.read_head()
        taken = 0
        with contextlib.suppress(TimeoutError):
            for _ in range(256):
                client.send(b"x" * 1024 * 1024)
                async with asyncio.timeout(0.5):
                    await client.writer.drain()
                taken += 1
        assert taken < 128  # what sockets hold; the gateway holds little


@on_both_loops
async def test_a_refused_upgrade_is_an_ordinary_answer() -> None:
    response = b"HTTP/1.1 403 No\r\nContent-Length: 2\r\n\r\nno"
    async with (
        raw_upstream(response) as upstream,
        proxying(upstream.url) as proxy,
        connected(proxy.port) as client,
    ):
        client.send(HANDSHAKE)
        assert (await client.read_response()).body == b"no"
        client.send(b"GET /next HTTP/1.1\r\nHost: a\r\n\r\n")
        assert (await client.read_response()).body == b"no"


HIDDEN = b"GET /hidden HTTP/1.1\r\nHost: app.example.com\r\n\r\n"


@pytest.mark.parametrize(
    "request_bytes",
    [
        pytest.param(
            HANDSHAKE[:-2] + b"Content-Length: %d\r\n\r\n" % len(HIDDEN) + HIDDEN,
            id="behind a body",
        ),
        pytest.param(HANDSHAKE + HIDDEN, id="behind a refused upgrade"),
        pytest.param(
            HANDSHAKE.replace(b"GET", b"POST")[:-2]
            + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n0\r\n\r\n"
            % (len(HIDDEN), HIDDEN),
            id="in a chunk",
        ),
    ],
)
@on_both_loops
async def test_a_request_hidden_in_an_upgrade_is_never_one(
    request_bytes: bytes,
) -> None:
    """Attack 50: exactly one upstream request."""
    response = b"HTTP/1.1 400 No\r\nContent-Length: 2\r\n\r\nno"
    async with (
        raw_upstream(response) as upstream,
        proxying(upstream.url) as proxy,
        connected(proxy.port) as client,
    ):
        client.send(request_bytes)
        assert (await client.read_response()).status == 400
        client.half_close()
        assert await client.read_to_end() == b""
        assert upstream.request.line.endswith(b" /ws HTTP/1.1")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param(b"Upgrade: websocket", b"Upgrade: h2c", id="another protocol"),
        pytest.param(b"websocket", b"websocket, h2c", id="two protocols"),
        pytest.param(b"keep-alive, Upgrade", b"keep-alive", id="not named"),
        pytest.param(b"GET", b"POST", id="not a GET"),
        pytest.param(b"HTTP/1.1", b"HTTP/1.0", id="http 1.0"),
    ],
)
@on_both_loops
async def test_only_a_websocket_handshake_is_one(old: bytes, new: bytes) -> None:
    """Anything else goes on without its Upgrade; a 101 is then nobody's wish."""
    async with raw_upstream(SWITCHING) as upstream, proxying(upstream.url) as proxy:
        answer = await exchange(proxy.port, HANDSHAKE.replace(old, new))
        assert answer.status == 502
        assert proxy.failures[0].kind is FailureKind.INVALID
        assert upstream.request.values(b"Upgrade") == []
        assert upstream.request.values(b"Connection") == []


@on_both_loops
async def test_a_switch_to_another_protocol_is_refused() -> None:
    response = SWITCHING.replace(b"WebSocket", b"h2c")
    async with raw_upstream(response) as upstream, proxying(upstream.url) as proxy:
        answer = await exchange(proxy.port, HANDSHAKE)
        assert answer.status == 502


@contextlib.asynccontextmanager
async def real_websockets() -> AsyncIterator[str]:
    """Yield the address of a server that echoes and ends with a close code."""

    async def socket(request: web.Request) -> web.WebSocketResponse:
        ws = web.WebSocketResponse(protocols=("b",), max_msg_size=0)
        await ws.prepare(request)
        async for message in ws:
            await ws.send_str(message.data)
            if message.data == "end":
                await ws.close(code=4321, message=b"so long")
        return ws

    application = web.Application()
    application.router.add_get("/ws", socket)
    runner = web.AppRunner(application)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def test_compression_large_messages_and_close_codes() -> None:
    async with (
        real_websockets() as url,
        proxying(url) as proxy,
        aiohttp.ClientSession() as session,
        session.ws_connect(
            f"http://127.0.0.1:{proxy.port}/ws",
            protocols=("a", "b"),
            compress=15,
            max_msg_size=0,
        ) as ws,
    ):
        assert ws.protocol == "b"
        assert ws.compress == 15
        large = "0123abcd" * (1024 * 1024)
        await ws.send_str(large)
        assert (await ws.receive_str()) == large
        await ws.send_str("end")
        assert (await ws.receive_str()) == "end"
        last = await ws.receive()
        assert (last.data, last.extra) == (4321, "so long")
        assert ws.close_code == 4321


@pytest.mark.parametrize("first", [b"GET", b"DELETE"])
async def test_only_a_get_is_a_handshake_whatever_came_before(first: bytes) -> None:
    second = {b"GET": b"DELETE", b"DELETE": b"GET"}[first]
    async with raw_upstream() as upstream, proxying(upstream.url) as proxy:
        for method in (first, second):
            await exchange(proxy.port, method + HANDSHAKE.removeprefix(b"GET"))
    asked = {each.line[:3]: each.values(b"Upgrade") for each in upstream.requests}
    assert asked == {b"GET": [b"websocket"], b"DEL": []}
