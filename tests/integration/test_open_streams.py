"""What is open keeps its session in use and renewed, and ends by Logto's word."""

import asyncio
from dataclasses import replace

import aiohttp
import pytest

from gateway.demo.faults import Fault
from gateway.demo.people import ADA
from gateway.demo.signing_keys import Claims
from tests.support.door import Door
from tests.support.lasting_upstream import lasting_upstream
from tests.support.lasting_world import (
    AT_MOST,
    Socket,
    is_closed,
    lasting_world,
    socket_of,
    works,
)
from tests.support.renewals import (
    grants_alive,
    keep,
    no_refresh_token,
    refreshes,
    rotate,
    tokens_used,
)
from tests.support.whole_world import World, whole_world

REVALIDATE, HOUR = 600, 3600  # seconds
A_LOOK = 0.9  # seconds in which what is open is looked at, and Logto answers
USERINFO = "/.gateway/userinfo"


async def stays_open(socket: Socket) -> None:
    """Hold that *socket* outlives the next look."""
    with pytest.raises(TimeoutError):
        await socket.receive(timeout=A_LOOK)


async def refreshed(world: World, count: int) -> None:
    """Wait until Logto has renewed *count* times."""
    async with asyncio.timeout(AT_MOST):
        while world.logto.requests.count("me") <= count:  # noqa: ASYNC110 - no event
            await asyncio.sleep(0.01)


async def pass_time(world: World, seconds: float) -> None:
    """Let *seconds* of the gateway's clock pass, and a look at what is open."""
    world.clock.at += seconds
    await asyncio.sleep(A_LOOK)


# Logto is asked about who says nothing


@pytest.mark.parametrize("rotation", [True, False])
async def test_an_open_websocket_has_its_session_renewed(*, rotation: bool) -> None:
    async with lasting_world() as world:
        (rotate if rotation else keep)(world.logto)
        await world.sign_in()
        old = world.session_cookie()
        async with socket_of(world) as socket:
            for count in range(1, 4):
                world.clock.at += REVALIDATE
                await refreshed(world, count)
                assert refreshes(world.logto) == count
                await works(socket)
        page = await world.late_comer(old)
        assert (page.status, world.set_cookies(page)) == (200, [world.name])
        assert refreshes(world.logto) == 3, "what was renewed is kept for the browser"
        assert len(tokens_used(world.logto)) == (3 if rotation else 1)
        assert grants_alive(world.logto) == [True]


@pytest.mark.parametrize("target", ["/live/events", "/live/download"])
async def test_so_has_a_stream(target: str) -> None:
    async with lasting_world() as world:
        await world.sign_in()
        headers = {"Cookie": world.browser.cookie_header(world.url())}
        async with (
            aiohttp.ClientSession() as http,
            http.get(world.url(target), headers=headers) as answer,
        ):
            await answer.content.readany()
            world.clock.at += REVALIDATE
            await refreshed(world, 1)
            world.logto.suspended.add("ada")
            world.clock.at += REVALIDATE
            async with asyncio.timeout(AT_MOST):
                with pytest.raises(aiohttp.ClientError):
                    await answer.content.readany()


async def test_twenty_streams_of_a_session_ask_once() -> None:
    async with lasting_world() as world:
        await world.sign_in()
        async with asyncio.TaskGroup() as group:
            open_now, over = asyncio.Semaphore(0), asyncio.Event()

            async def hold() -> None:
                async with socket_of(world) as socket:
                    open_now.release()
                    await over.wait()
                    await works(socket)

            for _ in range(20):
                group.create_task(hold())
            for _ in range(20):
                await open_now.acquire()
            world.clock.at += REVALIDATE
            await refreshed(world, 1)
            await pass_time(world, 0)
            over.set()
        assert refreshes(world.logto) == 1


async def test_logto_is_not_asked_about_streams_of_nobody() -> None:
    async with lasting_upstream() as live:
        route = f'[[routes]]\nupstream = "{live}"\naccess = "public"'
        async with whole_world(route) as world:
            await world.browser.sign_in(world.url("/.gateway/sign-in?rd=/live/none"))
            async with socket_of(world) as socket:
                await pass_time(world, 2 * HOUR)
                await works(socket)
            assert refreshes(world.logto) == 0


async def test_a_session_that_ends_with_its_id_token_ends_its_streams_too() -> None:
    async with lasting_world() as world:
        world.logto.behaviour.token_hook = no_refresh_token
        await world.sign_in()
        async with socket_of(world) as socket:
            world.clock.at += HOUR - 1
            await stays_open(socket)
            world.clock.at += 1
            await is_closed(socket)


# By Logto's word


@pytest.mark.parametrize("gone", ["suspended", "deleted", "revoked"])
async def test_28_who_is_gone_at_logto_is_cut_off_at_the_revalidation(
    gone: str,
) -> None:
    async with lasting_world() as world:
        await world.sign_in()
        old = world.session_cookie()
        async with socket_of(world) as socket:
            if gone == "suspended":
                world.logto.suspended.add("ada")
            elif gone == "deleted":
                world.logto.delete_person("ada")
            else:
                for session in world.logto.tenant.sessions.values():
                    for grant in session.grants.values():
                        grant.alive = False
            world.clock.at += REVALIDATE
            await is_closed(socket)
        assert (await world.late_comer(old)).status == 401
        assert refreshes(world.logto) == 1


