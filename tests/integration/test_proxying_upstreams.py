"""Upstreams over https, with their own name, and over unix sockets; and the end."""

import asyncio
import ssl
from pathlib import Path

import pytest

from gateway.proxying.failure import FailureKind
from tests.support.both_loops import on_both_loops
from tests.support.certificates import self_signed
from tests.support.proxy_server import proxying
from tests.support.raw_client import connected, exchange
from tests.support.raw_upstream import OK, Conversation, raw_upstream

GET = b"GET / HTTP/1.1\r\nHost: app.example.com\r\n\r\n"
HANDSHAKE = (
    b"GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
)
SWITCHING = b"HTTP/1.1 101 x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n"


@on_both_loops
async def test_a_unix_socket(tmp_path: Path) -> None:
    path = str(tmp_path / "app.sock")
    async with raw_upstream(unix=path) as upstream, proxying(upstream.url) as proxy:
        for _ in range(2):
            assert (await exchange(proxy.port, GET)).body == b"ok"
        assert upstream.requests[0].value(b"Host") == b"app.example.com"
        assert len(upstream.conversations) == 1


@on_both_loops
async def test_https_is_verified_by_the_upstreams_name(tmp_path: Path) -> None:
    certificate = self_signed(tmp_path, "localhost")
    names: list[str] = []
    tls = certificate.server_context()
    tls.sni_callback = lambda _socket, name, _context: names.append(name or "")
    async with (
        raw_upstream(tls=tls) as upstream,
        proxying(upstream.url, route=f'ca_file = "{certificate.certificate}"') as proxy,
    ):
        answer = await exchange(proxy.port, GET)
        assert answer.body == b"ok"
        assert names == ["localhost"]
        assert upstream.request.value(b"Host") == b"app.example.com"


@pytest.mark.parametrize("name", ["localhost", "other.example.com"])
@on_both_loops
async def test_https_that_cannot_be_verified_fails(tmp_path: Path, name: str) -> None:
    certificate = self_signed(tmp_path, name)
    trusted = f'ca_file = "{certificate.certificate}"' if name != "localhost" else ""
    async with (
        raw_upstream(tls=certificate.server_context()) as upstream,
        proxying(upstream.url, route=trusted) as proxy,
    ):
        await exchange(proxy.port, GET)
        assert proxy.failures[0].kind is FailureKind.UNTRUSTED
        assert upstream.requests == []


@on_both_loops
async def test_https_to_a_plain_server_fails() -> None:
    async with raw_upstream() as upstream:
        url = upstream.url.replace("http:", "https:")
        async with proxying(url, timeout=1) as proxy:
            await exchange(proxy.port, GET)
            assert proxy.failures[0].kind is not FailureKind.REFUSED


@on_both_loops
async def test_a_websocket_over_https(tmp_path: Path) -> None:
    certificate = self_signed(tmp_path, "localhost")

    async def script(conversation: Conversation) -> None:
        await conversation.read_request()
        await conversation.write(SWITCHING)
        await conversation.write(await conversation.reader.readexactly(4))

    async with (
        raw_upstream(script, tls=certificate.server_context()) as upstream,
        proxying(upstream.url, route=f'ca_file = "{certificate.certificate}"') as proxy,
        connected(proxy.port) as client,
    ):
        client.send(HANDSHAKE)
        await client.read_head()
        client.send(b"ping")
        assert await client.read_to_end() == b"ping"


@on_both_loops
async def test_a_client_over_https(tmp_path: Path) -> None:
    certificate = self_signed(tmp_path, "localhost")
    context = ssl.create_default_context(cafile=str(certificate.certificate))
    async with (
        raw_upstream() as upstream,
        proxying(upstream.url, tls=certificate.server_context()) as proxy,
    ):
        reader, writer = await asyncio.open_connection(
            "localhost", proxy.port, ssl=context
        )
        writer.write(GET)
        answer = await reader.readuntil(b"ok")
        assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
        writer.close()
        await writer.wait_closed()


@on_both_loops
async def test_requests_may_end_before_the_deadline() -> None:
    asked = asyncio.Event()
    go_on = asyncio.Event()

    async def script(conversation: Conversation) -> None:
        await conversation.read_request()
        asked.set()
        await go_on.wait()
        await conversation.write(OK)

    async with (
        raw_upstream(script) as upstream,
        proxying(upstream.url) as proxy,
        connected(proxy.port) as client,
    ):
        client.send(GET)
        await asked.wait()
        proxy.server.pre_shutdown()
        async with asyncio.TaskGroup() as group:
            group.create_task(proxy.forwarder.close(5))
            go_on.set()
            answer = await client.read_response()
        assert answer.body == b"ok"
        assert answer.value(b"Connection") == b"close"
        assert await client.read_to_end() == b""


@on_both_loops
async def test_streams_are_cut_at_the_deadline() -> None:
    async def script(conversation: Conversation) -> None:
        await conversation.read_request()
        await conversation.write(CHUNKED)
        await conversation.gone()

    async with (
        raw_upstream(script) as upstream,
        proxying(upstream.url) as proxy,
        connected(proxy.port) as client,
    ):
        client.send(GET)
        await client.read_until(b"1\r\na\r\n")
        await proxy.forwarder.close(0.1)
        with pytest.raises(ConnectionResetError):
            await client.read_to_end()


@on_both_loops
async def test_tunnels_are_closed_at_the_deadline() -> None:
    async def script(conversation: Conversation) -> None:
        await conversation.read_request()
        await conversation.write(SWITCHING + b"x")
        await conversation.gone()

    async with (
        raw_upstream(script) as upstream,
        proxying(upstream.url) as proxy,
        connected(proxy.port) as client,
    ):
        client.send(HANDSHAKE)
        await client.read_until(b"\r\n\r\nx")
        await proxy.forwarder.close(0.1)
        assert await client.read_to_end() == b""
