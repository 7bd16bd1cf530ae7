"""Sign-in: where attempts begin, what Logto is asked, and when it stops."""

import asyncio
from urllib.parse import quote, urlsplit

import pytest

from gateway.demo.faults import Fault
from tests.support.sample_routes import WITH_PUBLIC
from tests.support.whole_world import ADA, World, whole_world

ROUTES_OF_EACH_KIND = (
    WITH_PUBLIC
    + """
[[routes]]
path = "/bob"
upstream = "UPSTREAM"
allow = { x_usernames = ["bob_example"] }
"""
)


async def test_a_person_goes_straight_to_x_and_comes_back_to_the_deep_link() -> None:
    async with whole_world() as world:
        target = "/notes/%7Eada?id=1&q=%2F%26&next=/x#top"
        page = await world.browser.sign_in(world.url(target))
        assert page.url == world.url("/notes/%7Eada?id=1&q=%2F%26&next=/x")
        assert page.status == 200
        assert world.upstream.targets == ["/notes/%7Eada?id=1&q=%2F%26&next=/x"]
        assert world.subject == ADA
        way = [urlsplit(step.url).path for step in page.history]
        assert "/direct/social/x" in [
            urlsplit(asked.path).path for asked in world.logto.requests.all
        ]
        assert way[-1] == "/.gateway/callback"
        (asked,) = world.logto.requests.of("auth")
        assert asked.parameters["direct_sign_in"] == "social:x"
        assert asked.parameters["prompt"] == "consent"
        assert "offline_access" in asked.parameters["scope"].split()
        assert "identities" in asked.parameters["scope"].split()


async def test_24_every_attempt_has_pkce_a_state_and_a_nonce_of_its_own() -> None:
    async with whole_world() as world:
        for entry in ("sign-in", "sign-up"):
            await world.open(f"/.gateway/{entry}")
        await world.sign_in()
        account = await world.open("/.gateway/")
        await world.browser.click(account, "Switch account")
        asked = [received.parameters for received in world.logto.requests.of("auth")]
        assert len(asked) == 4
        for parameters in asked:
            assert parameters["code_challenge_method"] == "S256"
            assert len(parameters["code_challenge"]) == 43
        for name in ("state", "nonce", "code_challenge"):
            assert len({parameters[name] for parameters in asked}) == 4
            assert all(len(parameters[name]) >= 22 for parameters in asked)
        (redeemed,) = world.logto.requests.of("token")
        assert len(redeemed.parameters["code_verifier"]) >= 43


@pytest.mark.parametrize(
    ("setting", "entry", "parameters"),
    [
        pytest.param(
            "social:x", "sign-in", {"direct_sign_in": "social:x"}, id="straight to X"
        ),
        pytest.param(
            "social:x",
            "sign-up",
            {"direct_sign_in": "social:x", "first_screen": "register"},
            id="signing up with X",
        ),
        pytest.param("", "sign-in", {}, id="Logto's own page"),
        pytest.param(
            "", "sign-up", {"first_screen": "register"}, id="Logto's own, registering"
        ),
        pytest.param(
            "sso:company",
            "sign-in",
            {"direct_sign_in": "sso:company"},
            id="enterprise SSO",
        ),
    ],
)
async def test_what_logto_is_asked(
    setting: str, entry: str, parameters: dict[str, str]
) -> None:
    async with whole_world(logto_keys=f'sign_in = "{setting}"') as world:
        page = await world.browser.sign_in(world.url(f"/.gateway/{entry}?rd=/notes"))
        (asked,) = world.logto.requests.of("auth")
        for name in ("direct_sign_in", "first_screen"):
            assert asked.parameters.get(name) == parameters.get(name)
        assert page.url == world.url("/notes")
        assert world.subject == ADA
        register = world.logto.requests.count("register")
        assert register == (1 if (setting, entry) == ("", "sign-up") else 0)


async def test_the_username_is_logtos_where_people_do_not_sign_in_with_x() -> None:
    async with whole_world(logto_keys='sign_in = ""') as world:
        await world.sign_in()
        assert world.subject == ADA
        assert world.upstream.last.value("X-Forwarded-Preferred-Username") is None
        assert world.upstream.last.value("X-Forwarded-Name") == "Ada Example"


