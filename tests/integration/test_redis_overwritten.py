"""A key of ours that somebody overwrote in Redis costs whom it was about alone."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence

import pytest
from structlog.testing import capture_logs

from gateway.demo.faults import Fault
from gateway.sessions.revocations import Whose
from tests.support.redis_server import RedisServer
from tests.support.replicas import PUBLIC, Replicas, replicas
from tests.support.virtual_browser import VirtualBrowser
from tests.support.whole_world import ADA

Foreign = tuple[str, ...]
FOREIGN = {
    "a string": ("SET", "x"),
    "a list": ("RPUSH", "x"),
    "a hash": ("HSET", "a", "x"),
    "a sorted set": ("ZADD", "1", "x"),
}


def by_all_but(own: str) -> pytest.MarkDecorator:
    """Run a test with a value of each type but a key's *own*."""
    others = {name: foreign for name, foreign in FOREIGN.items() if name != own}
    return pytest.mark.parametrize("foreign", others.values(), ids=others)


@pytest.fixture
async def two(redis: RedisServer) -> AsyncIterator[Replicas]:
    async with replicas(redis) as world:
        yield world


async def overwrite(redis: RedisServer, foreign: Foreign, keys: list[str]) -> None:
    """Put *foreign* in the place of *keys*, for ever."""
    assert keys
    command, *values = foreign
    for key in keys:
        await redis.ask("DEL", key)
        await redis.ask(command, key, *values)


def all_serve(two: Replicas, lines: Sequence[Mapping[str, object]]) -> bool:
    """Return whether no gateway took Redis for away, now or before."""
    ready = all(one.gateway.why_not_ready() is None for one in two.gateways)
    return ready and not [line for line in lines if line["event"] == "redis_away"]


@by_all_but("a hash")
async def test_an_overwritten_session_is_over_and_others_go_on(
    two: Replicas, redis: RedisServer, foreign: Foreign
) -> None:
    await two.sign_in(0)
    hers = await redis.keys("gateway:session:*")
    with capture_logs() as lines:
        async with VirtualBrowser(now=two.clock) as bobs:
            await two.sign_in(0, "bob", bobs)
            await overwrite(redis, foreign, hers)
            for _ in range(2):
                assert (await two.ask(1)).status == 401
                assert (await two.ask(1, browser=bobs)).status == 200
            await two.sign_in(1)
            assert two.upstream.last.value("X-Forwarded-User") == ADA
            assert (await two.ask(0)).status == 200
        assert all_serve(two, lines)


@by_all_but("a sorted set")
async def test_an_overwritten_index_is_made_anew_and_revoking_goes_on(
    two: Replicas, redis: RedisServer, foreign: Foreign
) -> None:
    await two.sign_in(0)
    hers = await redis.keys("gateway:of:*")
    with capture_logs() as lines:
        async with VirtualBrowser(now=two.clock) as bobs:
            await two.sign_in(0, "bob", bobs)
            await overwrite(redis, foreign, hers)
            assert (await two.ask(1)).status == 200
            two.lead(1)
            account = await two.browser.navigate(f"{PUBLIC}/.gateway/")
            assert account.status == 200
            assert await two.gateways[0].gateway.revoke(Whose.SUBJECT, ADA)
            async with asyncio.timeout(5):
                while (await two.ask(1)).status != 401:  # noqa: ASYNC110 - it asks anew
                    await asyncio.sleep(0.01)
            assert (await two.ask(1, browser=bobs)).status == 200
            two.clock.at += 1
            await overwrite(redis, foreign, hers)
            await two.sign_in(0)
            assert set(hers) <= set(await redis.keys("gateway:of:*"))
            assert await redis.ask("TYPE", hers[0]) == b"zset"
        assert all_serve(two, lines)


async def test_signing_out_is_done_though_what_it_was_in_is_overwritten(
    two: Replicas, redis: RedisServer
) -> None:
    await two.sign_in(0)
    hers = await redis.keys("gateway:session:*")
    await overwrite(redis, ("SET", "x"), await redis.keys("gateway:of:*"))
    account = await two.browser.navigate(f"{PUBLIC}/.gateway/")
    with capture_logs() as lines:
        assert (await two.browser.click(account, "Sign out")).status == 200
        assert hers
        assert await redis.keys("gateway:session:*") == []
        assert all_serve(two, lines)


@by_all_but("a string")
@pytest.mark.parametrize("whose", [Whose.SUBJECT, Whose.EVERYBODY])
async def test_an_overwritten_mark_refuses_one_sign_in_and_is_gone(
    two: Replicas, redis: RedisServer, foreign: Foreign, whose: Whose
) -> None:
    value = ADA if whose is Whose.SUBJECT else ""
    assert await two.gateways[0].gateway.revoke(whose, value)
    two.clock.at += 1
    await overwrite(redis, foreign, await redis.keys("gateway:mark:*"))
    with capture_logs() as lines:
        await two.sign_in(0)  # Logto knows her: the second goes by itself
        codes = two.logto.requests.of("token", grant_type="authorization_code")
        assert len(codes) == 2
        assert await redis.keys("gateway:mark:*") == []
        assert (await two.ask(1)).status == 200
        assert all_serve(two, lines)


@by_all_but("a sorted set")
async def test_an_overwritten_list_of_marks_is_begun_anew(
    two: Replicas, redis: RedisServer, foreign: Foreign
) -> None:
    await overwrite(redis, foreign, ["gateway:marks"])
    with capture_logs() as lines:
        async with replicas(redis, count=1) as newcomer:
            assert all_serve(newcomer, lines)
        await overwrite(redis, foreign, ["gateway:marks"])
        assert await two.gateways[0].gateway.revoke(Whose.SUBJECT, ADA)
        assert await redis.ask("ZCARD", "gateway:marks") == 1
        assert all_serve(two, lines)


async def test_a_renewal_goes_on_whose_turn_is_overwritten(
    two: Replicas, redis: RedisServer
) -> None:
    await two.sign_in(0)
    (hers,) = await redis.keys("gateway:session:*")
    two.clock.at += 700
    gate = asyncio.Event()
    two.logto.faults["token"] = Fault(until=gate, times=1)
    with capture_logs() as lines:
        async with asyncio.timeout(5), asyncio.TaskGroup() as group:
            asking = group.create_task(two.ask(0))
            while not await redis.keys("gateway:turn:*"):  # noqa: ASYNC110 - as below
                await asyncio.sleep(0.01)
            turn = hers.replace(":session:", ":turn:")
            await overwrite(redis, ("HSET", "a", "x"), [turn])
            gate.set()
        assert asking.result().status == 200
        async with asyncio.timeout(5):
            while await redis.keys("gateway:turn:*"):  # noqa: ASYNC110 - it asks anew
                await asyncio.sleep(0.01)
        assert two.refreshes() == 1
        assert all_serve(two, lines)
