"""People of organizations: which one they act for, and what they may do there."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from gateway.demo.faults import Fault
from gateway.demo.people import ADA, Member, Person
from tests.support.renewals import no_refresh_token, refreshes
from tests.support.virtual_browser import Page
from tests.support.whole_world import World, whole_world

OVERDUE = 600  # seconds after the sign-in
CHOICE = "/.gateway/organization"
ROUTES = """
[[routes]]
upstream = "UPSTREAM"
allow = { organizations = ["acme", "umbrella"] }
[[routes]]
path = "/acme"
upstream = "UPSTREAM"
allow = { organizations = ["acme"] }
[[routes]]
path = "/admins"
upstream = "UPSTREAM"
allow = { organization_roles = ["acme:admin", "umbrella:admin"] }
[[routes]]
path = "/bill"
upstream = "UPSTREAM"
allow = { organizations = ["acme", "umbrella"], scopes = ["bill"] }
[[routes]]
path = "/public"
upstream = "UPSTREAM"
access = "public"
"""
HEADERS = """
[identity]
headers = { "X-Organization" = "organization" }
"""
ACME = Member("acme", ("admin",), ("bill",))
UMBRELLA = Member("umbrella", ("member",))
OTHER = Member("other", ("admin",), ("bill",))
OF_BOTH = replace(ADA, memberships=(ACME, UMBRELLA, OTHER))
OF_ACME = replace(ADA, memberships=(ACME, OTHER))
OF_NONE = replace(ADA, memberships=(OTHER,))


@asynccontextmanager
async def world_of(
    person: Person, routes: str = ROUTES, **tables: str
) -> AsyncIterator[World]:
    async with whole_world(routes, **tables) as world:
        world.logto.organizations.update(
            acme="Acme, Inc.", umbrella="Umbrella <b>", other="Other"
        )
        world.logto.people["ada"] = person
        yield world


async def at_the_choice(world: World, target: str = "/") -> Page:
    page = await world.browser.sign_in(world.url(target), "ada")
    assert page.url.startswith(world.url(CHOICE)), page
    assert page.status == 200
    return page


async def choose(world: World, organization: str, target: str = "/") -> Page:
    return await world.browser.click(await at_the_choice(world, target), organization)


async def test_a_person_of_one_that_counts_is_not_asked() -> None:
    async with world_of(OF_ACME) as world:
        await world.sign_in(target="/acme?q=1")
        assert await world.statuses("/", "/admins", "/bill") == [200, 200, 200]


async def test_where_a_header_tells_it_every_organization_counts() -> None:
    async with world_of(OF_ACME, tables=HEADERS) as world:
        page = await at_the_choice(world)
        page = await world.browser.click(page, "Other")
        assert (page.url, page.status) == (world.url("/"), 403)


async def test_a_person_of_several_chooses_and_goes_on() -> None:
    async with world_of(OF_BOTH) as world:
        page = await choose(world, "Acme, Inc.", "/acme?q=1")
        assert (page.url, page.status) == (world.url("/acme?q=1"), 200)
        assert await world.statuses("/", "/admins", "/bill") == [200, 200, 200]


async def test_a_role_in_one_organization_counts_for_no_other() -> None:
    async with world_of(OF_BOTH) as world:
        page = await choose(world, "Umbrella <b>")
        assert (page.url, page.status) == (world.url("/"), 200)
        assert await world.statuses("/acme", "/admins", "/bill") == [403, 403, 403]


async def test_the_choice_names_only_organizations_that_a_rule_names() -> None:
    async with world_of(OF_BOTH) as world:
        page = await at_the_choice(world)
        assert "Acme, Inc." in page.text
        assert "Umbrella &lt;b&gt;" in page.text
        assert "Other" not in page.text


async def test_until_it_is_chosen_nobody_gets_in() -> None:
    async with world_of(OF_BOTH) as world:
        await at_the_choice(world)
        script = await world.browser.fetch(world.url("/acme"))
        assert (script.status, script.json()["error"]) == (403, "organization_required")
        page = await world.open("/acme?q=1")
        assert page.url == world.url(f"{CHOICE}?rd=/acme%3Fq%3D1")
        assert not world.upstream.requests
        assert await world.statuses("/public") == [200]


async def test_the_account_page_changes_it() -> None:
    async with world_of(OF_BOTH) as world:
        await choose(world, "Umbrella <b>")
        account = await world.open("/.gateway/")
        assert "Umbrella &lt;b&gt;" in account.text
        page = await world.browser.click(account, "Change organization")
        page = await world.browser.click(page, "Acme, Inc.")
        assert page.url == world.url("/.gateway/")
        assert "Acme, Inc." in page.text
        assert await world.statuses("/acme", "/admins", "/bill") == [200, 200, 200]


async def test_the_refusal_offers_another_organization() -> None:
    async with world_of(OF_BOTH) as world:
        await choose(world, "Umbrella <b>")
        page = await world.open("/acme")
        assert page.status == 403
        page = await world.browser.click(page, "Act for another organization")
        page = await world.browser.click(page, "Acme, Inc.")
        assert (page.url, page.status) == (world.url("/acme"), 200)


async def test_who_is_of_none_is_told_so() -> None:
    async with world_of(OF_NONE) as world:
        page = await world.browser.sign_in(world.url("/"), "ada")
        assert (page.url, page.status) == (world.url("/"), 403)
        assert "for the members of an organization" in page.text
        page = await world.open(CHOICE)
        assert page.status == 403
        assert "You belong to no organization" in page.text


async def test_a_removed_membership_is_out_after_the_interval() -> None:
    async with world_of(OF_BOTH) as world:
        await choose(world, "Acme, Inc.")
        world.logto.people["ada"] = replace(OF_BOTH, memberships=(UMBRELLA, OTHER))
        assert await world.statuses("/acme") == [200]
        world.clock.at += OVERDUE
        assert await world.statuses("/acme", "/admins", "/bill", "/") == [403] * 4
        page = await world.open("/")
        assert page.url == world.url(CHOICE)  # never another one by itself
        page = await world.browser.click(page, "Umbrella <b>")
        assert (page.url, page.status) == (world.url("/"), 200)


async def test_a_removed_role_there_is_out_after_the_interval() -> None:
    async with world_of(OF_ACME) as world:
        await world.sign_in()
        world.logto.people["ada"] = replace(ADA, memberships=(Member("acme"),))
        world.clock.at += OVERDUE
        assert await world.statuses("/", "/admins", "/bill") == [200, 403, 403]


async def test_a_choice_that_logto_does_not_confirm_any_more_is_none() -> None:
    async with world_of(OF_BOTH) as world:
        page = await at_the_choice(world)
        world.logto.people["ada"] = replace(OF_BOTH, memberships=(UMBRELLA, OTHER))
        page = await world.browser.click(page, "Acme, Inc.")
        assert page.status == 200
        assert "Acme" not in page.text
        assert await world.statuses("/acme", "/admins") == [403, 403]


async def test_while_logto_is_away_the_choice_does_not_change() -> None:
    async with world_of(OF_BOTH) as world:
        await choose(world, "Acme, Inc.")
        page = await world.open(CHOICE)
        world.logto.faults["me"] = Fault(status=503)
        page = await world.browser.click(page, "Umbrella <b>")
        assert page.status == 503
        assert await world.statuses("/acme", "/bill") == [200, 200]
        world.logto.faults.clear()
        world.clock.at += 120
        page = await world.browser.click(await world.open(CHOICE), "Umbrella <b>")
        assert page.status == 200
        assert await world.statuses("/acme", "/bill") == [403, 403]


async def test_the_scopes_are_those_of_the_chosen_one() -> None:
    both = replace(ADA, memberships=(ACME, replace(UMBRELLA, permissions=("sell",))))
    headers = '[identity]\nheaders = { "X-Scopes" = "scopes" }'
    async with world_of(both, ROUTES.replace('["bill"]', '["bill", "sell"]'),
                        tables=headers) as world:  # fmt: skip
        await choose(world, "Acme, Inc.")
        assert world.upstream.last.value("X-Scopes") == "bill"
        page = await world.browser.click(await world.open(CHOICE), "Umbrella <b>")
        assert page.status == 200
        assert world.upstream.last.value("X-Scopes") == "sell"


async def test_who_needs_more_for_the_token_does_not_act_for_it() -> None:
    """Such as a second factor, which Logto refuses the same way."""
    async with world_of(OF_ACME) as world:
        await world.sign_in()

        def refuse(_answer: object) -> None:
            world.logto.faults["token"] = Fault(
                status=403,
                body='{"error": "access_denied"}',
                content_type="application/json",
            )

        world.logto.behaviour.token_hook = refuse
        world.clock.at += OVERDUE
        assert await world.statuses("/", "/acme", "/bill") == [403, 403, 403]


async def test_without_a_refresh_token_a_choice_gives_no_permissions() -> None:
    """Nobody can ask Logto what they may do there."""
    async with world_of(OF_BOTH) as world:
        world.logto.behaviour.token_hook = no_refresh_token
        page = await choose(world, "Acme, Inc.", "/acme")
        assert (page.url, page.status) == (world.url("/acme"), 200)
        assert await world.statuses("/admins", "/bill") == [200, 403]
        assert refreshes(world.logto) == 0


FIXED = 'organization = "acme"'


async def test_a_fixed_organization_is_not_asked_for() -> None:
    async with world_of(OF_BOTH, logto_keys=FIXED, tables=HEADERS) as world:
        await world.sign_in()
        assert world.upstream.last.value("X-Organization") == "acme"
        assert await world.statuses("/acme", "/admins", "/bill") == [200, 200, 200]
        assert await world.statuses(CHOICE) == [404]
        assert "Change organization" not in (await world.open("/.gateway/")).text


async def test_who_is_not_of_the_fixed_one_is_told_so() -> None:
    of_other = replace(ADA, memberships=(UMBRELLA,))
    async with world_of(of_other, logto_keys=FIXED) as world:
        page = await world.browser.sign_in(world.url("/"), "ada")
        assert (page.url, page.status) == (world.url("/"), 403)
        assert "for the members of an organization" in page.text
        assert "Act for another organization" not in page.text


async def post(world: World, choice: str, **headers: str) -> Page:
    return await world.browser.fetch(
        world.url(CHOICE),
        method="POST",
        body=f"choice={choice}&rd=/acme".encode(),
        headers={"Content-Type": "application/x-www-form-urlencoded"} | headers,
        redirect=False,
    )


@pytest.mark.parametrize("choice", ["other", "ACME", "", "acme%00", "acme&choice=acme"])
async def test_nobody_chooses_what_is_not_theirs(choice: str) -> None:
    async with world_of(OF_BOTH) as world:
        await choose(world, "Umbrella <b>")
        before = world.session_cookie()
        assert (await post(world, choice)).status == 400
        assert world.session_cookie() == before
        assert await world.statuses("/acme") == [403]


async def test_19_another_site_does_not_choose() -> None:
    async with world_of(OF_BOTH) as world:
        await choose(world, "Umbrella <b>")
        refused = await post(world, "acme", **{"Sec-Fetch-Site": "cross-site"})
        assert (refused.status, refused.json()["error"]) == (403, "cross_site_request")
        assert await world.statuses("/acme") == [403]


async def test_20_the_choice_leads_nowhere_else() -> None:
    async with world_of(OF_BOTH) as world:
        page = await at_the_choice(world)
        evil = await world.open(f"{CHOICE}?rd=https://evil.example.com/")
        assert "evil" not in evil.text
        page = await world.browser.click(page, "Acme, Inc.")
        assert page.url == world.url("/")


async def test_the_choice_is_in_the_session_and_in_every_tab() -> None:
    async with world_of(OF_BOTH) as world:
        await choose(world, "Umbrella <b>")
        former = world.session_cookie()
        page = await world.browser.click(await world.open(CHOICE), "Acme, Inc.")
        assert page.status == 200
        assert world.session_cookie() != former
        planted = f"{world.name}={former}; Path=/"
        world.browser.cookies.store(world.url(), [planted], world.clock())
        assert await world.statuses("/acme") == [200]


async def test_nobody_who_is_signed_out_chooses() -> None:
    async with world_of(OF_BOTH) as world:
        page = await world.browser.fetch(world.url(CHOICE))
        assert page.status == 401
        assert (await post(world, "acme")).status == 303