async def test_a_live_logto_session_signs_in_without_a_question() -> None:
    async with whole_world() as world:
        await world.sign_in()
        world.browser.cookies.store(
            world.url(), [f"{world.name}=; Max-Age=0; Path=/"], world.clock()
        )
        page = await world.open("/again")
        assert (page.url, page.status) == (world.url("/again"), 200)
        assert world.logto.requests.count("x") == 2  # the page and its form, once


async def test_two_tabs_finish_in_either_order() -> None:
    async with whole_world() as world:
        world.logto.behaviour.older_tab_fails = False
        first = await world.back_from_logto("/first")
        second = await world.back_from_logto("/second")
        for callback, target in ((second, "/second"), (first, "/first")):
            page = await world.browser.navigate(callback)
            assert (page.url, page.status) == (world.url(target), 200)
        assert world.upstream.targets == ["/second", "/first"]


async def test_who_cancels_at_x_can_start_again() -> None:
    async with whole_world() as world:
        page = await world.open("/notes")
        page = await world.browser.click(page, "Cancel")
        assert urlsplit(page.url).netloc == urlsplit(world.logto.endpoint).netloc
        assert world.upstream.requests == []
        page = await world.browser.choose(page, "ada")
        assert (page.url, page.status) == (world.url("/notes"), 200)


async def test_it_starts_while_logto_is_down_and_says_so_until_it_is_up() -> None:
    async with whole_world(ROUTES_OF_EACH_KIND, logto_keys='timeout = "1s"') as world:
        await world.logto.stop()
        page = await world.open("/notes?id=1")
        assert page.status == 503
        assert page.header("retry-after") == "10"
        assert "Sign-in is not available right now" in page.text
        assert not world.cookies()
        assert (await world.open("/public")).status == 200
        await world.logto.restart()
        page = await world.browser.click(page, "Try again")
        page = await world.browser.choose(page, "ada")
        assert (page.url, page.status) == (world.url("/notes?id=1"), 200)


async def test_discovery_is_single_flighted_and_kept() -> None:
    async with whole_world() as world:
        answers = await asyncio.gather(
            *(
                world.browser.navigate(
                    world.url("/.gateway/sign-in"), until=world.logto.endpoint
                )
                for _ in range(20)
            )
        )
        assert {answer.status for answer in answers} == {303}
        assert world.logto.requests.count("discovery") == 1


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(Fault(status=500), id="500"),
        pytest.param(Fault(drop=True), id="connection broken"),
        pytest.param(Fault(status=200, body="<html>"), id="not JSON"),
    ],
)
async def test_an_outage_of_discovery_is_a_503_with_a_way_on(fault: Fault) -> None:
    async with whole_world(logto_keys='timeout = "1s"') as world:
        world.logto.faults["discovery"] = fault
        page = await world.open("/notes")
        assert page.status == 503
        assert any(link.href == "/.gateway/sign-in?rd=/notes" for link in page.links), (
            page.text
        )


# The loop breaker.


async def refuse_the_session(world: World) -> None:
    """Have the browser keep every cookie but the session's."""
    keep = world.browser.cookies.store

    def refusing(url: str, values: list[str], now: float) -> None:
        keep(url, [v for v in values if not v.startswith(f"{world.name}=")], now)

    world.browser.cookies.store = refusing  # type: ignore[method-assign,assignment]


async def test_the_third_sign_in_that_does_not_arrive_stops_with_a_page() -> None:
    async with whole_world() as world:
        await refuse_the_session(world)
        page = await world.browser.sign_in(world.url("/notes?id=1"))
        assert page.status == 400
        assert "Your browser does not keep you signed in" in page.text
        assert world.logto.requests.count("token") == 3
        assert world.upstream.requests == []


async def test_try_again_on_the_stop_page_works_once_the_cookie_is_kept() -> None:
    async with whole_world() as world:
        keep = world.browser.cookies.store
        await refuse_the_session(world)
        page = await world.browser.sign_in(world.url("/notes?id=1"))
        world.browser.cookies.store = keep  # type: ignore[method-assign]
        page = await world.browser.click(page, "Try again")
        assert (page.url, page.status) == (world.url("/notes?id=1"), 200)


