"""Signing out really signs out; nobody else can do it; switching accounts."""

import asyncio
from urllib.parse import urlsplit

import aiohttp
import pytest

from gateway.demo.faults import Fault
from tests.support.door import Door
from tests.support.running_gateway import anyone, running_gateway
from tests.support.virtual_browser import FetchBlockedError
from tests.support.whole_world import ADA, BOB, World, whole_world

REFUSED = Fault(
    status=400,
    body='{"error": "unsupported_token_type"}',
    content_type="application/json",
)


async def is_out(world: World, old_cookie: str) -> None:
    """Hold that the browser has nothing of ours, and the old cookie is worth nothing.

    The next request asks again.
    """
    assert not world.cookies()
    assert (await world.late_comer(old_cookie, "/.gateway/userinfo")).status == 401
    reached = len(world.upstream.requests)
    page = await world.browser.navigate(world.url("/"), until=world.logto.endpoint)
    assert page.status == 303
    assert len(world.upstream.requests) == reached


async def test_signing_out_from_our_own_page() -> None:
    async with whole_world() as world:
        await world.sign_in()
        old = world.session_cookie()
        assert old is not None
        page = await world.sign_out()
        assert (page.url, page.status) == (world.url("/.gateway/signed-out"), 200)
        assert "You are signed out" in page.text
        assert page.header("clear-site-data") == '"cache"'
        leaving = next(step for step in page.history if step.url.endswith("/sign-out"))
        assert leaving.status == 303
        assert leaving.header("clear-site-data") == '"cache"'
        assert leaving.header("cache-control") == "no-store"
        assert world.logto.requests.count("revocation") == 1
        assert world.logto.requests.count("end-confirm") == 1
        assert not world.logto.tenant.sessions
        await is_out(world, old)
        # The Logto session is over too: X asks who it is.
        page = await world.open("/")
        assert any(form.buttons for form in page.forms)


async def test_the_refresh_token_is_revoked_and_not_the_access_token_alone() -> None:
    async with whole_world() as world:
        await world.sign_in()
        (session,) = world.logto.tenant.sessions.values()
        (grant,) = session.grants.values()
        await world.sign_out()
        assert not grant.alive
        (revoked,) = world.logto.requests.of("revocation")
        assert revoked.parameters["token_type_hint"] == "refresh_token"


async def test_signing_out_by_a_link_that_a_person_followed() -> None:
    async with whole_world() as world:
        page = await world.sign_in()
        page = await world.browser.navigate(
            world.url("/.gateway/sign-out"), came_from=page
        )
        assert page.url == world.url("/.gateway/signed-out")
        assert not world.cookies()


@pytest.mark.parametrize(
    ("endpoints", "fault", "sentences"),
    [
        pytest.param(
            ("discovery", "revocation"),
            Fault(status=500),
            ("may still be signed in there", "could not be withdrawn"),
            id="Logto answers 500",
        ),
        pytest.param(
            ("discovery", "revocation"),
            Fault(hang=True),
            ("may still be signed in there", "could not be withdrawn"),
            id="Logto is silent",
        ),
        pytest.param(
            ("discovery",),
            Fault(status=500),
            ("may still be signed in there",),
            id="the token is revoked, then Logto goes",
        ),
    ],
)
async def test_it_works_with_a_sentence_while_logto_is_down(
    endpoints: tuple[str, ...], fault: Fault, sentences: tuple[str, ...]
) -> None:
    async with whole_world(logto_keys='timeout = "1s"') as world:
        await world.sign_in()
        old = world.session_cookie()
        assert old is not None
        for endpoint in endpoints:
            world.logto.faults[endpoint] = fault
        page = await world.sign_out()
        assert (page.url, page.status) == (world.url("/.gateway/sign-out"), 200)
        assert "You are signed out" in page.text
        every = ("may still be signed in there", "could not be withdrawn")
        assert tuple(s for s in every if s in page.text) == sentences
        assert page.header("clear-site-data") == '"cache"'
        world.logto.faults.clear()
        await is_out(world, old)


