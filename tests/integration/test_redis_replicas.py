"""Two gateways that share a Redis: one session, one refresh, one sign-out."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import aiohttp
import pytest

from gateway.demo.calling_back import logout_token
from gateway.operations.order import Order
from gateway.sessions.revocations import Whose
from tests.support.configuration import OTHER_KEY
from tests.support.lasting_upstream import lasting_upstream
from tests.support.lasting_world import is_closed, with_live, works
from tests.support.orders import give_order
from tests.support.redis_server import RedisServer
from tests.support.renewals import grants_alive, rotate
from tests.support.replicas import PUBLIC, Replicas, replicas
from tests.support.running_gateway import KEY
from tests.support.virtual_browser import VirtualBrowser
from tests.support.whole_world import ADA

EXPIRED = 3600  # seconds after the sign-in
FELT_WITHIN = 1.0  # seconds, of the real clock


@pytest.fixture
async def two(redis: RedisServer) -> AsyncIterator[Replicas]:
    async with replicas(redis) as world:
        yield world


async def out_within(two: Replicas, place: int, begun: float) -> float:
    """Return how long after *begun* the gateway at *place* lets nobody in."""
    clock = asyncio.get_running_loop().time
    async with asyncio.timeout(10):
        while (await two.ask(place)).status != 401:  # noqa: ASYNC110 - it asks anew
            await asyncio.sleep(0.01)
    return clock() - begun


async def test_a_session_begun_at_one_is_served_by_the_other(two: Replicas) -> None:
    await two.sign_in(0)
    assert (await two.ask(1)).status == 200
    assert two.upstream.last.value("X-Forwarded-User") == ADA


async def test_40_a_hundred_requests_at_expiry_over_both_refresh_once(
    two: Replicas,
) -> None:
    await two.sign_in(0)
    async with VirtualBrowser(now=two.clock) as twin:
        twin.cookies = two.browser.cookies
        two.lead(1, twin)
        two.clock.at += EXPIRED
        async with asyncio.TaskGroup() as group:
            asking = [
                group.create_task(browser.fetch(f"{PUBLIC}/{number}"))
                for number in range(50)
                for browser in (two.browser, twin)
            ]
    assert [task.result().status for task in asking] == [200] * 100
    assert two.refreshes() == 1


async def test_a_session_renewed_by_one_is_not_renewed_by_the_other(
    two: Replicas,
) -> None:
    await two.sign_in(0)
    for place in (0, 1, 0, 1):
        two.clock.at += EXPIRED
        assert (await two.ask(place)).status == 200
        assert (await two.ask(1 - place)).status == 200
    assert two.refreshes() == 4


async def test_with_rotation_on_no_token_is_used_twice_over_both(
    two: Replicas,
) -> None:
    rotate(two.logto)
    await two.sign_in(0)
    for place in (1, 0, 1, 0, 1):
        two.clock.at += 610
        assert (await two.ask(place)).status == 200
        assert (await two.ask(1 - place)).status == 200
    assert grants_alive(two.logto) == [True]


async def sign_out(two: Replicas) -> None:
    """Sign out at the first gateway, and keep a copy of the cookie all the same."""
    (kept,) = [c for c in two.browser.cookies.all(two.clock()) if c.name == two.name]
    two.lead(0)
    account = await two.browser.navigate(f"{PUBLIC}/.gateway/")
    await two.browser.click(account, "Sign out")
    planted = f"{kept.name}={kept.value}; Path=/; Secure"
    two.browser.cookies.store(PUBLIC, [planted], two.clock())


def order(whose: Whose, value: str) -> Callable[[Replicas], Awaitable[object]]:
    """Return what revokes by the operator's order at the first gateway."""

    async def give(two: Replicas) -> object:
        told = await give_order(
            Order(whose, value, two.clock.at), two.gateways[0].admin
        )
        assert told == (200, "done\n")
        return None

    return give


async def log_out(two: Replicas) -> None:
    """Have Logto tell the first gateway that the person signed out elsewhere."""
    token = logout_token(two.logto.tenant, two.logto.client, ADA, None)
    address = f"http://127.0.0.1:{two.gateways[0].port}/.gateway/backchannel-logout"
    async with (
        aiohttp.ClientSession() as http,
        http.post(
            address, data={"logout_token": token}, headers={"Host": "app.example.com"}
        ) as told,
    ):
        assert told.status == 200, await told.text()


