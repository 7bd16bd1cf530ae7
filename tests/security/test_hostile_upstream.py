"""Attacks 51, 52, 54 and 55: an upstream that is broken or means harm.

It costs one request a 502 or 504, or an answer that is visibly cut; never the process,
never another person's answer.
"""

import asyncio
import contextlib
import gzip
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio

from tests.security.conftest import alarms, size
from tests.support.fortress import HANDSHAKE, Fortress, fortress, raw_request
from tests.support.hostile_upstream import (
    BODIES,
    GOOD,
    HEADS,
    LEAK,
    LEFT_OVERS,
    Behaviour,
    HostileUpstream,
    hostile_upstream,
)
from tests.support.raw_client import connected
from tests.support.raw_upstream import Conversation
from tests.support.strict_http import MalformedError, responses

pytestmark = pytest.mark.asyncio(loop_scope="module")

ROUTES = """
[[routes]]
upstream = "HOSTILE"
allow = "anyone"
timeout = "0.4s"
"""


@dataclass(frozen=True, slots=True)
class Siege:
    """A gateway before a hostile upstream."""

    walls: Fortress
    upstream: HostileUpstream


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def siege(log_lines: Path) -> AsyncIterator[Siege]:
    start = size(log_lines)
    async with (
        hostile_upstream() as upstream,
        fortress(ROUTES.replace("HOSTILE", upstream.url)) as walls,
    ):
        yield Siege(walls, upstream)
    assert alarms(log_lines, start) == []


async def next_person_is_well_served(siege: Siege) -> None:
    """Check that whoever comes next gets their own answer, all of it, and no more."""
    for number in range(3):
        target = b"/fine/%d" % number
        answer = await siege.walls.ask(target, person="bob")
        assert (answer.status, answer.body) == (200, target)


def cases(table: dict[str, Behaviour]) -> list[object]:
    return [pytest.param(one, id=name) for name, one in table.items()]


@pytest.mark.parametrize("behaviour", cases(HEADS))
@pytest.mark.parametrize("upgrade", [False, True], ids=["plain", "upgrade"])
async def test_51_an_answer_that_cannot_be_understood_is_a_502_or_504(
    siege: Siege, behaviour: Behaviour, *, upgrade: bool
) -> None:
    siege.upstream.scripts[b"/hostile"] = behaviour
    answer = await siege.walls.ask(b"/hostile", person="ada", upgrade=upgrade)
    assert answer.status in {502, 504}
    assert LEAK not in answer.body
    assert answer.value(b"Cache-Control") == b"no-store"
    await next_person_is_well_served(siege)


@pytest.mark.parametrize("behaviour", cases(BODIES))
async def test_51_an_answer_that_breaks_off_never_looks_whole(
    siege: Siege, behaviour: Behaviour
) -> None:
    siege.upstream.scripts[b"/hostile"] = behaviour
    cookie = siege.walls.cookies["ada"]
    fields = [(b"Host", siege.walls.host), (b"Cookie", cookie)]
    async with connected(siege.walls.gateway.port) as client:
        client.send(raw_request(b"GET", b"/hostile", fields))
        heard = b""
        with contextlib.suppress(ConnectionError):  # broken off: as it should be
            while (more := await client.read_some()) and len(heard) < 1_000_000:
                heard += more
    with pytest.raises(MalformedError):
        responses(heard or b"HTTP/1.1 nothing")
    assert LEAK not in heard
    await next_person_is_well_served(siege)


@pytest.mark.parametrize("behaviour", cases(LEFT_OVERS))
@pytest.mark.parametrize("method", [b"GET", b"HEAD"])
async def test_51_nobody_gets_what_was_left_of_another_answer(
    siege: Siege, behaviour: Behaviour, method: bytes
) -> None:
    siege.upstream.scripts[b"/hostile"] = behaviour
    fields = [(b"Host", siege.walls.host), (b"Cookie", siege.walls.cookies["ada"])]
    request = raw_request(method, b"/hostile", fields)
    last = raw_request(b"GET", b"/own", [*fields, (b"Connection", b"close")])
    heard = await siege.walls.send(request + last, quiet=5)
    mine, own = responses(heard.data, (method, b"GET"))
    assert mine.status < 400
    assert mine.body in {b"good", b""}
    assert own.body == b"/own"
    await next_person_is_well_served(siege)


