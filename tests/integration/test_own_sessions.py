"""The account page lists where somebody is signed in, and ends it there."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from tests.support.redis_server import RedisServer
from tests.support.virtual_browser import VirtualBrowser
from tests.support.whole_world import World, whole_world


@pytest.fixture
async def world(redis: RedisServer) -> AsyncIterator[World]:
    async with whole_world(session=redis.session) as world:
        yield world


async def is_in(world: World, browser: VirtualBrowser) -> bool:
    page = await browser.fetch(world.url("/"), redirect=False)
    return page.status == 200


async def test_one_ends_a_session_in_another_browser(world: World) -> None:
    await world.sign_in()
    world.clock.at += 7200
    async with VirtualBrowser(now=world.clock) as other:
        await other.sign_in(world.url("/"))
        account = await other.navigate(world.url("/.gateway/"))
        assert account.text.count("This browser") == 1
        assert "Last seen 2 hours ago" in account.text
        assert account.text.count("Sign out there") == 1
        after = await other.click(account, "Sign out there")
        assert (after.status, after.url) == (200, world.url("/.gateway/"))
        assert "Sign out there" not in after.text
        assert await is_in(world, other)
        assert not await is_in(world, world.browser)


async def test_everywhere_is_everywhere(world: World, redis: RedisServer) -> None:
    await world.sign_in()
    async with VirtualBrowser(now=world.clock) as other:
        await other.sign_in(world.url("/"))
        account = await other.navigate(world.url("/.gateway/"))
        await other.click(account, "Sign out everywhere")
        assert not await is_in(world, world.browser)
        assert await redis.keys("gateway:session:*") == []


async def test_the_list_tells_when_a_session_was_last_in_use(world: World) -> None:
    await world.sign_in()
    async with VirtualBrowser(now=world.clock) as other:
        await other.sign_in(world.url("/"))
        world.clock.at += 3600
        assert await is_in(world, world.browser)
        async with asyncio.timeout(5):  # Redis is told while nobody waits
            while (  # noqa: ASYNC110 - it asks anew
                "Seen just now"
                not in (await other.navigate(world.url("/.gateway/"))).text
            ):
                await asyncio.sleep(0.01)


async def test_with_cookies_there_is_no_list() -> None:
    async with whole_world() as world:
        await world.sign_in()
        account = await world.open("/.gateway/")
        assert "Where you are signed in" not in account.text
        form = [("choice", "anything")]
        page = await world.browser.navigate(
            world.url("/.gateway/sessions"), came_from=account, form=form
        )
        assert page.url == world.url("/.gateway/")
        assert "You are signed in" in page.text
