"""What clients may not do, and what it costs when they try."""

import asyncio
import contextlib
import socket
import struct
from typing import TypeGuard, cast

import pytest

from gateway.proxying.client import ClientConnection, ClientLimits
from tests.support.both_loops import on_both_loops
from tests.support.proxy_server import Proxy, proxying
from tests.support.raw_client import WAIT, connected, exchange
from tests.support.raw_upstream import OK, Conversation, raw_upstream

GET = b"GET / HTTP/1.1\r\nHost: app.example.com\r\n\r\n"
RESETS = struct.pack("ii", 1, 0)  # what closing does, with SO_LINGER
HOST = b"Host: app.example.com\r\n"
POST = b"POST / HTTP/1.1\r\n" + HOST
HIDDEN = b"GET /hidden HTTP/1.1\r\n" + HOST + b"\r\n"
BODY = b"0\r\n\r\n" + HIDDEN


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        pytest.param(
            POST + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n" + BODY,
            400,
            id="CL and TE",
        ),
        pytest.param(
            POST + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n" + BODY,
            400,
            id="TE and CL",
        ),
        pytest.param(
            POST + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\n" + BODY,
            400,
            id="two lengths",
        ),
        pytest.param(
            POST + b"Content-Length: 5\r\nContent-Length: 5\r\n\r\n" + BODY,
            400,
            id="two equal lengths",
        ),
        pytest.param(
            POST + b"Content-Length: 5, 5\r\n\r\n" + BODY, 400, id="list of lengths"
        ),
        pytest.param(
            POST + b"Content-Length: +5\r\n\r\n" + BODY, 400, id="signed length"
        ),
        pytest.param(
            POST + b"Content-Length: 0x5\r\n\r\n" + BODY, 400, id="hex length"
        ),
        pytest.param(POST + b"Content-Length: \r\n\r\n" + BODY, 400, id="empty length"),
        pytest.param(
            POST + b"Content-Length: 9" + b"9" * 30 + b"\r\n\r\n", 400, id="huge length"
        ),
        *(
            pytest.param(
                POST + b"Transfer-Encoding: " + value + b"\r\n\r\n" + BODY,
                400,
                id=f"TE {value!r}",
            )
            for value in (
                b"gzip, chunked",
                b"chunked, gzip",
                b"chunked, chunked",
                b"identity",
                b"xchunked",
                b"chunked;q=1",
                b'"chunked"',
                b"chunked,",
                b"",
                b"chun ked",
            )
        ),
        pytest.param(
            POST
            + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n"
            + BODY,
            400,
            id="TE twice",
        ),
        pytest.param(
            POST + b"Transfer-Encoding : chunked\r\n\r\n" + BODY,
            400,
            id="TE with a space",
        ),
        pytest.param(
            POST + b"X: y\r\n Transfer-Encoding: chunked\r\n\r\n" + BODY,
            400,
            id="obs-fold",
        ),
        pytest.param(
            POST + b"Transfer-Encoding:\x0bchunked\r\n\r\n" + BODY, 400, id="TE and VT"
        ),
        pytest.param(
            POST.replace(b"1.1", b"1.0") + b"Transfer-Encoding: chunked\r\n\r\n" + BODY,
            400,
            id="TE in 1.0",
        ),
        pytest.param(b"GET / HTTP/1.1\nHost: a\n\n", 400, id="bare LF"),
        pytest.param(b"GET / HTTP/1.1\r\nHost: a\n\r\n\r\n", 400, id="one bare LF"),
        pytest.param(b"GET / HTTP/1.1\r\nHost: a\rX: b\r\n\r\n", 400, id="bare CR"),
        pytest.param(b"GET / HTTP/1.1\r\nHost: a\x00\r\n\r\n", 400, id="NUL"),
        pytest.param(
            b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400, id="two Hosts"
        ),
        pytest.param(b"GET / HTTP/1.1\r\n\r\n", 400, id="no Host"),
        pytest.param(b"GET / HTTP/1.1\r\nHost: a\r\n: x\r\n\r\n", 400, id="no name"),
        pytest.param(
            b"GET / HTTP/1.1\r\nHost: a\r\nno colon\r\n\r\n", 400, id="no colon"
        ),
        pytest.param(
            b"GET / HTTP/1.1\r\nHost: a\r\nX\xe9: 1\r\n\r\n", 400, id="name not ASCII"
        ),
        pytest.param(b"GET  / HTTP/1.1\r\nHost: a\r\n\r\n", 400, id="two spaces"),
        pytest.param(
            b"GET /a b HTTP/1.1\r\nHost: a\r\n\r\n", 400, id="space in target"
        ),
        pytest.param(b"GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n", 400, id="tab"),
        pytest.param(b"GET /\r\n\r\n", 400, id="http 0.9"),
        pytest.param(
            b"GET / HTTP/1.1 \r\nHost: a\r\n\r\n", 400, id="space after version"
        ),
        pytest.param(
            b"GET / http/1.1\r\nHost: a\r\n\r\n", 400, id="version in lower case"
        ),
        pytest.param(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505, id="http 2"),
        pytest.param(
            b"G(T / HTTP/1.1\r\nHost: a\r\n\r\n", 400, id="method not a token"
        ),
        pytest.param(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400, id="tls"),
        pytest.param(b"\r\n\r\n\r\nGET / HTTP/1.1\r\n", 400, id="many empty lines"),
        pytest.param(
            GET[:-2] + b"X: " + b"y" * 70_000 + b"\r\n\r\n", 431, id="long head"
        ),
        pytest.param(GET[:-2] + b"X: " + b"y" * 70_000, 431, id="endless head"),
        pytest.param(GET[:-2] + b"X: y\r\n" * 250 + b"\r\n", 431, id="too many fields"),
    ],
)
@on_both_loops
async def test_what_can_be_read_in_two_ways_is_refused(
    request_bytes: bytes, status: int
) -> None:
    async with (
        raw_upstream() as upstream,
        proxying(upstream.url) as proxy,
        connected(proxy.port) as client,
    ):
        client.send(request_bytes)
        answer = await client.read_response()
        assert answer.status == status
        assert answer.value(b"Connection") == b"close"
        assert {name for name, _ in answer.fields} == {
            b"Date", b"Content-Type", b"Content-Length", b"Cache-Control", b"Connection"
        }  # fmt: skip
        client.half_close()
        assert await client.read_to_end(1) == b""
        assert upstream.requests == []


