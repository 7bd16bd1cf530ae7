"""An upstream that fails is named, and a cut answer is never passed off as whole."""

import asyncio
import socket
from collections.abc import Iterator

import pytest

from gateway.proxying.failure import FailureKind
from tests.support.both_loops import on_both_loops
from tests.support.proxy_server import proxying
from tests.support.raw_client import connected, exchange
from tests.support.raw_upstream import Conversation, Script, answering, raw_upstream

GET = b"GET / HTTP/1.1\r\nHost: app.example.com\r\n\r\n"


async def failure(script: Script | bytes, request: bytes = GET) -> FailureKind:
    """Return how an exchange with an upstream that plays *script* fails."""
    async with (
        raw_upstream(script) as upstream,
        proxying(upstream.url, timeout=0.3) as proxy,
    ):
        answer = await exchange(proxy.port, request)
        assert answer.status == 502
        (only,) = proxy.failures
        assert proxy.forwarder.open_exchanges == 0
        return only.kind


async def reset_after_request(conversation: Conversation) -> None:
    await conversation.read_request()
    conversation.reset()


async def close_after_request(conversation: Conversation) -> None:
    await conversation.read_request()


async def close_at_once(conversation: Conversation) -> None:
    pass


async def silent(conversation: Conversation) -> None:
    await conversation.read_request()
    await conversation.gone()


async def half_a_head(conversation: Conversation) -> None:
    await conversation.read_request()
    await conversation.write(b"HTTP/1.1 200 OK\r\nContent-Le")


async def slow_head(conversation: Conversation) -> None:
    await conversation.read_request()
    await conversation.write(b"HTTP/1.1 200 OK\r\nContent-Le")
    await conversation.gone()


def saying(data: bytes) -> Script:
    return answering(data)


@on_both_loops
@pytest.mark.parametrize(
    ("script", "kind"),
    [
        pytest.param(reset_after_request, FailureKind.CUT, id="reset"),
        pytest.param(close_after_request, FailureKind.CUT, id="closed"),
        pytest.param(close_at_once, FailureKind.CUT, id="closed at once"),
        pytest.param(half_a_head, FailureKind.CUT, id="half a head"),
        pytest.param(silent, FailureKind.TIMEOUT, id="silent"),
        pytest.param(slow_head, FailureKind.TIMEOUT, id="head never ends"),
    ],
)
async def test_an_upstream_that_gives_no_answer(
    script: Script, kind: FailureKind
) -> None:
    assert await failure(script) is kind


OK_HEAD = b"HTTP/1.1 200 OK\r\n"


@on_both_loops
@pytest.mark.parametrize(
    "response",
    [
        pytest.param(b"SSH-2.0-OpenSSH_9\r\n", id="ssh"),
        pytest.param(b"\x15\x03\x01\x00\x02\x02\x16", id="tls alert"),
        pytest.param(b"<html></html>\r\n\r\n", id="http 0.9"),
        pytest.param(b"HTTP/2 200\r\n\r\n", id="http 2"),
        pytest.param(b"HTTP/1.1 20x OK\r\n\r\n", id="status not a number"),
        pytest.param(b"HTTP/1.1 2000 OK\r\n\r\n", id="status of four digits"),
        pytest.param(b"HTTP/1.1 099 OK\r\n\r\n", id="status below 100"),
        pytest.param(OK_HEAD + b"X: a\x00b\r\nContent-Length: 0\r\n\r\n", id="NUL"),
        pytest.param(OK_HEAD + b"X: a\rb\r\nContent-Length: 0\r\n\r\n", id="bare CR"),
        pytest.param(OK_HEAD + b"X: a\n b\r\nContent-Length: 0\r\n\r\n", id="bare LF"),
        pytest.param(
            OK_HEAD + b"X: a\r\n b\r\nContent-Length: 0\r\n\r\n", id="obs-fold"
        ),
        pytest.param(
            OK_HEAD + b"X : a\r\nContent-Length: 0\r\n\r\n", id="space in name"
        ),
        pytest.param(OK_HEAD + b": a\r\nContent-Length: 0\r\n\r\n", id="no name"),
        pytest.param(OK_HEAD + b"no colon\r\nContent-Length: 0\r\n\r\n", id="no colon"),
        pytest.param(OK_HEAD + b"Content-Length: -1\r\n\r\n", id="negative length"),
        pytest.param(OK_HEAD + b"Content-Length: 1x\r\n\r\n", id="length not a number"),
        pytest.param(
            OK_HEAD + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab",
            id="two lengths",
        ),
        pytest.param(
            OK_HEAD
            + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            id="length and chunked",
        ),
        pytest.param(
            OK_HEAD + b"Transfer-Encoding: gzip, chunked\r\n\r\n", id="two codings"
        ),
        pytest.param(
            b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", id="chunked 1.0"
        ),
        pytest.param(
            b"HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
            id="a 101 nobody asked for",
        ),
        pytest.param(b"HTTP/1.1 103 x\r\n\r\n" * 100, id="flood of 1xx"),
        pytest.param(OK_HEAD + b"X: y\r\n" * 300 + b"\r\n", id="too many fields"),
    ],
)
async def test_an_upstream_that_answers_garbage(response: bytes) -> None:
    assert await failure(saying(response)) is FailureKind.INVALID


@on_both_loops
@pytest.mark.parametrize(
    "response",
    [OK_HEAD + b"X: " + b"y" * 70_000 + b"\r\n\r\n", OK_HEAD + b"X: " + b"y" * 200_000],
    ids=["whole", "without end"],
)
async def test_a_head_that_is_too_large(response: bytes) -> None:
    assert await failure(saying(response)) is FailureKind.TOO_LARGE