WAYS = [
    pytest.param(sign_out, id="sign-out"),
    pytest.param(log_out, id="logout token"),
    pytest.param(order(Whose.SUBJECT, ADA), id="revoked by subject"),
    pytest.param(order(Whose.X_ID, "2244994945"), id="revoked by X id"),
    pytest.param(order(Whose.EVERYBODY, ""), id="everybody revoked"),
]


@pytest.mark.parametrize("end", WAYS)
async def test_28_who_is_out_at_one_is_out_at_the_other_within_a_second(
    two: Replicas, redis: RedisServer, end: Callable[[Replicas], Awaitable[object]]
) -> None:
    await two.sign_in(0)
    assert (await two.ask(1)).status == 200  # it knows the session now
    begun = asyncio.get_running_loop().time()
    await end(two)
    assert await out_within(two, 1, begun) < FELT_WITHIN
    assert await redis.keys("gateway:session:*") == []
    assert await redis.keys("gateway:of:*") == []


@pytest.mark.parametrize("end", WAYS)
async def test_28_a_websocket_at_the_other_is_closed_with_1008(
    redis: RedisServer, end: Callable[[Replicas], Awaitable[object]]
) -> None:
    async with (
        lasting_upstream() as live,
        replicas(redis, routes=with_live(live)) as two,
    ):
        await two.sign_in(0)
        async with two.socket(1) as socket:
            await works(socket)
            await end(two)
            await is_closed(socket)


async def test_others_stay_when_one_person_is_revoked(two: Replicas) -> None:
    await two.sign_in(0)
    async with VirtualBrowser(now=two.clock) as bobs:
        await two.sign_in(1, "bob", bobs)
        await order(Whose.SUBJECT, ADA)(two)
        assert (await two.ask(0)).status == 401
        assert (await two.ask(0, browser=bobs)).status == 200


async def test_who_signs_in_after_a_revocation_is_in(two: Replicas) -> None:
    await two.sign_in(0)
    await order(Whose.SUBJECT, ADA)(two)
    assert (await two.ask(1)).status == 401
    two.clock.at += 0.2  # within the same second
    await two.sign_in(1)
    assert (await two.ask(0)).status == 200


async def test_21_a_callback_is_good_once_for_both(two: Replicas) -> None:
    page = await two.browser.sign_in(
        f"{PUBLIC}/", "ada", until=f"{PUBLIC}/.gateway/callback"
    )
    assert page.location is not None
    attempts = two.browser.cookie_header(PUBLIC + "/")
    done = await two.browser.navigate(page.location)
    assert done.status == 200
    two.lead(1)
    async with VirtualBrowser(now=two.clock, published=two.browser.published) as thief:
        planted = [f"{one}; Path=/; Secure" for one in attempts.split("; ")]
        thief.cookies.store(PUBLIC, planted, two.clock())
        again = await thief.navigate(page.location)
    assert again.status == 400


async def test_a_rotated_key_ring_signs_nobody_out(redis: RedisServer) -> None:
    old, new = f'["{KEY}", "{OTHER_KEY}"]', f'["{OTHER_KEY}", "{KEY}"]'
    only = f'["{OTHER_KEY}"]'
    async with replicas(redis, old, new, only) as world:
        await world.sign_in(0)
        assert (await world.ask(2)).status == 401  # the cookie is of the old key
        answer = await world.ask(1)
        assert answer.status == 200
        assert len(answer.headers("set-cookie")) == 1
        assert (await world.ask(2)).status == 200
        assert (await world.ask(0)).status == 200
        await order(Whose.SUBJECT, ADA)(world)  # by the index under the old key
        assert (await world.ask(0)).status == 401
        assert (await world.ask(2)).status == 401


async def test_a_restart_remembers_who_was_revoked(redis: RedisServer) -> None:
    async with replicas(redis, count=1) as first:
        await first.sign_in(0)
        await order(Whose.SUBJECT, ADA)(first)
        kept = first.browser.cookies
        at = first.clock.at
    async with replicas(redis, count=1) as second:
        second.clock.at = at
        second.browser.cookies = kept
        assert (await second.ask(0)).status == 401
