"""Sessions that last: renewed once, by nobody's leaving lost, ended by Logto's word."""

import asyncio
from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from gateway.demo.faults import Fault
from gateway.demo.people import ADA
from gateway.demo.signing_keys import Claims, Header
from tests.support.door import Door
from tests.support.renewals import (
    grants_alive,
    keep,
    no_refresh_token,
    refreshes,
    rotate,
    tokens_used,
)
from tests.support.running_gateway import KEY, anyone, running_gateway
from tests.support.virtual_browser import Page, VirtualBrowser
from tests.support.whole_world import World, whole_world

NOT_YET, DUE, OVERDUE, EXPIRED = 479, 571, 600, 3600  # seconds after the sign-in
QUICK = 'timeout = "0.3s"'
LOST = Fault(drop=True, done=True, times=3)  # and both tries that follow at once


async def is_asked_to_sign_in(world: World) -> bool:
    reached = len(world.upstream.requests)
    page = await world.browser.fetch(world.url("/"), redirect=False)
    return page.status == 401 and len(world.upstream.requests) == reached


# Once, for everybody


async def test_40_a_hundred_requests_at_expiry_refresh_once() -> None:
    async with whole_world() as world:
        await world.sign_in()
        world.clock.at += EXPIRED
        async with asyncio.TaskGroup() as group:
            asking = [
                group.create_task(world.browser.fetch(world.url(f"/{n}")))
                for n in range(100)
            ]
        assert [task.result().status for task in asking] == [200] * 100
        assert refreshes(world.logto) == 1
        assert len(world.upstream.requests) == 101


@pytest.mark.parametrize(
    ("after", "count"), [(NOT_YET, 0), (DUE, 1), (OVERDUE, 1), (EXPIRED, 1)]
)
async def test_when_logto_is_asked_again(after: int, count: int) -> None:
    async with whole_world() as world:
        await world.sign_in()
        world.clock.at += after
        for _ in range(3):
            assert (await world.ask()).status == 200
        await world.gateway.gateway.stop()
        assert refreshes(world.logto) == count


async def test_a_session_outlives_many_id_tokens_up_to_its_age() -> None:
    async with whole_world(session='max_age = "1d"') as world:
        await world.sign_in()
        for hour in range(1, 24):
            world.clock.at += 3600
            assert (await world.ask()).status == 200, hour
        world.clock.at += 3600
        assert await is_asked_to_sign_in(world)
        assert refreshes(world.logto) == 23


async def test_a_request_does_not_wait_while_a_session_is_merely_due() -> None:
    async with whole_world() as world:
        await world.sign_in()
        before = world.session_cookie()
        world.clock.at += DUE
        door = Door()
        world.logto.faults["token"] = Fault(until=door)
        begun = asyncio.get_running_loop().time()
        assert (await world.ask()).status == 200
        assert asyncio.get_running_loop().time() - begun < 0.5
        await door.reached.wait()
        door.set()
        while refreshes(world.logto) and world.session_cookie() == before:
            assert (await world.ask()).status == 200
        assert refreshes(world.logto) == 1


async def test_the_renewed_cookie_comes_with_the_answer() -> None:
    async with whole_world() as world:
        await world.sign_in()
        world.clock.at += OVERDUE
        page = await world.ask()
        assert world.set_cookies(page) == [world.name]
        assert world.set_cookies(await world.ask()) == []


# The refresh token is never used up for nothing


async def test_40_late_comers_are_served_and_no_old_token_is_used() -> None:
    async with whole_world() as world:
        rotate(world.logto)
        await world.sign_in()
        old = world.session_cookie()
        world.clock.at += OVERDUE
        assert (await world.ask()).status == 200
        for _ in range(5):
            world.clock.at += 90
            page = await world.late_comer(old)
            assert page.status == 200
            assert world.set_cookies(page) == [world.name]
        assert refreshes(world.logto) == 1
        world.clock.at += DUE - 450
        assert (await world.late_comer(old)).status == 200
        await world.gateway.gateway.stop()
        used = tokens_used(world.logto)
        assert len(used) == refreshes(world.logto) == 2, "each token once"
        assert grants_alive(world.logto) == [True]


@pytest.mark.parametrize("after", [DUE, OVERDUE])
async def test_a_client_that_leaves_mid_refresh_loses_nothing(after: int) -> None:
    async with whole_world() as world:
        rotate(world.logto)
        await world.sign_in()
        old = world.session_cookie()
        world.clock.at += after
        door = Door()
        world.logto.faults["token"] = Fault(until=door, done=True, times=1)
        world.upstream.door.clear()
        async with asyncio.TaskGroup() as group:
            leaving = group.create_task(world.ask())
            await door.reached.wait()
            leaving.cancel()
        door.set()
        world.upstream.door.set()
        while not world.set_cookies(await world.late_comer(old)):
            assert refreshes(world.logto) == 1
        world.clock.at += OVERDUE
        assert (await world.late_comer(old)).status == 200
        assert len(tokens_used(world.logto)) == refreshes(world.logto) == 2
        assert grants_alive(world.logto) == [True]


