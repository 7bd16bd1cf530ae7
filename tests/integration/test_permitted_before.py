"""Whoever was permitted a moment ago is so again at once, and no more than that."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from tests.support.fortress import HANDSHAKE, raw_request
from tests.support.raw_client import RawResponse, connected
from tests.support.strict_http import Field
from tests.support.whole_world import ADA, World, whole_world

ROUTES = """
[[routes]]
upstream = "UPSTREAM"
allow = "anyone"
[[routes]]
path = "/bob"
upstream = "UPSTREAM"
allow = { x_usernames = ["bob_example"] }
[[routes]]
path = "/danger"
upstream = "UPSTREAM"
allow = "anyone"
require = { signed_in_within = "1m" }
[[routes]]
path = "/both"
upstream = "UPSTREAM"
allow = "anyone"
credentials = ["session", "bearer"]
[[routes]]
path = "/public"
upstream = "UPSTREAM"
access = "public"
"""
HOSTS = """
[[routes]]
host = "*.example.com"
upstream = "UPSTREAM"
access = "optional"
"""
TARGETS = ("/", "/danger", "/both", "/public")
EVIL: Field = (b"Origin", b"https://evil.example")
WRONG: Field = (b"Authorization", b"Bearer x.y.z")
RESOURCES = 'resources = ["https://api.example.com"]'


async def ask(
    world: World,
    target: str,
    *fields: Field,
    method: bytes = b"GET",
    host: str = "",
    cookie: str | None = None,
) -> RawResponse:
    """Ask with the same Cookie field as always, and as no browser's page."""
    sent: list[Field] = [
        (b"Host", (host or world.gateway.url.partition("//")[2]).encode()),
        (b"Cookie", f"{world.name}={cookie or world.session_cookie()}".encode()),
        *fields,
    ]
    async with connected(world.gateway.port) as client:
        client.send(raw_request(method, target.encode(), sent))
        return await client.read_response()


@pytest.fixture
async def world() -> AsyncIterator[World]:
    """A world in which Ada was permitted all that she may, more than once."""
    async with whole_world(ROUTES, logto_keys=RESOURCES) as world:
        await world.sign_in()
        for target in TARGETS * 3:
            answer = await ask(world, target)
            assert (answer.status, answer.values(b"Set-Cookie")) == (200, []), target
        yield world


@pytest.mark.parametrize(
    "request_",
    [
        pytest.param(
            lambda world: ask(world, "/", EVIL, method=b"POST"), id="another site"
        ),
        pytest.param(lambda world: ask(world, "/", *HANDSHAKE, EVIL), id="its socket"),
        pytest.param(lambda world: ask(world, "/bob"), id="a route for others"),
        pytest.param(lambda world: ask(world, "/both", WRONG), id="a wrong bearer"),
    ],
)
async def test_it_opens_nothing_else(
    world: World, request_: Callable[[World], Awaitable[RawResponse]]
) -> None:
    reached = len(world.upstream.requests)
    for _ in range(2):
        assert (await request_(world)).status in (401, 403)
    assert len(world.upstream.requests) == reached
    for target in ("/", "/both"):
        assert (await ask(world, target)).status == 200
        assert world.subject == ADA


async def test_at_another_host_of_the_same_route_it_is_nobody() -> None:
    async with whole_world(HOSTS, public_url="https://app.example.com") as world:
        await world.browser.sign_in(world.url("/.gateway/sign-in"))
        for host, subject in (("app", ADA), ("other", None)) * 3:
            await ask(world, "/", host=f"{host}.example.com")
            assert world.subject == subject


async def test_a_public_route_is_still_told_nobody(world: World) -> None:
    assert (await ask(world, "/public")).status == 200
    assert world.subject is None


async def test_a_sign_in_gets_too_old_all_the_same(world: World) -> None:
    world.clock.at += 60
    assert (await ask(world, "/danger")).status == 401
    assert (await ask(world, "/")).status == 200


async def test_an_old_cookie_of_who_signed_out_opens_nothing(world: World) -> None:
    cookie = world.session_cookie()
    await world.sign_out()
    for target in TARGETS:
        status = 200 if target == "/public" else 401
        assert (await ask(world, target, cookie=cookie)).status == status


async def test_a_clock_that_was_set_back_opens_nothing(world: World) -> None:
    world.clock.at -= 61
    assert (await ask(world, "/")).status == 401


@pytest.mark.parametrize(
    ("after", "written"),
    [
        pytest.param(0, 0, id="nothing"),
        pytest.param(600, 1, id="the session was renewed"),
    ],
)
async def test_the_answers_head_knows_what_came_after_the_request(
    world: World, after: int, written: int
) -> None:
    cookie = world.session_cookie()
    world.upstream.door.clear()
    world.upstream.door.reached.clear()
    async with asyncio.TaskGroup() as group:
        asking = group.create_task(ask(world, "/", cookie=cookie))
        await world.upstream.door.reached.wait()
        world.clock.at += after
        page = await world.open("/.gateway/userinfo")  # which has it renewed
        assert page.status == 200
        world.upstream.door.set()
    answer = asking.result()
    assert answer.status == 200
    assert len(answer.values(b"Set-Cookie")) == written


async def test_the_answer_to_who_signed_out_meanwhile_writes_no_cookie(
    world: World,
) -> None:
    world.clock.at += 299
    cookie = world.session_cookie()
    assert (await ask(world, "/")).values(b"Set-Cookie") == []
    world.clock.at += 1
    world.upstream.door.clear()
    world.upstream.door.reached.clear()
    async with asyncio.TaskGroup() as group:
        asking = group.create_task(ask(world, "/", cookie=cookie))
        await world.upstream.door.reached.wait()
        await world.sign_out()
        world.upstream.door.set()
    assert asking.result().values(b"Set-Cookie") == []
