"""Choices and repeated sign-ins hold where sessions live in Redis, at every replica."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from gateway.demo.people import ADA, Member
from tests.support.redis_server import RedisServer
from tests.support.replicas import PUBLIC, Replicas, replicas

WITHIN = 900  # seconds
ROUTES = """
[[routes]]
upstream = "UPSTREAM"
allow = { organizations = ["acme", "umbrella"] }
[[routes]]
path = "/acme"
upstream = "UPSTREAM"
allow = { organization_roles = ["acme:admin"] }
[[routes]]
path = "/bill"
upstream = "UPSTREAM"
allow = { scopes = ["bill"], organizations = ["acme", "umbrella"] }
[[routes]]
path = "/danger"
upstream = "UPSTREAM"
allow = { organizations = ["acme", "umbrella"] }
require = { signed_in_within = "15m" }
"""
OF_BOTH = replace(
    ADA, memberships=(Member("acme", ("admin",), ("bill",)), Member("umbrella"))
)


@pytest.fixture
async def two(redis: RedisServer) -> AsyncIterator[Replicas]:
    async with replicas(redis, routes=ROUTES) as two:
        two.logto.organizations.update(acme="Acme", umbrella="Umbrella")
        two.logto.people["ada"] = OF_BOTH
        yield two


async def statuses(two: Replicas, place: int, *paths: str) -> list[int]:
    return [(await two.ask(place, path)).status for path in paths]


async def test_a_choice_at_one_counts_at_the_other(two: Replicas) -> None:
    page = await two.browser.sign_in(f"{PUBLIC}/", "ada")
    page = await two.browser.click(page, "Umbrella")
    assert (page.url, page.status) == (f"{PUBLIC}/", 200)
    assert await statuses(two, 1, "/", "/acme", "/bill") == [200, 403, 403]
    page = await two.browser.navigate(f"{PUBLIC}/.gateway/organization")
    page = await two.browser.click(page, "Acme")
    assert page.status == 200
    for place in (0, 1):
        answers = await statuses(two, place, "/", "/acme", "/bill")
        assert answers == [200, 200, 200]


async def test_a_repeated_sign_in_counts_at_the_other_and_ends_the_former_session(
    two: Replicas,
) -> None:
    page = await two.browser.sign_in(f"{PUBLIC}/", "ada")
    page = await two.browser.click(page, "Acme")
    former = two.browser.cookie_header(f"{PUBLIC}/")
    two.clock.at += WITHIN
    assert await statuses(two, 1, "/danger") == [401]
    page = await two.browser.sign_in(f"{PUBLIC}/danger", "ada")
    assert (page.url, page.status) == (f"{PUBLIC}/danger", 200)
    assert await statuses(two, 0, "/danger", "/acme") == [200, 200]
    for pair in former.split("; "):
        planted = [f"{pair}; Path=/; Secure"]
        two.browser.cookies.store(f"{PUBLIC}/", planted, two.clock())
    for place in (0, 1):
        assert await statuses(two, place, "/danger", "/") == [401, 401]
