"""Choosing an organization, and signing in again, as people do it in a real browser."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from playwright.async_api import Page

from gateway.demo.people import ADA, Member
from tests.support.chromium import chromium
from tests.support.whole_world import World, whole_world

WITHIN = 900  # seconds
DANGER = "/danger?x=1"
ROUTES = """
[[routes]]
upstream = "UPSTREAM"
allow = { organizations = ["acme", "umbrella"] }
[[routes]]
path = "/danger"
upstream = "UPSTREAM"
allow = { organization_roles = ["acme:admin"] }
require = { signed_in_within = "15m" }
"""
SEND = """() => {
    const form = document.createElement("form");
    form.method = "post";
    form.action = "/danger/delete";
    document.body.append(form);
    form.submit();
}"""


@asynccontextmanager
async def world_of_ada() -> AsyncIterator[World]:
    async with whole_world(ROUTES) as world:
        world.logto.organizations.update(acme="Acme, Inc.", umbrella="Umbrella")
        members = (Member("acme", ("admin",)), Member("umbrella"))
        world.logto.people["ada"] = replace(ADA, memberships=members)
        yield world


async def press(page: Page, name: str, then: str) -> None:
    """Press the button or link that reads *name*, and wait for the address *then*.

    It may go on after that.
    """
    target = page.get_by_role("button", name=name).or_(
        page.get_by_role("link", name=name)
    )
    await target.first.click()
    await arrive(page, then)


async def arrive(page: Page, where: str) -> None:
    await page.wait_for_url(lambda url: url.startswith(where), timeout=10_000)


async def test_people_choose_an_organization_and_change_it() -> None:
    async with world_of_ada() as world, chromium() as browser:
        page = await browser.new_page()
        choice = world.url("/.gateway/organization?")
        await page.goto(world.url(DANGER))
        await press(page, "Ada Example", choice)
        await press(page, "Umbrella", world.url(DANGER))
        assert "no access here" in await page.inner_text("main")
        await press(page, "Act for another organization", choice)
        await press(page, "Acme, Inc.", world.url(DANGER))
        assert await page.inner_text("body") == "application"


async def test_people_sign_in_again_and_know_what_was_lost() -> None:
    async with world_of_ada() as world, chromium() as browser:
        page = await browser.new_page()
        at_x = f"{world.logto.endpoint}/x/"
        await page.goto(world.url(DANGER))
        await press(page, "Ada Example", world.url("/.gateway/organization?"))
        await press(page, "Acme, Inc.", world.url(DANGER))
        world.clock.at += WITHIN
        await page.goto(world.url(DANGER))
        await arrive(page, at_x)
        await press(page, "Ada Example", world.url(DANGER))
        assert await page.inner_text("body") == "application"

        world.clock.at += WITHIN
        await page.evaluate(SEND)
        await arrive(page, world.url("/danger/delete"))
        assert "POST /danger/delete" in await page.inner_text("main")
        await press(page, "Sign in with X", at_x)
        await press(page, "Ada Example", world.url(DANGER))
        sent = {request.method for request in world.upstream.requests}
        assert sent == {"GET"}
