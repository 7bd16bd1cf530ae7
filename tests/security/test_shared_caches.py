"""Attack 17: a cache in front publishes what the gateway protects.

A real nginx caches whatever it may.  Nobody gets an answer or a cookie that was meant
for somebody else, and nobody who is signed out gets either.
"""

import itertools
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio

from gateway.demo.logto import EmulatedLogto
from tests.security.conftest import alarms, size
from tests.support.fortress import ADA, BOB, ROUTES
from tests.support.nginx import free_port, nginx_cache
from tests.support.raw_upstream import Conversation, raw_upstream
from tests.support.running_gateway import RunningGateway, running_gateway
from tests.support.virtual_browser import Page, VirtualBrowser

pytestmark = pytest.mark.asyncio(loop_scope="module")

FIELDS = {
    "nothing": "",
    "public": "Cache-Control: public, max-age=600\r\n",
    "for shared caches": "Cache-Control: s-maxage=600\r\n",
    "public, in capitals": "CACHE-CONTROL: PUBLIC, MAX-AGE=600\r\n",
    "two fields": "Cache-Control: public\r\nCache-Control: max-age=600\r\n",
    "private for one field only": 'Cache-Control: private="X-A", max-age=600\r\n',
    "private, within another word": "Cache-Control: x-private, max-age=600\r\n",
    "immutable": "Cache-Control: max-age=31536000, immutable\r\n",
    "stale": "Cache-Control: max-age=1, stale-while-revalidate=600\r\n",
    "expires": "Expires: Thu, 31 Dec 2099 23:59:59 GMT\r\n",
    "expires, then public": "Expires: Thu, 31 Dec 2099 23:59:59 GMT\r\n"
    "Cache-Control: public\r\n",
    "for nginx": "X-Accel-Expires: 600\r\n",
    "for nginx, lower case": "x-accel-expires: @4102444799\r\n",
    "for CDNs": "CDN-Cache-Control: max-age=600\r\nSurrogate-Control: max-age=600\r\n",
    "pragma": "Pragma: cache\r\n",
    "a validator": 'ETag: "1"\r\nLast-Modified: Thu, 01 Jan 2026 00:00:00 GMT\r\n',
    "nominated": "Connection: cache-control\r\nCache-Control: private\r\n",
    "vary on nothing": "Vary: Accept\r\nCache-Control: public, max-age=600\r\n",
}
_number = itertools.count()


@dataclass(frozen=True, slots=True)
class Fronted:
    """A gateway behind a cache, and two people who came through it."""

    gateway: RunningGateway
    ada: VirtualBrowser
    bob: VirtualBrowser
    nobody: VirtualBrowser
    answers: dict[str, str]  # what the application adds to its answers, by path

    def path(self, below: str, fields: str, status: str = "200 OK") -> str:
        """Return an address below *below* that answers with *fields*."""
        path = f"{below}/{next(_number)}"
        self.answers[path] = f"HTTP/1.1 {status}\r\n{fields}"
        return path

    async def get(self, browser: VirtualBrowser, path: str) -> Page:
        """Ask for *path* as *browser*, without following a redirect."""
        return await browser.fetch(self.gateway.url + path, redirect=False)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def fronted(
    log_lines: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Fronted]:
    answers: dict[str, str] = {}

    async def tell(conversation: Conversation) -> None:
        """Answer with who asks."""
        while True:
            request = await conversation.read_request()
            who = request.value(b"X-Forwarded-User") or b"nobody"
            path = request.line.split(b" ")[1].decode()
            head = answers.get(path, "HTTP/1.1 200 OK\r\n")
            length = f"Content-Length: {len(who)}\r\n\r\n"
            await conversation.write((head + length).encode() + who)

    start, port = size(log_lines), free_port()
    folder = tmp_path_factory.mktemp("nginx")
    async with (
        raw_upstream(tell) as upstream,
        EmulatedLogto.start() as logto,
        running_gateway(
            logto,
            ROUTES.replace("UPSTREAM", upstream.url),
            public_url=f"http://127.0.0.1:{port}",
        ) as gateway,
        nginx_cache(folder, port, gateway.port),
        VirtualBrowser() as ada,
        VirtualBrowser() as bob,
        VirtualBrowser() as nobody,
    ):
        for browser, person in ((ada, "ada"), (bob, "bob")):
            page = await browser.sign_in(f"{gateway.url}/.gateway/sign-in", person)
            assert page.status == 200
        yield Fronted(gateway, ada, bob, nobody, answers)
    assert alarms(log_lines, start) == []