@on_both_loops
async def test_a_large_head_passes() -> None:
    response = OK_HEAD + b"X: " + b"y" * 60_000 + b"\r\nContent-Length: 0\r\n\r\n"
    async with raw_upstream(response) as upstream, proxying(upstream.url) as proxy:
        answer = await exchange(proxy.port, GET)
    assert len(answer.value(b"X") or b"") == 60_000


@pytest.fixture
def unused_port() -> Iterator[int]:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


@on_both_loops
async def test_an_upstream_that_refuses(unused_port: int) -> None:
    async with proxying(f"http://127.0.0.1:{unused_port}") as proxy:
        await exchange(proxy.port, GET)
        assert proxy.failures[0].kind is FailureKind.REFUSED


@on_both_loops
async def test_a_unix_socket_that_is_not_there() -> None:
    async with proxying("unix:/nowhere/app.sock") as proxy:
        await exchange(proxy.port, GET)
        assert proxy.failures[0].kind is FailureKind.REFUSED


@on_both_loops
async def test_a_name_that_is_not_known() -> None:
    async with proxying("http://gateway.invalid:80") as proxy:
        await exchange(proxy.port, GET)
        assert proxy.failures[0].kind is FailureKind.UNKNOWN_NAME


@on_both_loops
async def test_an_upstream_that_accepts_nothing() -> None:
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        port = full.getsockname()[1]
        fillers = [socket.socket() for _ in range(8)]
        for one in fillers:
            one.setblocking(False)  # noqa: FBT003
            one.connect_ex(("127.0.0.1", port))
        try:
            async with proxying(f"http://127.0.0.1:{port}", timeout=0.2) as proxy:
                await exchange(proxy.port, GET)
                assert proxy.failures[0].kind is FailureKind.CONNECT_TIMEOUT
        finally:
            for one in fillers:
                one.close()


CUT = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"
CUT_CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n"
BAD_CHUNK = CUT_CHUNKED + b"zz\r\n"


def cutting(data: bytes, *, reset: bool) -> Script:
    async def script(conversation: Conversation) -> None:
        await conversation.read_request()
        await conversation.write(data)
        await conversation.stay_silent(0.05)  # so that the head is on its way
        if reset:
            conversation.reset()

    return script


@on_both_loops
@pytest.mark.parametrize("reset", [False, True], ids=["closed", "reset"])
@pytest.mark.parametrize(
    "data", [CUT, CUT_CHUNKED, BAD_CHUNK], ids=["length", "chunked", "bad chunk"]
)
@pytest.mark.parametrize("version", [b"1.1", b"1.0"])
async def test_a_cut_answer_is_broken_off(
    data: bytes, *, reset: bool, version: bytes
) -> None:
    """The client of HTTP/1.0 knows the end by the close alone: it must see a reset."""
    async with (
        raw_upstream(cutting(data, reset=reset)) as upstream,
        proxying(upstream.url) as proxy,
        connected(proxy.port) as client,
    ):
        client.send(GET.replace(b"1.1", version))
        with pytest.raises(ConnectionResetError):
            await client.read_to_end()
        assert proxy.requests[0].record.failure in {
            FailureKind.CUT,
            FailureKind.INVALID,
        }


@on_both_loops
async def test_a_reset_does_not_end_an_answer_until_close() -> None:
    script = cutting(b"HTTP/1.0 200 OK\r\n\r\nhalf", reset=True)
    async with (
        raw_upstream(script) as upstream,
        proxying(upstream.url) as proxy,
        connected(proxy.port) as client,
    ):
        client.send(GET)
        with pytest.raises(ConnectionResetError):
            await client.read_to_end()


@on_both_loops
async def test_the_exchange_stops_when_the_client_leaves() -> None:
    stopped = asyncio.Event()
    begun = asyncio.Event()

    async def script(conversation: Conversation) -> None:
        await conversation.read_request()
        begun.set()
        await conversation.gone()
        stopped.set()

    async with raw_upstream(script) as upstream, proxying(upstream.url) as proxy:
        async with connected(proxy.port) as client:
            client.send(GET)
            await begun.wait()
        async with asyncio.timeout(2):
            await stopped.wait()
            await proxy.cancelled.wait()
        assert proxy.forwarder.open_exchanges == 0


@on_both_loops
async def test_a_stream_stops_when_the_client_leaves() -> None:
    stopped = asyncio.Event()

    async def script(conversation: Conversation) -> None:
        await conversation.read_request()
        await conversation.write(OK_HEAD + b"Content-Length: 1000\r\n\r\nsome")
        await conversation.gone()
        stopped.set()

    async with raw_upstream(script) as upstream, proxying(upstream.url) as proxy:
        async with connected(proxy.port) as client:
            client.send(GET)
            await client.read_until(b"some")
        async with asyncio.timeout(2):
            await stopped.wait()


@on_both_loops
async def test_no_connection_free() -> None:
    asked, told = asyncio.Event(), asyncio.Event()

    async def script(conversation: Conversation) -> None:
        await conversation.read_request()
        asked.set()
        await told.wait()
        await conversation.write(OK_HEAD + b"Content-Length: 4\r\n\r\nsome")

    async with (
        raw_upstream(script) as upstream,
        proxying(
            upstream.url,
            route='connect_timeout = "0.2s"',
            server="upstream_connections = 1",
        ) as proxy,
        connected(proxy.port) as first,
    ):
        first.send(GET)
        await asked.wait()
        assert (await exchange(proxy.port, GET)).status == 502
        told.set()
        assert (await first.read_response()).status == 200
        assert [one.kind for one in proxy.failures] == [FailureKind.BUSY]