async def test_it_works_while_logto_refuses_connections() -> None:
    async with whole_world(logto_keys='timeout = "1s"') as world:
        await world.sign_in()
        await world.logto.stop()
        page = await world.sign_out()
        assert "may still be signed in there" in page.text
        assert not world.cookies()
        await world.logto.restart()


async def test_a_revocation_that_logto_refuses_does_not_keep_its_session() -> None:
    async with whole_world() as world:
        await world.sign_in()
        old = world.session_cookie()
        assert old is not None
        world.logto.faults["revocation"] = REFUSED
        page = await world.sign_out()
        assert page.url == world.url("/.gateway/signed-out")
        assert not world.logto.tenant.sessions
        await is_out(world, old)


async def test_an_expired_session_is_revoked_and_cleared_too() -> None:
    async with whole_world(session='idle_timeout = "30m"') as world:
        await world.sign_in()
        cookie = world.session_cookie()
        account = await world.open("/.gateway/")
        world.clock.at += 1800
        page = await world.browser.click(account, "Sign out")
        assert page.url == world.url("/.gateway/signed-out")
        assert world.logto.requests.count("revocation") == 1
        assert cookie is not None
        await is_out(world, cookie)


async def test_signing_out_without_a_session_is_no_error() -> None:
    async with whole_world() as world:
        page = await world.browser.navigate(
            world.url("/.gateway/sign-out"), came_from=world.url("/"), form=[]
        )
        assert page.url == world.url("/.gateway/signed-out")
        assert page.status == 200
        assert world.logto.requests.count("revocation") == 0


async def test_a_sign_in_that_is_under_way_is_off() -> None:
    async with whole_world() as world:
        await world.sign_in()
        callback = await world.back_from_logto("/.gateway/sign-in?rd=/notes")
        await world.sign_out()
        page = await world.browser.navigate(callback)
        assert page.status == 400
        assert world.session_cookie() is None


async def test_a_client_that_leaves_does_not_stop_the_revocation() -> None:
    async with whole_world() as world:
        await world.sign_in()
        account = await world.open("/.gateway/")
        world.clock.at += 601  # Logto is asked anew where to revoke
        door = Door()
        world.logto.faults["discovery"] = Fault(until=door)
        async with asyncio.TaskGroup() as group:
            leaving = group.create_task(world.browser.click(account, "Sign out"))
            await door.reached.wait()
            leaving.cancel()
        door.set()
        await world.gateway.gateway.stop()
        assert world.logto.requests.count("revocation") == 1


async def test_a_late_answer_does_not_bring_the_session_back() -> None:
    async with whole_world() as world:
        await world.sign_in()
        account = await world.open("/.gateway/")
        world.clock.at += 600  # the next answer renews the cookie
        world.upstream.door = door = Door()
        async with asyncio.TaskGroup() as group:
            late = group.create_task(world.open("/slow"))
            await door.reached.wait()
            await world.browser.click(account, "Sign out")
            door.set()
        assert late.result().status == 200
        assert world.set_cookies(late.result()) == []
        assert not world.cookies()


async def test_a_late_answer_does_not_take_the_next_session_away() -> None:
    async with whole_world() as world:
        await world.sign_in()
        account = await world.open("/.gateway/")
        world.clock.at += 600
        world.upstream.door = door = Door()
        async with asyncio.TaskGroup() as group:
            late = group.create_task(world.open("/slow"))
            await door.reached.wait()
            world.upstream.door = Door()
            world.upstream.door.set()
            page = await world.browser.click(account, "Switch account")
            await world.browser.choose(page, "bob")
            door.set()
        assert world.set_cookies(late.result()) == []
        await world.open("/")
        assert world.subject == BOB


# Nobody else can.


async def still_in(world: World) -> None:
    answer = await world.browser.fetch(world.url("/.gateway/userinfo"))
    assert answer.status == 200
    assert answer.json()["sub"] == ADA
    assert world.logto.requests.count("revocation") == 0