@pytest.mark.parametrize("fields", FIELDS.values(), ids=FIELDS)
async def test_17_nobody_gets_an_answer_that_was_another_persons(
    fronted: Fronted, fields: str
) -> None:
    path = fronted.path("/notes", fields)
    for browser, who in ((fronted.ada, ADA), (fronted.bob, BOB), (fronted.ada, ADA)):
        page = await fronted.get(browser, path)
        assert (page.status, page.body) == (200, who)
        assert page.header("X-Cache") == "MISS"
    page = await fronted.get(fronted.nobody, path)
    assert page.status == 401
    assert ADA not in page.body


@pytest.mark.parametrize("fields", FIELDS.values(), ids=FIELDS)
async def test_17_a_route_with_or_without_a_name_is_nobodys_to_keep(
    fronted: Fronted, fields: str
) -> None:
    path = fronted.path("/optional", fields)
    people = ((fronted.nobody, b"nobody"), (fronted.ada, ADA), (fronted.bob, BOB))
    for browser, who in (*people, *reversed(people)):
        assert (await fronted.get(browser, path)).body == who


@pytest.mark.parametrize("status", ["200 OK", "301 Moved", "404 Not", "410 Gone"])
async def test_17_a_cookie_of_the_application_is_for_one_person(
    fronted: Fronted, status: str
) -> None:
    fields = "Set-Cookie: theirs=1\r\nCache-Control: max-age=600\r\n"
    path = fronted.path("/notes", fields, status)
    assert (await fronted.get(fronted.ada, path)).header("set-cookie")
    page = await fronted.get(fronted.nobody, path)
    assert (page.status, page.header("set-cookie")) == (401, None)
    assert (await fronted.get(fronted.bob, path)).body == BOB


async def test_17_a_refusal_is_not_kept_either(fronted: Fronted) -> None:
    for below in ("/notes", "/bob"):
        path = fronted.path(below, "")
        assert (await fronted.get(fronted.nobody, path)).status == 401
        navigated = await fronted.nobody.navigate(
            fronted.gateway.url + path, until=fronted.gateway.url
        )
        assert navigated.status == 302
        assert (await fronted.get(fronted.nobody, path)).status == 401
        assert (await fronted.get(fronted.bob, path)).body == BOB
    path = fronted.path("/bob", "")
    assert (await fronted.get(fronted.ada, path)).status == 403
    assert (await fronted.get(fronted.bob, path)).body == BOB


async def test_17_an_outage_is_not_kept_either(fronted: Fronted) -> None:
    path = fronted.path("/notes", "X-A: \x00\r\n")
    assert (await fronted.get(fronted.ada, path)).status == 502
    del fronted.answers[path]
    assert (await fronted.get(fronted.ada, path)).body == ADA


@pytest.mark.parametrize("name", ["", "userinfo", "sign-out", "signed-out", "nothing"])
async def test_17_our_own_pages_are_not_kept(fronted: Fronted, name: str) -> None:
    for browser in (fronted.ada, fronted.bob, fronted.nobody, fronted.ada):
        page = await fronted.get(browser, f"/.gateway/{name}")
        assert page.header("X-Cache") == "MISS"
        assert page.header("Cache-Control") == "no-store"


async def test_17_two_sign_ins_through_the_cache_do_not_mix(fronted: Fronted) -> None:
    until = "http://localhost"
    url = f"{fronted.gateway.url}/.gateway/sign-in?rd=/x"
    async with VirtualBrowser() as one, VirtualBrowser() as other:
        first = await one.navigate(url, until=until)
        second = await other.navigate(url, until=until)
        assert first.location != second.location
        assert first.headers("set-cookie") != second.headers("set-cookie")


async def test_17_the_cache_does_keep_what_is_public(fronted: Fronted) -> None:
    path = fronted.path("/public", "Cache-Control: public, max-age=600\r\n")
    seen = [await fronted.get(who, path) for who in (fronted.ada, fronted.nobody)]
    assert [page.header("X-Cache") for page in seen] == ["MISS", "HIT"]
    assert [page.body for page in seen] == [b"nobody", b"nobody"]
