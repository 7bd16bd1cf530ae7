"""Attack 56: clients that take connections, heads and bodies slowly, or without end.

The outcome only: whoever else comes is served meanwhile.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import pytest

from tests.support.fortress import BOB, Fortress, raw_request
from tests.support.raw_client import RawClient
from tests.support.strict_http import responses

pytestmark = pytest.mark.asyncio(loop_scope="module")

MANY = 300
PATIENCE = 5.0


@asynccontextmanager
async def connected_from(port: int, number: int) -> AsyncIterator[RawClient]:
    """Yield a client of *port* at one of a hundred addresses."""
    source = (f"127.0.0.{number % 100 + 2}", 0)
    reader, writer = await asyncio.open_connection(
        "127.0.0.1", port, local_addr=source, limit=4 * 1024 * 1024
    )
    try:
        yield RawClient(reader, writer)
    finally:
        writer.transport.abort()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


@asynccontextmanager
async def crowd(walls: Fortress, data: bytes) -> AsyncIterator[list[RawClient]]:
    """Yield many clients who have each sent *data* and say no more."""
    async with AsyncExitStack() as stack:
        clients = []
        for number in range(MANY):
            client = connected_from(walls.gateway.port, number)
            clients.append(await stack.enter_async_context(client))
            clients[-1].send(data)
        yield clients


async def others_are_served(walls: Fortress) -> None:
    """Check that people at our address and at new ones are served, all at once."""
    async with asyncio.timeout(PATIENCE), asyncio.TaskGroup() as group:
        asked = [
            group.create_task(walls.ask(b"/x/%d" % number, person="bob"))
            for number in range(20)
        ]
        group.create_task(walls.ask(b"/x", person="bob", upgrade=True))
        page = group.create_task(walls.ask(b"/.gateway/"))
    assert [one.result().body for one in asked] == [
        b"application /x/%d" % number for number in range(20)
    ]
    assert page.result().status == 200
    named = {one.value(b"X-Forwarded-User") for one in walls.upstream.requests}
    assert named == {BOB}


SLOW = {
    "say nothing": b"",
    "say half a line": b"GET /pub",
    "say half a head": b"GET /public/x HTTP/1.1\r\nHost: HOST\r\nX-A: b",
    "send head after head": b"GET /.gateway/healthz HTTP/1.1\r\nHost: HOST\r\n\r\n",
    "owe a body to us": b"POST /.gateway/sign-out HTTP/1.1\r\nHost: HOST\r\n"
    b"Content-Length: 1000\r\n\r\nhalf",
    "owe a body that is not wanted": b"POST /x HTTP/1.1\r\nHost: HOST\r\n"
    b"Content-Length: 1000000\r\n\r\nhalf",
    "owe a chunk that is not wanted": b"POST /x HTTP/1.1\r\nHost: HOST\r\n"
    b"Transfer-Encoding: chunked\r\n\r\nfffff\r\nhalf",
}


@pytest.mark.parametrize("data", SLOW.values(), ids=SLOW)
async def test_56_others_are_served_while_many(walls: Fortress, data: bytes) -> None:
    async with crowd(walls, data.replace(b"HOST", walls.host)):
        await others_are_served(walls)


async def test_56_others_are_served_while_many_owe_a_body_to_the_application(
    walls: Fortress,
) -> None:
    head = b"POST /public/x HTTP/1.1\r\nHost: %b\r\nContent-Length: 9\r\n\r\nhalf"
    async with crowd(walls, head % walls.host) as clients:
        await others_are_served(walls)
        assert walls.upstream.targets.count(b"/public/x") == 0
        for client in clients[:3]:  # and who goes on is served as well
            client.send(b"-done")
            assert (await client.read_response()).status == 200
    assert walls.upstream.last.body == b"half-done"


async def test_56_others_are_served_while_many_do_not_read(walls: Fortress) -> None:
    body = b"x" * 500_000
    head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body)
    walls.upstream.answers[b"/public/big"] = head + body
    asks = raw_request(b"GET", b"/public/big", [(b"Host", walls.host)])
    async with crowd(walls, asks) as clients:
        for client in clients:
            client.writer.transport.pause_reading()  # type: ignore[attr-defined]
        walls.upstream.requests.clear()
        answer = await walls.ask(b"/x", person="bob")
        assert answer.body == b"application /x"


async def test_56_who_asks_without_end_is_answered_at_their_own_pace(
    walls: Fortress,
) -> None:
    one = raw_request(b"GET", b"/public/x", [(b"Host", walls.host)])
    async with connected_from(walls.gateway.port, 1) as greedy:
        greedy.send(one * 20_000)  # and reads nothing
        answer = await walls.ask(b"/x", person="bob")
        assert answer.body == b"application /x"
        assert len(walls.upstream.requests) < 20_000


async def test_56_pipelined_requests_are_answered_in_order(walls: Fortress) -> None:
    sent = b"".join(
        raw_request(b"GET", b"/public/%d" % number, [(b"Host", walls.host)])
        for number in range(200)
    )
    last = raw_request(
        b"GET", b"/public/last", [(b"Host", walls.host), (b"Connection", b"close")]
    )
    heard = await walls.send(sent + last, quiet=PATIENCE)
    bodies = [answer.body for answer in responses(heard.data)]
    assert bodies[:-1] == [b"application /public/%d" % number for number in range(200)]
    assert bodies[-1] == b"application /public/last"


@pytest.mark.parametrize(
    ("data", "status"),
    [
        pytest.param(b"X-A: " + b"b" * 70_000, 431, id="a line too long"),
        pytest.param(b"X-A: b\r\n" * 10_000, 431, id="lines without end"),
        pytest.param(b"X-A: b\r\n" * 201 + b"\r\n", 431, id="too many fields"),
        pytest.param(b"Cookie: " + b"a=b; " * 20_000, 431, id="cookies without end"),
    ],
)
async def test_56_a_head_without_end_is_refused(
    walls: Fortress, data: bytes, status: int
) -> None:
    head = b"GET /public/x HTTP/1.1\r\nHost: %b\r\n" % walls.host
    heard = await walls.send(head + data, quiet=PATIENCE)
    (answer,) = responses(heard.data)
    assert (answer.status, heard.closed) == (status, True)
    assert walls.upstream.requests == []


async def test_56_a_target_without_end_is_refused(walls: Fortress) -> None:
    heard = await walls.send(b"GET /" + b"a" * 70_000, quiet=PATIENCE)
    assert heard.data.startswith(b"HTTP/1.1 4")
    assert heard.closed
    for byte in (
        b"\x00",
        b"\x16\x03\x01",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"\xff",
    ):
        heard = await walls.send(byte * 1000, quiet=PATIENCE)
        assert heard.closed
        assert heard.data[:10] in {b"HTTP/1.1 4", b"HTTP/1.1 5", b""}
    await others_are_served(walls)