async def test_without_rotation_a_lost_answer_does_no_harm_ever() -> None:
    async with whole_world() as world:
        keep(world.logto)
        await world.sign_in()
        for _ in range(12):
            world.logto.faults["token"] = LOST
            world.clock.at += EXPIRED
            assert (await world.ask()).status == 200
            assert "token" not in world.logto.faults
        world.clock.at += EXPIRED
        assert (await world.ask()).status == 200
        assert grants_alive(world.logto) == [True]
        refreshed = await world.late_comer(world.session_cookie(), "/.gateway/userinfo")
        assert refreshed.status == 200


async def test_shutdown_waits_for_a_refresh_under_way() -> None:
    async with whole_world() as world:
        await world.sign_in()
        world.clock.at += DUE
        door = Door()
        world.logto.faults["token"] = Fault(until=door)
        assert (await world.ask()).status == 200
        await door.reached.wait()
        with capture_logs() as logs:
            async with asyncio.TaskGroup() as group:
                stopping = group.create_task(world.gateway.gateway.stop())
                await asyncio.wait((stopping,), timeout=0.2)
                assert not stopping.done()
                door.set()
        assert world.logto.requests.count("me") == 2  # at sign-in, and to its end
        assert logs == []


# What Logto says now


async def test_29_a_role_removed_at_logto_is_gone_after_the_revalidation() -> None:
    async with whole_world() as world:
        world.logto.people["ada"] = replace(ADA, roles=("editor",))
        await world.sign_in()
        assert world.upstream.last.value("X-Forwarded-Groups") == "editor"
        world.logto.people["ada"] = replace(ADA, name="Ada Anew")
        world.clock.at += OVERDUE
        await world.ask()
        assert world.upstream.last.value("X-Forwarded-Groups") is None
        assert world.upstream.last.value("X-Forwarded-Name") == "Ada Anew"


@pytest.mark.parametrize("gone", ["suspended", "deleted"])
async def test_28_who_is_gone_at_logto_is_out_at_the_next_revalidation(
    gone: str,
) -> None:
    async with whole_world() as world:
        await world.sign_in()
        old = world.session_cookie()
        if gone == "suspended":
            world.logto.suspended.add("ada")
        else:
            world.logto.delete_person("ada")
        world.clock.at += OVERDUE
        assert await is_asked_to_sign_in(world)
        assert (await world.late_comer(old)).status == 401
        assert refreshes(world.logto) == 1


def someone_else(claims: Claims, _header: Header) -> None:
    claims["sub"] = "q2m4w0z9k1rd"


def another_userinfo(claims: Claims) -> None:
    claims["sub"] = "q2m4w0z9k1rd"


@pytest.mark.parametrize("where", ["ID token", "userinfo"])
@pytest.mark.parametrize("after", [OVERDUE, EXPIRED])
async def test_31_another_subject_ends_the_session(where: str, after: int) -> None:
    async with whole_world() as world:
        await world.sign_in()
        if where == "ID token":
            world.logto.behaviour.id_token_hook = someone_else
        else:
            world.logto.behaviour.userinfo_hook = another_userinfo
        world.clock.at += after
        assert await is_asked_to_sign_in(world)
        world.logto.behaviour.id_token_hook = None
        world.logto.behaviour.userinfo_hook = None
        assert await is_asked_to_sign_in(world)


def tampered(_claims: Claims, _header: Header) -> str:
    return "eyJhbGciOiJub25lIn0.eyJzdWIiOiI4N3h0Y243dGx2N2IifQ."


async def test_31_a_refreshed_id_token_is_verified() -> None:
    async with whole_world() as world:
        await world.sign_in()
        world.logto.behaviour.id_token_hook = tampered
        world.logto.people["ada"] = replace(ADA, name="Mallory")
        world.clock.at += OVERDUE
        assert (await world.ask()).status == 200
        assert world.upstream.last.value("X-Forwarded-Name") == "Ada Example"


async def test_without_a_refresh_token_a_session_ends_with_its_id_token() -> None:
    async with whole_world() as world:
        world.logto.behaviour.token_hook = no_refresh_token
        await world.sign_in()
        world.clock.at += EXPIRED - 1
        assert (await world.ask()).status == 200
        world.clock.at += 1
        assert await is_asked_to_sign_in(world)
        assert refreshes(world.logto) == 0


