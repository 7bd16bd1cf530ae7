"""Sessions that live in a real Redis: signing in, staying, leaving."""

from collections.abc import AsyncIterator

import pytest

from tests.support.redis_server import RedisServer
from tests.support.whole_world import ADA, World, whole_world


@pytest.fixture
async def world(redis: RedisServer) -> AsyncIterator[World]:
    async with whole_world(session=redis.session) as world:
        yield world


async def test_a_sign_in_is_kept_and_found_again(
    world: World, redis: RedisServer
) -> None:
    await world.sign_in("ada")
    assert world.subject == ADA
    assert len(await redis.keys("gateway:session:*")) == 1
    page = await world.open("/again")
    assert (page.status, world.subject) == (200, ADA)
    cookie = world.session_cookie()
    assert cookie is not None
    assert len(cookie) < 300


async def test_signing_out_leaves_nothing_of_the_session(
    world: World, redis: RedisServer
) -> None:
    await world.sign_in("ada")
    await world.sign_out()
    assert await redis.keys("gateway:session:*") == []
    assert await redis.keys("gateway:of:*") == []