def another(claims: Claims) -> None:
    claims["sub"] = "q2m4w0z9k1rd"


async def test_31_another_subject_ends_the_stream() -> None:
    async with lasting_world() as world:
        await world.sign_in()
        async with socket_of(world) as socket:
            world.logto.behaviour.userinfo_hook = another
            world.clock.at += REVALIDATE
            await is_closed(socket)


async def test_29_who_may_not_any_more_is_cut_off_and_stays_signed_in() -> None:
    async with lasting_world(allow='{ emails = ["ada@example.com"] }') as world:
        world.logto.people["ada"] = replace(
            ADA, email="ada@example.com", email_verified=True
        )
        await world.sign_in()
        async with socket_of(world) as socket:
            world.clock.at += REVALIDATE
            await refreshed(world, 1)
            await stays_open(socket)
            world.logto.people["ada"] = ADA
            world.clock.at += REVALIDATE
            await is_closed(socket)
        assert (await world.ask(USERINFO)).status == 200


# Logto is away


async def test_while_logto_is_away_streams_live_on_until_max_age() -> None:
    async with lasting_world('max_age = "1d"') as world:
        await world.sign_in()
        await world.logto.stop()
        async with socket_of(world) as socket:
            for _ in range(3):
                await pass_time(world, 7 * HOUR)
                await works(socket)
            assert (await world.ask(USERINFO)).status == 200
            world.clock.at += 3 * HOUR
            await is_closed(socket)
        assert (await world.ask(USERINFO)).status == 401
        await world.logto.restart()


async def test_a_refresh_that_hangs_delays_no_stream() -> None:
    async with lasting_world(logto_keys='timeout = "0.3s"') as world:
        await world.sign_in()
        door = Door()
        world.logto.faults["token"] = Fault(until=door, times=1)
        async with socket_of(world) as socket:
            world.clock.at += REVALIDATE
            await door.reached.wait()
            await works(socket)
            await stays_open(socket)
            world.clock.at += 60
            await refreshed(world, 1)
            await works(socket)
        door.set()


@pytest.mark.parametrize("rotation", [True, False])
async def test_an_answer_that_was_lost_ends_no_stream(*, rotation: bool) -> None:
    async with lasting_world() as world:
        (rotate if rotation else keep)(world.logto)
        await world.sign_in()
        world.logto.faults["token"] = Fault(drop=True, done=True, times=1)
        async with socket_of(world) as socket:
            world.clock.at += REVALIDATE
            await pass_time(world, 0)
            await works(socket)
        assert grants_alive(world.logto) == [True]


# What is open is in use


async def test_the_idle_time_counts_from_the_end_of_the_stream() -> None:
    async with lasting_world('idle_timeout = "4h"') as world:
        await world.sign_in()
        old = world.session_cookie()
        async with socket_of(world) as socket:
            for _ in range(4):  # a day at the notebook
                await pass_time(world, 3 * HOUR)
                await works(socket)
        world.clock.at += 4 * HOUR - 1
        page = await world.late_comer(old)
        assert (page.status, world.set_cookies(page)) == (200, [world.name])
        world.clock.at += 1
        assert (await world.late_comer(old)).status == 401


async def test_while_logto_is_away_too() -> None:
    async with lasting_world('idle_timeout = "4h"') as world:
        await world.sign_in()
        await world.logto.stop()
        async with socket_of(world) as socket:
            for _ in range(3):
                await pass_time(world, 3 * HOUR)
                await works(socket)
        world.clock.at += 3 * HOUR
        page = await world.ask(USERINFO)
        assert page.status == 200
        assert page.json()["idle_expires_in"] == HOUR
        assert world.set_cookies(page) == [world.name]
        assert world.set_cookies(await world.ask(USERINFO)) == []
        await world.logto.restart()


async def test_requests_beside_a_stream_set_no_more_cookies() -> None:
    async with lasting_world('idle_timeout = "4h"\nrevalidate = "4h"') as world:
        await world.sign_in()
        written = 0
        async with socket_of(world):
            for _ in range(4):
                await pass_time(world, 100)
                written += len(world.set_cookies(await world.ask(USERINFO)))
        assert written == 1


async def test_a_request_beside_a_stream_brings_the_renewed_cookie() -> None:
    async with lasting_world() as world:
        rotate(world.logto)
        await world.sign_in()
        old = world.session_cookie()
        async with socket_of(world):
            world.clock.at += REVALIDATE
            await refreshed(world, 1)
            assert world.set_cookies(await world.ask(USERINFO)) == [world.name]
            assert world.session_cookie() != old
            assert world.set_cookies(await world.ask(USERINFO)) == []