@pytest.mark.parametrize(
    "chunks",
    [
        pytest.param(b"3;a=b\r\nabc\r\n0\r\n\r\n", id="extension"),
        pytest.param(b"3 \r\nabc\r\n0\r\n\r\n", id="space"),
        pytest.param(b"+3\r\nabc\r\n0\r\n\r\n", id="sign"),
        pytest.param(b"0x3\r\nabc\r\n0\r\n\r\n", id="prefix"),
        pytest.param(b"3\r\nabcd\r\n0\r\n\r\n", id="too long"),
        pytest.param(b"3\nabc\n0\n\n", id="bare LF"),
        pytest.param(b"3\r\nabc0\r\n\r\n", id="no CRLF"),
        pytest.param(b"ffffffffffffffff3\r\nabc\r\n0\r\n\r\n", id="overflow"),
        pytest.param(b"0\r\nX : y\r\n\r\n", id="bad trailer"),
        pytest.param(b"0\r\nX: a\x00b\r\n\r\n", id="NUL in trailer"),
    ],
)
@on_both_loops
async def test_chunks_that_can_be_read_in_two_ways_are_refused(chunks: bytes) -> None:
    async with (
        raw_upstream() as upstream,
        proxying(upstream.url) as proxy,
        connected(proxy.port) as client,
    ):
        client.send(POST + b"Transfer-Encoding: chunked\r\n\r\n" + chunks + HIDDEN)
        answer = await client.read_response()
        assert answer.status == 400
        assert await client.read_to_end(1) == b""
        assert all(b"hidden" not in one.line for one in upstream.requests)


