"""Programs: access tokens of Logto instead of a session."""

import contextlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from gateway.authentication.kept import LIFETIME
from tests.support.programs_asking import (
    ORDERS,
    OTHER,
    ROUTES,
    Programs,
    bearer,
    challenge,
    programs_asking,
)
from tests.support.raw_client import RawClient, connected
from tests.support.raw_upstream import Conversation, raw_upstream
from tests.support.whole_world import ADA


@pytest.fixture
async def programs() -> AsyncIterator[Programs]:
    async with programs_asking() as programs:
        yield programs


async def test_a_machine_gets_in_with_the_token_that_logto_gave_it(
    programs: Programs,
) -> None:
    answer = await programs.show(await programs.issued())
    assert (answer.status, answer.body) == (200, b"application")
    reached = programs.world.upstream.last
    assert reached.value("X-Forwarded-User") == "nightly"
    assert reached.value("X-Forwarded-Preferred-Username") is None
    assert reached.value("Authorization") is None


async def test_a_persons_token_speaks_for_the_person(programs: Programs) -> None:
    token = programs.token(sub=ADA, client_id="a-mobile-application")
    assert (await programs.show(token)).status == 200
    assert programs.world.subject == ADA


async def test_programs_get_no_cookies_and_no_redirects(programs: Programs) -> None:
    navigation = (b"Accept", b"text/html"), (b"Sec-Fetch-Mode", b"navigate")
    good = await programs.ask("/api", bearer(programs.token()), *navigation)
    bad = await programs.ask("/api", bearer("x.y.z"), *navigation)
    without = await programs.ask("/api", *navigation)
    assert [one.status for one in (good, bad, without)] == [200, 401, 401]
    for answer in (good, bad, without):
        assert answer.values(b"Set-Cookie") == []
        assert answer.values(b"Location") == []
    for answer in (bad, without):
        assert answer.value(b"Cache-Control") == b"no-store"
        assert answer.value(b"Content-Type") == b"application/json; charset=utf-8"


async def test_without_a_bearer_no_error_is_named(programs: Programs) -> None:
    answer = await programs.ask("/api")
    assert answer.status == 401
    assert challenge(answer) == 'Bearer realm="gateway"'
    assert json.loads(answer.body)["error"] == "bearer_required"


async def test_a_wrong_bearer_says_what_is_wrong_with_it(programs: Programs) -> None:
    answer = await programs.show(programs.token(aud="https://elsewhere.example"))
    assert answer.status == 401
    assert challenge(answer) == (
        'Bearer realm="gateway", error="invalid_token", '
        'error_description="The access token is for another audience."'
    )
    told = json.loads(answer.body)
    assert told["error"] == "invalid_token"
    assert told["message"] == "The access token is for another audience."


async def test_an_opaque_token_is_refused_with_the_way_to_a_better_one(
    programs: Programs,
) -> None:
    answer = await programs.show("x" * 43)
    assert answer.status == 401
    assert "opaque: ask for one with a resource" in challenge(answer)


async def test_a_scope_that_is_missing_is_named(programs: Programs) -> None:
    enough = await programs.show(programs.token(scope="a write:orders"), "/orders")
    assert enough.status == 200
    answer = await programs.show(programs.token(scope="openid"), "/orders")
    assert answer.status == 403
    assert challenge(answer) == (
        'Bearer realm="gateway", error="insufficient_scope", '
        'error_description="The access token lacks a scope that is needed here.", '
        'scope="read:orders write:orders"'
    )


async def test_where_a_scope_would_not_do_none_is_named(programs: Programs) -> None:
    answer = await programs.show(programs.token(sub="another"), "/nightly")
    assert answer.status == 403
    assert answer.values(b"WWW-Authenticate") == []
    assert json.loads(answer.body)["error"] == "forbidden"
    lacking = await programs.show(programs.token(), "/nightly")
    assert 'scope="write:orders"' in challenge(lacking)


async def test_there_is_no_x_account_behind_a_bearer(programs: Programs) -> None:
    identities = {"x": {"userId": "2244994945"}}
    token = programs.token(sub=ADA, identities=identities)
    assert (await programs.show(token, "/x-ids")).status == 403


async def test_a_route_may_ask_for_one_audience(programs: Programs) -> None:
    token = programs.token(aud=OTHER, scope="read:orders")
    assert (await programs.show(token, "/api")).status == 200
    refused = await programs.show(token, "/orders")
    assert refused.status == 401
    assert "another audience" in challenge(refused)
    both = programs.token(aud=[OTHER, ORDERS])
    assert (await programs.show(both, "/orders")).status == 200


async def test_a_bearer_decides_alone_whatever_cookie_comes_with_it(
    programs: Programs,
) -> None:
    world = programs.world
    await world.sign_in()
    cookie = (b"Cookie", world.browser.cookie_header(world.gateway.url).encode())
    by_cookie = await programs.ask("/both", cookie)
    assert (by_cookie.status, world.subject) == (200, ADA)
    both = await programs.ask("/both", cookie, bearer(programs.token()))
    assert (both.status, world.subject) == (200, "nightly")
    assert both.values(b"Set-Cookie") == []
    before = len(world.upstream.requests)
    for wrong in ("x.y.z", programs.token(exp=1)):
        answer = await programs.ask("/both", cookie, bearer(wrong))
        assert answer.status == 401
        assert "invalid_token" in challenge(answer)
    assert (await programs.ask("/api", cookie)).status == 401
    assert len(world.upstream.requests) == before