# Logto is away


async def test_while_logto_is_down_nobody_signed_in_notices() -> None:
    async with whole_world() as world:
        await world.sign_in()
        world.clock.at += EXPIRED
        await world.logto.stop()
        with capture_logs() as logs:
            for _ in range(10):
                assert (await world.ask()).status == 200
                world.clock.at += 60
            async with VirtualBrowser(now=world.clock) as newcomer:
                page = await newcomer.navigate(world.url())
            assert page.status == 503
            assert int(page.header("retry-after") or 0) > 0
            await world.logto.restart()
            assert (await world.ask()).status == 200
        told = [line["event"] for line in logs]
        away = [line for line in logs if line.get("hint") == "Sessions serve on."]
        assert len(away) == 1
        assert told.count("logto_answers") == 1
        assert refreshes(world.logto) == 1
        assert world.subject == ADA.sub


async def test_while_logto_is_down_it_is_not_stormed() -> None:
    async with whole_world() as world:
        await world.sign_in()
        world.clock.at += EXPIRED
        world.logto.faults["token"] = Fault(status=500)
        for _ in range(600):
            assert (await world.ask()).status == 200
            world.clock.at += 1
        assert refreshes(world.logto) <= 25 * 3  # each try is three requests
        world.logto.faults.clear()
        world.clock.at += 60
        assert (await world.ask()).status == 200
        assert world.set_cookies(await world.ask()) == []


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(Fault(status=500), id="500"),
        pytest.param(
            Fault(status=200, body="<html>", content_type="text/html"), id="HTML"
        ),
        pytest.param(Fault(status=429), id="too many requests"),
        pytest.param(Fault(drop=True), id="broken off"),
    ],
)
@pytest.mark.parametrize("endpoint", ["token", "me"])
async def test_an_outage_ends_no_session(fault: Fault, endpoint: str) -> None:
    async with whole_world() as world:
        await world.sign_in()
        world.logto.faults[endpoint] = fault
        world.clock.at += EXPIRED
        assert (await world.ask()).status == 200
        world.logto.faults.clear()
        world.logto.people["ada"] = replace(ADA, name="Ada Anew")
        world.clock.at += 60
        assert (await world.ask()).status == 200
        assert world.upstream.last.value("X-Forwarded-Name") == "Ada Anew"


async def test_a_token_that_came_without_userinfo_is_kept() -> None:
    async with whole_world() as world:
        rotate(world.logto)
        await world.sign_in()
        world.logto.faults["me"] = Fault(status=500)
        world.clock.at += OVERDUE
        assert (await world.ask()).status == 200
        world.logto.faults.clear()
        world.clock.at += 60
        assert (await world.ask()).status == 200
        assert grants_alive(world.logto) == [True]


async def test_a_refresh_that_hangs_is_bounded_and_delays_nobody_else() -> None:
    async with (
        whole_world(logto_keys=QUICK) as world,
        VirtualBrowser(now=world.clock) as other,
    ):
        await world.sign_in()
        await other.sign_in(world.url(), "bob")
        world.clock.at += EXPIRED
        door = Door()
        world.logto.faults["token"] = Fault(until=door, times=1)
        async with asyncio.TaskGroup() as group:
            hanging = group.create_task(world.ask())
            await door.reached.wait()
            assert (await other.navigate(world.url())).status == 200
            assert not hanging.done()
        assert hanging.result().status == 200
        assert refreshes(world.logto) == 2
        door.set()


async def test_requests_wait_a_second_at_most_and_together() -> None:
    async with whole_world() as world:
        await world.sign_in()
        world.clock.at += OVERDUE
        door = Door()
        world.logto.faults["token"] = Fault(until=door)
        begun = asyncio.get_running_loop().time()
        for _ in range(5):
            assert (await world.ask()).status == 200
        assert 0.9 < asyncio.get_running_loop().time() - begun < 2
        door.set()


# Signing out meanwhile


async def test_a_refresh_that_ends_after_the_sign_out_brings_nothing_back() -> None:
    async with whole_world() as world:
        rotate(world.logto)
        page = await world.sign_in()
        old = world.session_cookie()
        world.clock.at += DUE
        door = Door()
        world.logto.faults["token"] = Fault(until=door, done=True, times=1)
        assert (await world.ask()).status == 200
        await door.reached.wait()
        world.logto.faults["revocation"] = Fault(status=500, times=3)
        page = await world.sign_out()
        assert "signed out" in page.text
        door.set()
        await world.gateway.gateway.stop()
        revoked = {
            request.parameters["token"]
            for request in world.logto.requests.of("revocation")
        }
        assert len(revoked) == 2
        assert grants_alive(world.logto) == []
        assert old is not None