@pytest.mark.parametrize(
    "elsewhere",
    [
        pytest.param("https://evil.example/", id="another site"),
        pytest.param("http://127.0.0.1:9/", id="another port of this host"),
    ],
)
@pytest.mark.parametrize("address", ["sign-out", "switch-account"])
async def test_19_another_origins_form_does_not(elsewhere: str, address: str) -> None:
    async with whole_world() as world:
        await world.sign_in()
        page = await world.browser.navigate(
            world.url(f"/.gateway/{address}"), came_from=elsewhere, form=[("a", "b")]
        )
        assert page.status == (200 if address == "sign-out" else 403)
        assert ("Sign out?" in page.text) == (address == "sign-out")
        assert world.set_cookies(page) == []
        await still_in(world)


async def test_19_another_origins_script_does_not() -> None:
    async with whole_world() as world:
        await world.sign_in()
        for elsewhere in ("https://evil.example/", "http://127.0.0.1:9/"):
            for method in ("GET", "POST"):
                with pytest.raises(FetchBlockedError):
                    await world.browser.fetch(
                        world.url("/.gateway/sign-out"), page=elsewhere, method=method
                    )
        await still_in(world)


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"Sec-Fetch-User": ""}, id="a navigation without a person"),
        pytest.param({"Sec-Fetch-Site": "none"}, id="a typed address or bookmark"),
        pytest.param({"Sec-Fetch-Site": "cross-site"}, id="another site's link"),
        pytest.param({"Sec-Fetch-Site": "same-site"}, id="a sibling host's link"),
        pytest.param(
            {"Sec-Fetch-Dest": "image", "Sec-Fetch-Mode": "no-cors"}, id="img"
        ),
        pytest.param({"Sec-Fetch-Dest": "iframe"}, id="a frame"),
        pytest.param({"Sec-Purpose": "prefetch"}, id="a prefetch"),
        pytest.param({"Sec-Purpose": "prefetch;prerender"}, id="a prerender"),
    ],
)
async def test_19_a_get_that_nobody_meant_asks_first(headers: dict[str, str]) -> None:
    async with whole_world() as world:
        page = await world.sign_in()
        page = await world.browser.navigate(
            world.url("/.gateway/sign-out"), came_from=page, headers=headers
        )
        assert "Sign out?" in page.text
        await still_in(world)
        page = await world.browser.click(page, "Sign out")
        assert page.url == world.url("/.gateway/signed-out")


async def test_head_does_not_sign_out() -> None:
    async with whole_world() as world:
        await world.sign_in()
        answer = await world.browser.fetch(
            world.url("/.gateway/sign-out"), method="HEAD"
        )
        assert answer.status in {200, 403}
        assert answer.body == b""
        await still_in(world)


@pytest.mark.parametrize(
    ("origin", "signs_out"),
    [
        pytest.param(True, True, id="our Origin"),
        pytest.param(False, False, id="no Origin"),
    ],
)
async def test_a_browser_without_fetch_metadata_shows_its_origin(
    *, origin: bool, signs_out: bool
) -> None:
    async with whole_world() as world:
        await world.sign_in()
        sent = [
            ("Host", urlsplit(world.url()).netloc),
            ("Cookie", world.browser.cookie_header(world.url())),
        ]
        if origin:
            sent.append(("Origin", world.gateway.url))
        async with (
            aiohttp.ClientSession() as http,
            http.post(
                world.url("/.gateway/sign-out"),
                headers=dict(sent),
                allow_redirects=False,
            ) as answer,
        ):
            assert (answer.status == 303) == signs_out


# The signed-out page.


async def test_the_signed_out_page_does_not_lie_to_who_is_signed_in() -> None:
    async with whole_world() as world:
        page = await world.open("/.gateway/signed-out")
        assert "You are signed out" in page.text
        await world.sign_in()
        page = await world.open("/.gateway/signed-out")
        assert page.url == world.url("/.gateway/")
        assert "You are signed in" in page.text