async def test_an_optional_route_knows_a_bearer_and_refuses_a_wrong_one(
    programs: Programs,
) -> None:
    world = programs.world
    nobody = await programs.ask("/optional")
    assert (nobody.status, world.subject) == (200, None)
    known = await programs.show(programs.token(), "/optional")
    assert (known.status, world.subject) == (200, "nightly")
    assert (await programs.show("x.y.z", "/optional")).status == 401
    for answer in (nobody, known):
        assert answer.values(b"Vary") == [b"Cookie", b"Authorization"]


async def test_a_bearer_may_come_from_a_page_of_another_site(
    programs: Programs,
) -> None:
    """No browser sends it by itself, so there is nothing to forge."""
    cross = (b"Sec-Fetch-Site", b"cross-site"), (b"Origin", b"https://else.example")
    fields = (bearer(programs.token()), *cross, (b"Content-Length", b"0"))
    answer = await programs.ask("/both", *fields, method=b"POST")
    assert answer.status == 200
    assert (await programs.ask("/both", *fields, upgrade=True)).status == 101


@pytest.mark.parametrize("path", ["/", "/public"])
async def test_where_no_bearers_are_taken_authorization_is_the_applications(
    programs: Programs, path: str
) -> None:
    world = programs.world
    await world.sign_in()
    cookie = (b"Cookie", world.browser.cookie_header(world.gateway.url).encode())
    for value in ("Basic YTpi", "Bearer of-the-application", "Bearer"):
        field = (b"Authorization", value.encode())
        assert (await programs.ask(path, cookie, field)).status == 200
        assert world.upstream.last.value("Authorization") == value


async def test_an_application_may_be_sent_the_bearer(programs: Programs) -> None:
    token = programs.token()
    assert (await programs.show(token, "/passed")).status == 200
    assert programs.world.upstream.last.value("Authorization") == f"Bearer {token}"


async def test_a_token_is_verified_once_until_it_ends(programs: Programs) -> None:
    world, token = programs.world, programs.token()
    for _ in range(5):
        assert (await programs.show(token)).status == 200
    assert world.logto.requests.count("jwks") == 1
    world.clock.at += 3600 + 59
    assert (await programs.show(token)).status == 200
    world.clock.at += 1
    answer = await programs.show(token)
    assert answer.status == 401
    assert "has expired" in challenge(answer)


async def test_a_token_ends_with_the_key_that_signed_it(programs: Programs) -> None:
    world, token = programs.world, programs.token()
    assert (await programs.show(token)).status == 200
    world.logto.keys.rotate(forget=True)
    # A token of the new key makes the keys be fetched, and what they vouched for ends.
    assert (await programs.show(programs.token())).status == 200
    answer = await programs.show(token)
    assert answer.status == 401
    assert "a key that Logto does not list" in challenge(answer)


async def test_a_key_that_is_gone_is_noticed_without_a_new_token(
    programs: Programs,
) -> None:
    world, token = programs.world, programs.token()
    assert (await programs.show(token)).status == 200
    world.logto.keys.rotate(forget=True)
    world.clock.at += LIFETIME
    assert (await programs.show(token)).status == 401


async def test_logto_being_away_says_nothing_against_a_token(
    programs: Programs,
) -> None:
    world, known, new = programs.world, programs.token(), programs.token(jti="new")
    await world.logto.stop()
    answer = await programs.show(known)
    assert answer.status == 503
    assert answer.value(b"Retry-After") == b"5"
    assert json.loads(answer.body)["error"] == "temporarily_unavailable"
    await world.logto.restart()
    assert (await programs.show(known)).status == 200
    await world.logto.stop()
    world.clock.at += LIFETIME
    assert (await programs.show(known)).status == 200
    assert (await programs.show(new)).status == 200


SWITCHING = (
    b"HTTP/1.1 101 Yes\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"
)
CLOSE = b"\x88\x15\x03\xf0the session is over"  # 1008


async def stays_open(conversation: Conversation) -> None:
    """Switch to WebSocket, and say nothing until the other end is gone."""
    await conversation.read_request()
    await conversation.write(SWITCHING)
    with contextlib.suppress(ConnectionError):
        await conversation.reader.read()


@asynccontextmanager
async def open_socket() -> AsyncIterator[tuple[Programs, RawClient]]:
    """Give a WebSocket that a program has opened with its token."""
    async with (
        raw_upstream(stays_open) as upstream,
        programs_asking(ROUTES.replace("UPSTREAM", upstream.url)) as programs,
        connected(programs.world.gateway.port) as client,
    ):
        client.send(programs.head("/api", bearer(programs.token()), upgrade=True))
        assert (await client.read_head()).status == 101
        yield programs, client


async def test_28_a_websocket_ends_with_its_token() -> None:
    async with open_socket() as (programs, client):
        programs.world.clock.at += 3600 + 60
        assert await client.read_to_end() == CLOSE


async def test_28_a_websocket_ends_when_whoever_opened_it_is_revoked() -> None:
    async with open_socket() as (programs, client):
        await programs.revoke("nightly")
        assert await client.read_to_end() == CLOSE


async def test_28_whoever_is_revoked_is_out_with_older_tokens(
    programs: Programs,
) -> None:
    world, old = programs.world, programs.token()
    assert (await programs.show(old)).status == 200
    world.clock.at += 10
    await programs.revoke("nightly")
    answer = await programs.show(old)
    assert answer.status == 401
    assert "was revoked" in challenge(answer)
    world.clock.at += 1
    assert (await programs.show(programs.token())).status == 200