@on_both_loops
async def test_trailers_do_not_become_fields_of_the_next_request() -> None:
    """Two clients of a proxy in front may share this connection."""
    async with (
        raw_upstream() as upstream,
        proxying(upstream.url) as proxy,
        connected(proxy.port) as client,
    ):
        client.send(
            POST + b"Transfer-Encoding: chunked\r\n\r\n0\r\nX-Evil: 1\r\n\r\n" + GET
        )
        await client.read_response()
        await client.read_response()
        assert upstream.requests[1].values(b"X-Evil") == []


@on_both_loops
async def test_a_head_of_64_kib_passes() -> None:
    async with raw_upstream() as upstream, proxying(upstream.url) as proxy:
        answer = await exchange(
            proxy.port, GET[:-2] + b"X: " + b"y" * 64_000 + b"\r\n\r\n"
        )
        assert answer.status == 200
        assert len(upstream.request.value(b"X") or b"") == 64_000


@on_both_loops
async def test_a_head_byte_by_byte() -> None:
    async with (
        raw_upstream() as upstream,
        proxying(upstream.url) as proxy,
        connected(proxy.port) as client,
    ):
        for byte in b"\r\n" + GET:
            client.send(bytes([byte]))
            await client.writer.drain()
            await asyncio.sleep(0)
        assert (await client.read_response()).body == b"ok"


@on_both_loops
async def test_a_slow_head_is_ended() -> None:
    limits = ClientLimits(head_timeout=0.2)
    async with (
        raw_upstream() as upstream,
        proxying(upstream.url, limits=limits) as proxy,
        connected(proxy.port) as client,
    ):
        client.send(GET)
        await client.read_response()
        client.send(GET[:-1])
        assert (await client.read_response()).status == 408
        assert await client.read_to_end(1) == b""


@on_both_loops
async def test_an_idle_connection_is_closed() -> None:
    async with (
        raw_upstream() as upstream,
        proxying(upstream.url, limits=ClientLimits(keep_alive=0.2)) as proxy,
        connected(proxy.port) as client,
    ):
        client.send(GET)
        await client.read_response()
        assert await client.read_to_end(2) == b""


@on_both_loops
async def test_endless_pipelining_is_held_back() -> None:
    async with (
        raw_upstream() as upstream,
        proxying(upstream.url) as proxy,
        connected(proxy.port) as client,
    ):
        cast(asyncio.Transport, client.writer.transport).pause_reading()
        with contextlib.suppress(TimeoutError):
            for _ in range(100):
                client.send(GET * 4000)
                async with asyncio.timeout(0.5):
                    await client.writer.drain()
        (connection,) = proxy.server.connections
        assert isinstance(connection, ClientConnection)
        assert connection.waiting < 1024 * 1024
        assert upstream.requests


@pytest.mark.parametrize("path", [b"/", b"/no"], ids=["relayed", "our own"])
@on_both_loops
async def test_answers_that_nobody_reads_do_not_pile_up(path: bytes) -> None:
    count, size = 4000, 30_000
    ask = b"GET " + path + b" HTTP/1.1\r\n" + HOST + b"\r\n"
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size + b"x" * size
    async with (
        raw_upstream(answer) as upstream,
        proxying(upstream.url) as proxy,
        connected(proxy.port) as client,
    ):
        cast(asyncio.Transport, client.writer.transport).pause_reading()
        client.send(ask * count)
        (connection,) = await _connections(proxy)
        before = -1
        while before != (before := len(proxy.requests)):
            await _a_while(0.3)
            assert connection.transport is not None
            assert connection.transport.get_write_buffer_size() < 512 * 1024
        if path == b"/":
            assert before < count
        cast(asyncio.Transport, client.writer.transport).resume_reading()
        for _ in range(count):
            await client.read_response()


@on_both_loops
async def test_the_body_of_a_pipelined_request_is_waited_for() -> None:
    """The connection was held back when only the head had come."""
    answered = asyncio.Event()

    async def script(conversation: Conversation) -> None:
        await conversation.read_request()
        await answered.wait()
        await conversation.write(OK)
        await conversation.read_request()
        await conversation.write(OK)

    own = b"GET /no HTTP/1.1\r\n" + HOST + b"\r\n"
    count = 70_000 // len(own)
    async with (
        raw_upstream(script) as upstream,
        proxying(upstream.url) as proxy,
        connected(proxy.port) as client,
    ):
        client.send(GET)
        (connection,) = await _connections(proxy)
        client.send(own * count + POST + b"Content-Length: 5\r\n\r\n")
        while not connection.is_held_back:
            await _a_while(0.01)
        client.send(b"hello")
        answered.set()
        answers = [await client.read_response() for _ in range(count + 2)]
        assert answers[-1].body == b"ok"
        assert upstream.requests[-1].body == b"hello"