# Switching accounts.


async def test_switching_accounts_asks_x_again_and_the_old_session_is_dead() -> None:
    async with whole_world() as world:
        await world.sign_in()
        old = world.session_cookie()
        account = await world.open("/.gateway/")
        page = await world.browser.click(account, "Switch account")
        assert any(form.buttons for form in page.forms), "X asks who it is"
        asked = world.logto.requests.of("auth")[-1]
        assert asked.parameters["prompt"] == "login consent"
        page = await world.browser.choose(page, "bob")
        assert (page.url, page.status) == (world.url("/"), 200)
        assert world.subject == BOB
        assert world.logto.requests.count("revocation") == 0
        assert (await world.late_comer(old, "/.gateway/userinfo")).status == 401


async def test_who_turns_back_from_switching_is_signed_out_here() -> None:
    async with whole_world() as world:
        await world.sign_in()
        account = await world.open("/.gateway/")
        page = await world.browser.click(account, "Switch account")
        assert page.url.startswith(world.logto.endpoint)
        answer = await world.browser.fetch(world.url("/.gateway/userinfo"))
        assert answer.status == 401
        assert world.session_cookie() is None


async def test_another_account_from_the_page_that_forbids_leads_back_to_it() -> None:
    routes = """
[[routes]]
upstream = "UPSTREAM"
allow = { x_usernames = ["bob_example"] }
"""
    async with whole_world(routes) as world:
        page = await world.browser.sign_in(world.url("/notes?id=1"))
        assert page.status == 403
        assert "@ada_example" in page.text
        assert world.upstream.requests == []
        page = await world.browser.click(page, "Use another account")
        page = await world.browser.choose(page, "bob")
        assert (page.url, page.status) == (world.url("/notes?id=1"), 200)
        assert world.subject == BOB


async def test_quick_switches_that_land_on_the_account_page_are_no_circle() -> None:
    async with whole_world() as world:
        await world.sign_in()
        for person in ("bob", "ada", "bob", "ada", "bob", "ada"):
            page = await world.browser.navigate(
                world.url("/.gateway/switch-account"),
                came_from=world.url("/.gateway/"),
                form=[("rd", "/.gateway/")],
            )
            page = await world.browser.choose(page, person)
            assert (page.url, page.status) == (world.url("/.gateway/"), 200)
            assert f"@{person}_example" in page.text


async def test_nobody_is_signed_out_by_switching_while_logto_is_away() -> None:
    own_name = 'cookie_name = "gw"'
    async with whole_world(session=own_name) as world:
        await world.sign_in()
        await world.logto.stop()
        async with running_gateway(
            world.logto,
            anyone(world.upstream.url),
            now=world.clock,
            session=own_name,
            logto_keys='timeout = "1s"',
        ) as restarted:
            account = await world.browser.navigate(restarted.url + "/.gateway/")
            page = await world.browser.click(account, "Switch account")
            assert page.status == 503
            answer = await world.browser.fetch(restarted.url + "/.gateway/userinfo")
            assert answer.json()["sub"] == ADA


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"rd=/a&rd=/b", id="rd twice"),
        pytest.param(b"rd=https://evil.example/", id="another host"),
        pytest.param(b"rd=/" + b"a" * 9000, id="nine kilobytes"),
        pytest.param(b"\xff\xfe&=&&&", id="rubbish"),
        pytest.param(b"", id="nothing"),
    ],
)
async def test_20_a_form_that_is_not_ours_leads_to_the_start_page(body: bytes) -> None:
    async with whole_world() as world:
        await world.sign_in()
        page = await world.browser.fetch(
            world.url("/.gateway/switch-account"),
            method="POST",
            body=body,
            redirect=False,
        )
        assert page.status == 303
        callback = await world.browser.choose(
            await world.browser.navigate(page.location or ""), "bob"
        )
        assert callback.url == world.url("/")