async def test_51_nobody_gets_what_comes_late(siege: Siege) -> None:
    answered, sent = asyncio.Event(), asyncio.Event()

    async def behave(conversation: Conversation) -> None:
        await conversation.write(GOOD)
        await answered.wait()
        await conversation.write(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nLEAK")
        sent.set()
        await conversation.gone()

    siege.upstream.scripts[b"/late"] = behave
    answer = await siege.walls.ask(b"/late", person="ada")
    assert answer.body == b"good"
    answered.set()
    await sent.wait()
    await next_person_is_well_served(siege)


async def test_51_an_answer_before_the_request_has_ended_ends_the_connection(
    siege: Siege,
) -> None:
    async def behave(conversation: Conversation) -> None:
        await conversation.write(GOOD)
        await conversation.gone()

    siege.upstream.scripts[b"/early"] = behave
    fields = [
        (b"Host", siege.walls.host),
        (b"Cookie", siege.walls.cookies["ada"]),
        (b"Content-Length", b"1000"),
    ]
    hidden = raw_request(b"GET", b"/hidden", fields[:2])
    async with connected(siege.walls.gateway.port) as client:
        client.send(raw_request(b"POST", b"/early", fields))
        assert (await client.read_response()).body == b"good"
        client.send(hidden)  # still the body: the rest of it was never sent
        assert await client.read_to_end() == b""
    assert all(b"/hidden" not in head.line for head in siege.upstream.heads)
    await next_person_is_well_served(siege)


async def test_51_many_hostile_answers_at_once_leave_the_rest_alone(
    siege: Siege,
) -> None:
    paths = [*siege.upstream.play("head", HEADS), *siege.upstream.play("b", LEFT_OVERS)]
    async with asyncio.TaskGroup() as group:
        asked = [
            group.create_task(siege.walls.ask(path, person="ada")) for path in paths
        ]
        fine = [
            group.create_task(siege.walls.ask(b"/fine/%d" % n, person="bob"))
            for n in range(100)
        ]
    assert {task.result().status for task in asked} <= {200, 204, 205, 304, 502, 504}
    assert [task.result().body for task in fine] == [
        b"/fine/%d" % n for n in range(100)
    ]


@pytest.mark.parametrize("encoding", [b"gzip", b"br", b"deflate, gzip", b"zstd"])
async def test_52_a_bomb_passes_byte_for_byte_both_ways(
    siege: Siege, encoding: bytes
) -> None:
    bomb = gzip.compress(gzip.compress(bytes(200_000_000), 1), 9)
    coded = (b"Content-Encoding", encoding)

    async def behave(conversation: Conversation) -> None:
        taken.append(await conversation.reader.readexactly(len(bomb)))
        head = b"HTTP/1.1 200 OK\r\n%b: %b\r\nContent-Length: %d\r\n\r\n"
        await conversation.write(head % (*coded, len(bomb)) + bomb)

    taken: list[bytes] = []
    siege.upstream.scripts[b"/bomb"] = behave
    answer = await siege.walls.ask(
        b"/bomb", coded, person="ada", method=b"POST", body=bomb
    )
    assert taken == [bomb]
    assert answer.body == bomb
    assert answer.value(b"Content-Encoding") == encoding
    assert siege.upstream.heads[-1].value(b"Content-Encoding") == encoding


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_54_a_redirect_is_relayed_and_cookies_stay_with_who_got_them(
    siege: Siege, status: int
) -> None:
    siege.upstream.scripts[b"/moved"] = (
        b"HTTP/1.1 %d Moved\r\nLocation: /fine/elsewhere\r\n"
        b"Set-Cookie: theirs=ada-only; Path=/\r\nContent-Length: 0\r\n\r\n" % status
    )
    siege.upstream.heads.clear()
    moved = await siege.walls.ask(b"/moved", person="ada")
    assert moved.status == status
    assert moved.value(b"Location") == b"/fine/elsewhere"
    assert moved.value(b"Set-Cookie") == b"theirs=ada-only; Path=/"
    for person in ("bob", "ada"):
        await siege.walls.ask(b"/fine/x", person=person)
    first, *others = siege.upstream.heads
    assert first.line == b"GET /moved HTTP/1.1"
    assert [head.line for head in others] == [b"GET /fine/x HTTP/1.1"] * 2
    assert [head.values(b"Cookie") for head in siege.upstream.heads] == [[], [], []]


@pytest.mark.parametrize("method", [b"POST", b"PUT", b"DELETE", b"PATCH", b"GET"])
@pytest.mark.parametrize("chunked", [False, True], ids=["length", "chunked"])
async def test_55_a_body_is_never_sent_twice(
    siege: Siege, method: bytes, *, chunked: bool
) -> None:
    async def behave(conversation: Conversation) -> None:
        await conversation.reader.readuntil(b"once")
        conversation.reset()

    await next_person_is_well_served(siege)  # there is a connection to reuse
    siege.upstream.heads.clear()
    siege.upstream.scripts[b"/upload"] = behave
    framing = (
        (b"Transfer-Encoding", b"chunked") if chunked else (b"Content-Length", b"4")
    )
    fields = [(b"Host", siege.walls.host), (b"Cookie", siege.walls.cookies["ada"])]
    body = b"4\r\nonce\r\n0\r\n\r\n" if chunked else b"once"
    request = raw_request(method, b"/upload", [*fields, framing]) + body
    heard = await siege.walls.send(request, enough=1)
    (answer,) = responses(heard.data)
    assert answer.status == 502
    assert len(siege.upstream.heads) == 1


async def test_51_a_tunnel_that_breaks_takes_nobody_along(siege: Siege) -> None:
    async def behave(conversation: Conversation) -> None:
        await conversation.write(
            b"HTTP/1.1 101 x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nearly"
        )
        await conversation.reader.readexactly(4)
        conversation.reset()

    siege.upstream.scripts[b"/tunnel"] = behave
    fields = [
        (b"Host", siege.walls.host),
        (b"Cookie", siege.walls.cookies["ada"]),
        (b"Origin", siege.walls.origin),
        *HANDSHAKE,
    ]
    async with connected(siege.walls.gateway.port) as client:
        client.send(raw_request(b"GET", b"/tunnel", fields))
        assert (await client.read_head()).status == 101
        assert await client.read(5) == b"early"
        client.send(b"ping")
        with contextlib.suppress(ConnectionError):  # a reset is passed on as one
            assert await client.read_to_end() == b""
    await next_person_is_well_served(siege)
