"""Choices and repeated sign-ins hold where sessions live in Redis, at every replica."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

import pytest

from gateway.demo.logto import EmulatedLogto
from gateway.demo.people import ADA, Member
from tests.support.asking_application import Clock
from tests.support.recording_upstream import recording_upstream
from tests.support.redis_server import RedisServer, redis_server
from tests.support.running_gateway import RunningGateway, running_gateway
from tests.support.virtual_browser import VirtualBrowser

PUBLIC = "https://app.example.com"
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


@dataclass(frozen=True, slots=True)
class Two:
    """Two gateways, one Redis, and a browser that meets the one it is led to."""

    clock: Clock
    logto: EmulatedLogto
    gateways: tuple[RunningGateway, RunningGateway]
    browser: VirtualBrowser

    @property
    def cookie_name(self) -> str:
        return self.gateways[0].settings.session.cookie_name

    def lead(self, place: int) -> None:
        port = self.gateways[place].port
        self.browser.published[PUBLIC] = f"http://127.0.0.1:{port}"

    async def statuses(self, place: int, *paths: str) -> list[int]:
        self.lead(place)
        asked = [
            await self.browser.fetch(PUBLIC + path, redirect=False) for path in paths
        ]
        return [answer.status for answer in asked]


@pytest.fixture
async def redis() -> AsyncIterator[RedisServer]:
    async with redis_server() as server:
        yield server


@asynccontextmanager
async def two_of(redis: RedisServer) -> AsyncIterator[Two]:
    clock = Clock()
    async with (
        EmulatedLogto.start(now=clock) as logto,
        recording_upstream() as upstream,
        VirtualBrowser(now=clock) as browser,
    ):
        routes = ROUTES.replace("UPSTREAM", upstream.url)
        kept = redis.session
        async with (
            running_gateway(
                logto, routes, now=clock, public_url=PUBLIC, session=kept
            ) as one,
            running_gateway(
                logto, routes, now=clock, public_url=PUBLIC, session=kept
            ) as other,
        ):
            logto.organizations.update(acme="Acme", umbrella="Umbrella")
            logto.people["ada"] = OF_BOTH
            world = Two(clock, logto, (one, other), browser)
            world.lead(0)
            yield world


async def test_a_choice_at_one_counts_at_the_other(redis: RedisServer) -> None:
    async with two_of(redis) as two:
        page = await two.browser.sign_in(f"{PUBLIC}/", "ada")
        page = await two.browser.click(page, "Umbrella")
        assert (page.url, page.status) == (f"{PUBLIC}/", 200)
        assert await two.statuses(1, "/", "/acme", "/bill") == [200, 403, 403]
        page = await two.browser.navigate(f"{PUBLIC}/.gateway/organization")
        page = await two.browser.click(page, "Acme")
        assert page.status == 200
        for place in (0, 1):
            answers = await two.statuses(place, "/", "/acme", "/bill")
            assert answers == [200, 200, 200]


async def test_a_repeated_sign_in_counts_at_the_other_and_ends_the_former_session(
    redis: RedisServer,
) -> None:
    async with two_of(redis) as two:
        page = await two.browser.sign_in(f"{PUBLIC}/", "ada")
        page = await two.browser.click(page, "Acme")
        former = two.browser.cookie_header(f"{PUBLIC}/")
        two.clock.at += WITHIN
        assert await two.statuses(1, "/danger") == [401]
        page = await two.browser.sign_in(f"{PUBLIC}/danger", "ada")
        assert (page.url, page.status) == (f"{PUBLIC}/danger", 200)
        assert await two.statuses(0, "/danger", "/acme") == [200, 200]
        for pair in former.split("; "):
            planted = [f"{pair}; Path=/; Secure"]
            two.browser.cookies.store(f"{PUBLIC}/", planted, two.clock())
        for place in (0, 1):
            assert await two.statuses(place, "/danger", "/") == [401, 401]