async def test_after_a_sign_out_during_a_refresh_every_cookie_is_dead() -> None:
    async with whole_world() as world:
        await world.sign_in()
        old = world.session_cookie()
        world.clock.at += OVERDUE
        door = Door()
        world.logto.faults["token"] = Fault(until=door, done=True, times=1)
        async with asyncio.TaskGroup() as group:
            waiting = group.create_task(world.browser.fetch(world.url()))
            await door.reached.wait()
            await world.browser.navigate(
                world.url("/.gateway/sign-out"), came_from=world.url(), form=[]
            )
            door.set()
        assert waiting.result().status == 401
        assert world.set_cookies(waiting.result()) == []
        assert (await world.late_comer(old)).status == 401


async def test_replacing_a_session_during_its_refresh_revokes_nothing() -> None:
    async with whole_world() as world:
        rotate(world.logto)
        await world.sign_in()
        world.clock.at += DUE
        door = Door()
        world.logto.faults["token"] = Fault(until=door, done=True, times=1)
        assert (await world.ask()).status == 200
        await door.reached.wait()
        page = await world.browser.sign_in(world.url("/.gateway/sign-in?rd=/new"))
        assert page.url == world.url("/new")
        door.set()
        assert (await world.ask()).status == 200
        await world.gateway.gateway.stop()
        assert world.logto.requests.count("revocation") == 0
        assert grants_alive(world.logto) == [True]


# Our own pages, routes of other kinds, keys


async def test_userinfo_and_the_account_page_tell_what_logto_says_now() -> None:
    async with whole_world() as world:
        await world.sign_in()
        world.logto.people["ada"] = replace(ADA, name="Ada Anew")
        world.clock.at += EXPIRED
        page = await world.browser.fetch(world.url("/.gateway/userinfo"))
        told = page.json()
        assert told["name"] == "Ada Anew"
        assert told["expires_in"] == 7 * 86400 - EXPIRED
        assert told["idle_expires_in"] == 12 * 3600 - EXPIRED
        assert world.set_cookies(page) == [world.name]
        assert "Ada Anew" in (await world.open("/.gateway/")).text
        assert refreshes(world.logto) == 1


async def test_an_optional_route_refreshes_and_a_public_one_does_not() -> None:
    routes = (
        '[[routes]]\nupstream = "UPSTREAM"\naccess = "optional"\n'
        '[[routes]]\npath = "/public"\nupstream = "UPSTREAM"\naccess = "public"\n'
    )
    async with whole_world(routes) as world:
        await world.browser.sign_in(world.url("/.gateway/sign-in?rd=/"))
        world.clock.at += EXPIRED
        await world.open("/public")
        assert refreshes(world.logto) == 0
        await world.open("/")
        assert (refreshes(world.logto), world.subject) == (1, ADA.sub)


NEWER = "ZmVkY2JhOTg3NjU0MzIxMGZlZGNiYTk4NzY1NDMyMTA"


async def test_a_rotated_key_ring_signs_nobody_out() -> None:
    public = "https://app.example.com"
    async with whole_world(public_url=public) as world:
        await world.sign_in()
        route = anyone(world.upstream.url)

        async def visit(keys: str) -> Page:
            async with running_gateway(
                world.logto, route, now=world.clock, public_url=public, keys=keys
            ) as gateway:
                at = f"http://127.0.0.1:{gateway.port}"
                world.browser.published[public] = at
                return await world.browser.fetch(f"{public}/")

        touched = await visit(f'["{NEWER}", "{KEY}"]')
        assert (touched.status, world.set_cookies(touched)) == (200, [world.name])
        again = await visit(f'["{NEWER}", "{KEY}"]')
        assert (again.status, world.set_cookies(again)) == (200, [])
        assert (await visit(f'["{NEWER}"]')).status == 200
        world.clock.at += EXPIRED
        assert (await visit(f'["{NEWER}"]')).status == 200
        assert (await visit(f'["{KEY}"]')).status == 401


async def test_the_metrics_tell_of_refreshes() -> None:
    async with whole_world() as world:
        await world.sign_in()
        world.clock.at += OVERDUE
        await world.ask()
        world.logto.faults["token"] = Fault(status=500)
        world.clock.at += OVERDUE
        await world.ask()
        text = await world.gateway.metrics()
        assert 'gateway_refreshes_total{outcome="renewed"} 1.0' in text
        assert 'gateway_refreshes_total{outcome="logto_away"} 1.0' in text
        assert "gateway_logto_away 1.0" in text
        world.logto.faults.clear()
        world.clock.at += 60
        await world.ask()
        text = await world.gateway.metrics()
        assert "gateway_logto_away 0.0" in text