async def test_try_again_stops_again_while_the_cookie_is_refused() -> None:
    async with whole_world() as world:
        await refuse_the_session(world)
        page = await world.browser.sign_in(world.url("/"))
        page = await world.browser.click(page, "Try again")
        assert page.status == 400
        assert "Your browser does not keep you signed in" in page.text
        assert world.logto.requests.count("token") == 6


async def test_an_arrival_ends_the_count() -> None:
    async with whole_world() as world:
        page = await world.sign_in()
        assert world.cookies("-arrival") == []
        assert page.header("cache-control") == "no-store"
        assert world.set_cookies(page) == [f"{world.name}-arrival"]
        assert world.set_cookies(await world.open("/")) == []


async def lose_the_session(world: World) -> None:
    """Have the browser forget the session's cookie, as a crash does."""
    gone = f"{world.name}=; Max-Age=0; Path=/"
    world.browser.cookies.store(world.url(), [gone], world.clock())


@pytest.mark.parametrize(
    ("destination", "status"),
    [
        pytest.param("/", 200, id="the application"),
        pytest.param("/.gateway/", 200, id="the account page"),
        pytest.param("/bob", 403, id="a page that is not for Ada"),
    ],
)
async def test_sign_ins_in_a_row_that_arrive_are_no_circle(
    destination: str, status: int
) -> None:
    async with whole_world(ROUTES_OF_EACH_KIND) as world:
        for _ in range(5):
            page = await world.browser.sign_in(
                world.url(f"/.gateway/sign-in?rd={quote(destination)}")
            )
            assert (page.url, page.status) == (world.url(destination), status)
            assert world.cookies("-arrival") == []
            await lose_the_session(world)


async def test_sign_ins_that_land_on_a_public_page_are_no_circle() -> None:
    async with whole_world(ROUTES_OF_EACH_KIND) as world:
        for _ in range(5):
            page = await world.browser.sign_in(
                world.url("/.gateway/sign-in?rd=/public")
            )
            assert (page.url, page.status) == (world.url("/public"), 200)


async def test_an_upstream_that_is_away_does_not_hide_an_arrival() -> None:
    routes = '[[routes]]\nupstream = "http://127.0.0.1:9"\nallow = "anyone"'
    async with whole_world(routes) as world:
        for _ in range(5):
            page = await world.browser.sign_in(world.url("/"))
            assert page.status == 502
            assert world.cookies("-arrival") == []
            await lose_the_session(world)


async def test_signing_in_and_out_in_a_row_is_no_circle() -> None:
    async with whole_world(ROUTES_OF_EACH_KIND) as world:
        for _ in range(5):
            await world.browser.sign_in(world.url("/.gateway/sign-in?rd=/public"))
            page = await world.sign_out()
            assert page.url == world.url("/.gateway/signed-out")


# SameSite=Strict.


async def test_with_strict_cookies_a_sign_in_arrives() -> None:
    async with whole_world(session='same_site = "strict"') as world:
        page = await world.browser.sign_in(world.url("/notes?id=1&x='a'"))
        assert (page.url, page.status) == (world.url("/notes?id=1&x='a'"), 200)
        assert world.logto.requests.count("token") == 1
        arriving = page.history[-1]
        assert arriving.status == 200
        assert arriving.header("refresh") == "0; url=/notes?id=1&x='a'"
        assert "script" not in arriving.text
        (link,) = [link for link in arriving.links if link.label == "Continue"]
        assert link.href == "/notes?id=1&x='a'"
        assert {c.same_site for c in world.cookies()} == {"strict", "lax"}
        assert {c.name for c in world.cookies() if c.same_site == "strict"} == {
            world.name
        }


async def test_with_strict_cookies_a_link_from_elsewhere_takes_a_silent_detour() -> (
    None
):
    async with whole_world(session='same_site = "strict"') as world:
        await world.sign_in()
        for _ in range(5):
            page = await world.browser.navigate(
                world.url("/notes"), came_from="https://elsewhere.example/"
            )
            assert (page.url, page.status) == (world.url("/notes"), 200)
        assert world.subject == ADA


async def test_a_lax_cookie_needs_no_page_in_between() -> None:
    async with whole_world() as world:
        page = await world.sign_in("ada", "/notes")
        assert page.history[-1].status == 303
        assert page.history[-1].header("location") == "/notes"