async def _connections(proxy: Proxy) -> list[ClientConnection]:
    """Return the connections of *proxy* once a request came on one."""
    while not proxy.requests:
        await _a_while(0.01)
    return [each for each in proxy.server.connections if _is_ours(each)]


def _is_ours(connection: object) -> TypeGuard[ClientConnection]:
    return isinstance(connection, ClientConnection)


async def _a_while(seconds: float) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await asyncio.Event().wait()


@pytest.mark.parametrize(
    "expect", [b"", b"Expect: 100-continue\r\n"], ids=["", "expect"]
)
@on_both_loops
async def test_an_answer_does_not_wait_for_the_body(expect: bytes) -> None:
    async with (
        raw_upstream() as upstream,
        proxying(upstream.url) as proxy,
        connected(proxy.port) as client,
    ):
        client.send(
            b"PUT /no HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n"
            + expect
            + b"\r\n"
        )
        if not expect:
            client.send(b"x" * 500_000)
        async with asyncio.timeout(1):
            answer = await client.read_response()
            assert answer.status == 401
            assert answer.value(b"Connection") == b"close"
            assert await client.read_to_end() == b""
        assert upstream.requests == []


@on_both_loops
async def test_a_client_that_goes_on_sending_is_left() -> None:
    async with (
        raw_upstream() as upstream,
        proxying(upstream.url) as proxy,
        connected(proxy.port) as client,
    ):
        client.send(b"PUT /no HTTP/1.1\r\nHost: a\r\nContent-Length: 900000000\r\n\r\n")
        sent = 0
        with contextlib.suppress(ConnectionError):
            while sent < 500:
                client.send(b"x" * 1024 * 1024)
                await client.writer.drain()
                sent += 1
        assert sent < 500


@on_both_loops
async def test_an_unread_body_that_is_here_keeps_the_connection() -> None:
    async with (
        raw_upstream() as upstream,
        proxying(upstream.url) as proxy,
        connected(proxy.port) as client,
    ):
        client.send(
            b"PUT /no HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc" + GET
        )
        assert (await client.read_response()).status == 401
        assert (await client.read_response()).body == b"ok"
        assert len(upstream.requests) == 1


@on_both_loops
async def test_a_reset_that_nobody_has_noticed_yet_does_not_break_the_end() -> None:
    asked = asyncio.Event()

    async def never_answering(conversation: Conversation) -> None:
        await conversation.read_request()
        asked.set()
        await conversation.gone()

    async with (
        raw_upstream(never_answering) as upstream,
        proxying(upstream.url) as proxy,
        asyncio.timeout(WAIT),
    ):
        with socket.create_connection(("127.0.0.1", proxy.port)) as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESETS)
            client.sendall(GET)
            await asked.wait()
            connection = cast("ClientConnection", proxy.requests[0].connection)
            connection.pause_reading()  # as behind a body that is not taken
        assert not _has_peer(connection)
        async with asyncio.TaskGroup() as group:
            ending = group.create_task(connection.linger())
            await asyncio.sleep(0)
            assert not ending.done()
            ending.cancel()


def _has_peer(connection: ClientConnection) -> bool:
    assert connection.transport is not None
    try:
        connection.transport.get_extra_info("socket").getpeername()
    except OSError:
        return False
    return True


@on_both_loops
async def test_07_a_client_that_resets_at_once_does_not_pass_for_a_unix_socket() -> (
    None
):
    async with raw_upstream(OK) as upstream, proxying(upstream.url) as proxy:
        for _ in range(5):
            with socket.create_connection(("127.0.0.1", proxy.port)) as client:
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESETS)
                client.sendall(GET)
        assert (await exchange(proxy.port, GET)).status == 200
        assert {request.peer for request in proxy.requests} == {"127.0.0.1"}
