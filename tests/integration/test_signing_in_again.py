"""Routes that require a recent sign-in: asked for once, by the same person."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from gateway.demo.people import ADA, Member
from gateway.demo.signing_keys import Claims, Header
from tests.support.sample_routes import WITH_DANGER, WITHIN
from tests.support.virtual_browser import Page
from tests.support.whole_world import ADA as ADA_SUB, BOB as BOB_SUB, World, whole_world


@asynccontextmanager
async def world_of(routes: str = WITH_DANGER, **tables: str) -> AsyncIterator[World]:
    async with whole_world(routes, **tables) as world:
        yield world


async def at_x(world: World, target: str = "/danger?x=1") -> Page:
    """Open *target*, and return X's page, where somebody must say who they are."""
    page = await world.open(target)
    assert page.url.startswith(f"{world.logto.endpoint}/x/authorize"), page
    return page


def without_auth_time(claims: Claims, _header: Header) -> None:
    claims.pop("auth_time", None)


async def test_a_recent_sign_in_is_enough() -> None:
    async with world_of() as world:
        await world.sign_in(target="/danger")
        world.clock.at += WITHIN - 1
        assert (await world.open("/danger")).status == 200
        assert world.logto.requests.count("auth") == 1


async def test_an_old_one_is_repeated_once_although_logto_knows_the_person() -> None:
    async with world_of() as world:
        await world.sign_in()
        world.clock.at += WITHIN
        page = await at_x(world)
        asked = world.logto.requests.of("auth")[-1].parameters
        assert asked["prompt"] == "login consent"
        assert asked["max_age"].isdecimal()
        page = await world.browser.choose(page, "ada")
        assert (page.url, page.status) == (world.url("/danger?x=1"), 200)
        assert world.logto.requests.count("auth") == 2
        world.clock.at += WITHIN - 1
        assert (await world.open("/danger")).status == 200


async def test_other_routes_go_on_without_it() -> None:
    async with world_of() as world:
        await world.sign_in()
        world.clock.at += WITHIN
        assert (await world.open("/")).status == 200
        assert (await world.browser.fetch(world.url("/danger"))).status == 401
        assert (await world.open("/")).status == 200


async def test_a_silent_sign_in_at_logto_is_no_recent_one() -> None:
    async with world_of() as world:
        await world.sign_in()
        world.clock.at += WITHIN
        gone = f"{world.name}=; Path=/; Max-Age=0"
        world.browser.cookies.store(world.url(), [gone], world.clock())
        page = await world.open("/")  # Logto still knows who it is
        assert (page.url, page.status) == (world.url("/"), 200)
        await at_x(world)


async def test_revalidation_makes_nothing_recent() -> None:
    async with world_of() as world:
        await world.sign_in()
        world.clock.at += 600
        assert (await world.open("/danger")).status == 200
        world.clock.at += 300
        assert (await world.open("/")).status == 200
        assert world.logto.requests.count("token", grant_type="refresh_token") == 1
        await at_x(world)


async def test_a_program_is_told_in_one_word() -> None:
    async with world_of() as world:
        await world.sign_in()
        world.clock.at += WITHIN
        answer = await world.browser.fetch(world.url("/danger"), redirect=False)
        told = answer.json()
        assert answer.status == 401
        assert told["error"] == "sign_in_too_old"
        assert told["sign_in"] == world.url("/.gateway/sign-in-again")
        challenge = answer.header("www-authenticate") or ""
        assert 'error="insufficient_user_authentication"' in challenge
        assert 'max_age="900"' in challenge
        assert answer.header("cache-control") == "no-store"


async def test_a_form_is_not_sent_again_and_the_page_says_so() -> None:
    async with world_of() as world:
        await world.sign_in()
        form = await world.open("/")
        reached = len(world.upstream.requests)
        world.clock.at += WITHIN
        page = await world.browser.navigate(
            world.url("/danger/delete"),
            form=[("secret", "1")],
            came_from=form,
        )
        assert page.status == 401
        assert "POST /danger/delete" in page.text
        assert "send it once more" in page.text
        assert "secret" not in page.text
        page = await world.browser.click(page, "Sign in with X")
        page = await world.browser.choose(page, "ada")
        assert (page.url, page.status) == (world.url("/"), 200)
        sent = [request.method for request in world.upstream.requests[reached:]]
        assert sent == ["GET"]
        assert (await world.open("/danger")).status == 200


async def test_another_person_gets_a_session_of_their_own_and_is_told() -> None:
    async with world_of() as world:
        await world.sign_in()
        before = world.session_cookie()
        world.clock.at += WITHIN
        page = await world.browser.choose(await at_x(world), "bob")
        assert page.url.startswith(world.url("/.gateway/callback"))
        assert page.status == 200
        assert "someone else" in page.text
        assert "Bob Example" in page.text
        assert world.subject == ADA_SUB  # nothing was forwarded for Bob yet
        page = await world.browser.click(page, "Continue")
        assert (page.url, page.status) == (world.url("/danger?x=1"), 200)
        assert world.subject == BOB_SUB
        planted = f"{world.name}={before}; Path=/"
        world.browser.cookies.store(world.url(), [planted], world.clock())
        assert (await world.browser.fetch(world.url("/"))).status == 401


async def test_where_logto_does_not_tell_the_time_nothing_is_recent() -> None:
    async with world_of() as world:
        world.logto.behaviour.id_token_hook = without_auth_time
        page = await world.browser.sign_in(world.url("/"), "ada")
        assert page.status == 200
        page = await at_x(world)
        page = await world.browser.choose(page, "ada")
        assert page.status == 403
        assert "not asked to sign in again" in page.text
        assert (await world.open("/")).status == 200


async def test_the_organization_stays_the_same() -> None:
    allow = 'allow = { organizations = ["acme", "umbrella"] }'
    async with world_of(WITH_DANGER.replace('allow = "anyone"', allow)) as world:
        world.logto.organizations.update(acme="Acme", umbrella="Umbrella")
        members = (Member("acme"), Member("umbrella"))
        world.logto.people["ada"] = replace(ADA, memberships=members)
        page = await world.browser.sign_in(world.url("/"), "ada")
        page = await world.browser.click(page, "Umbrella")
        assert page.status == 200
        world.clock.at += WITHIN
        page = await world.browser.choose(await at_x(world), "ada")
        assert (page.url, page.status) == (world.url("/danger?x=1"), 200)


async def test_without_such_a_route_logto_is_not_asked_for_the_time() -> None:
    async with whole_world() as world:
        await world.sign_in()
        assert "max_age" not in world.logto.requests.of("auth")[0].parameters
