"""Attacks 50 and 53: requests that two parsers may cut differently.

One request in is at most one request upstream, with our fields on it; whatever is
ambiguous is refused and its connection closed.  What is one request, says a parser of
the tests' own.
"""

import asyncio
import re
from dataclasses import dataclass

import pytest

from tests.support.fortress import ADA, Fortress, Heard
from tests.support.smuggling import Payload, payloads
from tests.support.strict_http import MalformedError, Message, responses, take_request

pytestmark = pytest.mark.asyncio(loop_scope="module")

AT_ONCE = 200
PATIENCE = 4.0  # seconds of silence, on a busy machine
PARTS = 2


@dataclass(frozen=True, slots=True)
class Expected:
    """The requests that surely are in a payload, and whether something else follows."""

    requests: list[Message]
    malformed: bool


def expected(payload: Payload) -> Expected:
    """Return what *payload* means to somebody strict."""
    found: list[Message] = []
    data = payload.data
    try:
        while (taken := take_request(data)) is not None:
            request, data = taken
            found.append(request)
            if ends_the_connection(request):
                break
    except MalformedError:
        return Expected(found, malformed=True)
    return Expected(found, malformed=False)


def ends_the_connection(request: Message) -> bool:
    options = b",".join(request.values(b"connection")).lower()
    if request.start.endswith(b"1.0"):
        return b"keep-alive" not in options
    return b"close" in options or (b"upgrade" in options and is_handshake(request))


def is_handshake(request: Message) -> bool:
    upgrade = {value.lower() for value in request.values(b"upgrade")}
    has_body = request.body or request.values(b"transfer-encoding")
    return request.method == b"GET" and upgrade == {b"websocket"} and not has_body


def what(request: Message) -> tuple[bytes, bytes, bytes]:
    return request.method, request.target, request.body


async def attack(walls: Fortress, attacks: list[Payload]) -> dict[bytes, Heard]:
    """Send *attacks*, several at once; return what was heard, by number."""
    heard: dict[bytes, Heard] = {}
    waiting = iter(attacks)

    async def sender() -> None:
        for payload in waiting:
            heard[number_of(payload)] = await walls.send(payload.data, quiet=PATIENCE)

    async with asyncio.TaskGroup() as group:
        for _ in range(AT_ONCE):
            group.create_task(sender())
    return heard


def number_of(payload: Payload) -> bytes:
    """Return the number in *payload*: the last request in it asks for it."""
    return payload.data.rpartition(b"/last")[0][-7:]


@pytest.mark.parametrize("part", range(PARTS))
async def test_50_53_one_request_in_is_at_most_one_request_upstream(
    walls: Fortress, part: int
) -> None:
    attacks = payloads(walls.host, walls.cookies["ada"])[part::PARTS]
    heard = await attack(walls, attacks)
    seen: dict[bytes, list[Message]] = {number_of(attack): [] for attack in attacks}
    for request in walls.upstream.requests:
        (number,) = re.findall(rb"no[0-9]{5}", request.target)
        seen[number].append(request)
    for payload in attacks:
        number = number_of(payload)
        check_requests(walls, payload, seen[number])
        check_answers(payload, heard[number], seen[number])
    assert walls.upstream.complaints == []


def check_requests(walls: Fortress, payload: Payload, seen: list[Message]) -> None:
    """Check that the upstream has seen what was asked, in order, with our fields."""
    meant = iter(expected(payload).requests)
    for request in seen:
        asked = next((one for one in meant if what(one) == what(request)), None)
        assert asked is not None, (request, payload)
        signed_in = any(
            walls.cookie_name in cookie for cookie in asked.values(b"cookie")
        )
        identity = ADA if signed_in else None
        assert request.value(b"X-Forwarded-User") == identity, payload
        assert request.value(b"X-Forwarded-For") == b"127.0.0.1", payload
        assert request.value(b"X-Request-Id"), payload
        assert request.value(b"Host") == walls.host, payload


def check_answers(payload: Payload, heard: Heard, seen: list[Message]) -> None:
    """Check that everybody got their own answers, and no more than those."""
    answers = responses(heard.data, tuple(request.method for request in seen))
    relayed = [answer for answer in answers if answer.status in {101, 200}]
    assert len(relayed) == len(seen), payload
    for answer, request in zip(relayed, seen, strict=True):
        assert answer.status == 101 or answer.body.endswith(request.target), payload
    if expected(payload).malformed:
        assert heard.closed, payload
        assert len(answers) == len(seen) or answers[-1].status >= 400, payload


async def test_53_the_payloads_are_many_and_some_of_them_pass(walls: Fortress) -> None:
    every = payloads(walls.host, walls.cookies["ada"])
    assert len(every) > 4756
    assert len({number_of(payload) for payload in every}) == len(every)
    meant = [expected(payload) for payload in every]
    assert sum(one.malformed for one in meant) > 3000
    whole = [p for p, one in zip(every, meant, strict=True) if not one.malformed][::20]
    for payload in whole:
        walls.upstream.forget()
        heard = await walls.send(payload.data)
        served = [what(request) for request in walls.upstream.requests]
        refused = [one for one in responses(heard.data) if one.status >= 400]
        assert served or refused or not heard.data, payload
