"""The virtual browser does as Chromium does, where the tests lean on it."""

from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from gateway.demo.listener import Listener
from tests.support.browser_cookies import Cookies
from tests.support.html_page import read
from tests.support.virtual_browser import (
    FetchBlockedError,
    TooManyRedirectsError,
    VirtualBrowser,
    relation,
    resolve,
)

HTTPS = "https://app.example.com/deep/page"
HTTP = "http://app.example.com/"
LOOPBACK = "http://127.0.0.1:8080/"


@pytest.mark.parametrize(
    ("url", "set_cookie", "sent_to"),
    [
        pytest.param(HTTP, "a=1; Path=/", HTTP, id="plain"),
        pytest.param(HTTPS, "a=1", HTTPS, id="default path is the folder"),
        pytest.param(HTTPS, "a=1; Path=/; Secure", HTTPS, id="secure over https"),
        pytest.param(LOOPBACK, "a=1; Path=/; Secure", LOOPBACK, id="secure, loopback"),
        pytest.param(
            LOOPBACK, "a=1; Path=/", "http://127.0.0.1:9/x", id="ports share cookies"
        ),
        pytest.param(HTTPS, "__Host-a=1; Path=/; Secure", HTTPS, id="__Host-"),
        pytest.param(
            HTTPS,
            "a=1; Domain=example.com; Path=/",
            "https://other.example.com/",
            id="domain cookie for a sibling",
        ),
        pytest.param(HTTP, "a=1; Path=/; Max-Age=60", HTTP, id="not expired yet"),
        pytest.param(
            HTTP,
            "a=1; Path=/; Expires=Thu, 01 Jan 1970 00:20:00 GMT",
            HTTP,
            id="Expires to come",
        ),
        pytest.param(HTTP, "a=" + "v" * 4095 + "; Path=/", HTTP, id="4096 bytes"),
    ],
)
def test_a_cookie_is_kept_and_sent(url: str, set_cookie: str, sent_to: str) -> None:
    cookies = Cookies()

    cookies.store(url, [set_cookie], 1000.0)

    assert len(cookies.matching(sent_to, 1000.0)) == 1
    assert not cookies.refused


@pytest.mark.parametrize(
    ("url", "set_cookie"),
    [
        pytest.param(HTTP, "a=1; Secure", id="secure over http"),
        pytest.param(HTTPS, "__Host-a=1; Path=/", id="__Host- without Secure"),
        pytest.param(HTTPS, "__Host-a=1; Secure; Path=/x", id="__Host- with a path"),
        pytest.param(
            HTTPS,
            "__Host-a=1; Secure; Path=/; Domain=app.example.com",
            id="__Host- with a domain",
        ),
        pytest.param(LOOPBACK, "__Host-a=1; Secure; Path=/", id="__Host- over http"),
        pytest.param(HTTPS, "a=1; SameSite=None", id="None without Secure"),
        pytest.param(HTTPS, "a=1; Domain=other.example", id="a foreign domain"),
        pytest.param(HTTPS, "a=" + "v" * 4096, id="over 4096 bytes"),
        pytest.param(HTTPS, "=1", id="no name"),
    ],
)
def test_a_cookie_is_refused(url: str, set_cookie: str) -> None:
    cookies = Cookies()

    cookies.store(url, [set_cookie], 1000.0)

    assert not cookies.all(1000.0)
    assert cookies.refused == [set_cookie]


@pytest.mark.parametrize(
    ("set_cookie", "url", "now"),
    [
        pytest.param("a=1; Path=/; Max-Age=60", HTTPS, 1060.0, id="expired"),
        pytest.param("a=1; Path=/; Secure", HTTP, 1000.0, id="secure to http"),
        pytest.param("a=1; Path=/x", HTTPS, 1000.0, id="another path"),
        pytest.param(
            "a=1; Path=/de", HTTPS, 1000.0, id="a path that is half a segment"
        ),
        pytest.param(
            "a=1; Path=/", "https://sub.app.example.com/", 1000.0, id="host only"
        ),
    ],
)
def test_a_cookie_is_not_sent(set_cookie: str, url: str, now: float) -> None:
    cookies = Cookies()

    cookies.store(HTTPS, [set_cookie], 1000.0)

    assert len(cookies.all(1000.0)) == 1
    assert not cookies.matching(url, now)


def test_max_age_zero_removes_only_the_cookie_of_that_path() -> None:
    cookies = Cookies()
    cookies.store(HTTPS, ["a=1; Path=/", "a=2; Path=/deep"], 1.0)

    cookies.store(HTTPS, ["a=; Path=/; Max-Age=0"], 2.0)

    assert [c.value for c in cookies.matching(HTTPS, 2.0)] == ["2"]


@pytest.mark.parametrize(
    ("same_site", "lax", "sent"),
    [
        pytest.param(True, False, ["lax", "none", "strict"], id="same site"),
        pytest.param(False, True, ["lax", "none"], id="cross-site navigation"),
        pytest.param(False, False, ["none"], id="cross-site frame or POST"),
    ],
)
def test_same_site(same_site: bool, lax: bool, sent: list[str]) -> None:  # noqa: FBT001
    cookies = Cookies()
    cookies.store(
        HTTPS,
        [
            "strict=1; SameSite=Strict",
            "lax=1; SameSite=Lax",
            "none=1; SameSite=None; Secure",
        ],
        1.0,
    )

    found = cookies.matching(HTTPS, 1.0, same_site=same_site, lax=lax)

    assert sorted(cookie.name for cookie in found) == sent


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        pytest.param(
            "https://a.example.com/", "https://a.example.com/x", "same-origin"
        ),
        pytest.param("https://a.example.com/", "https://b.example.com/", "same-site"),
        pytest.param("http://127.0.0.1:1/", "http://127.0.0.1:2/", "same-site"),
        pytest.param("http://127.0.0.1:1/", "http://localhost:1/", "cross-site"),
        pytest.param("http://a.example.com/", "https://a.example.com/", "cross-site"),
    ],
)
def test_sites(one: str, other: str, expected: str) -> None:
    assert relation(one, other) == expected


def test_a_backslash_is_a_slash_as_in_every_browser() -> None:
    assert resolve("http://a.example/x", "/\\evil.example") == "http://evil.example"


def test_forms_and_links_are_read() -> None:
    forms, links = read(
        "<a href='/x'>Go  <b>on</b></a><form method=post><input name=a value=1>"
        "<input type=submit name=s value=Send><button name=b value=2>Press</button>"
        "</form>"
    )

    assert links[0].label == "Go on"
    assert forms[0].fields == [("a", "1")]
    assert [(b.name, b.value, b.label) for b in forms[0].buttons] == [
        ("s", "Send", "Send"),
        ("b", "2", "Press"),
    ]


@pytest.fixture
async def mirror() -> AsyncIterator[str]:
    """A server that answers with what it was asked, and redirects on /to."""

    async def answer(request: web.Request) -> web.Response:
        if "to" in request.query:
            status = int(request.query.get("status", "302"))
            return web.Response(
                status=status, headers={"Location": request.query["to"]}
            )
        sent = dict(request.headers) | {":method": request.method}
        sent[":body"] = await request.text()
        return web.json_response(sent)

    def make() -> web.Application:
        app = web.Application()
        app.router.add_route("*", "/{tail:.*}", answer)
        return app

    async with Listener(make, "127.0.0.1", 0) as listener:
        yield listener.origin


async def test_a_typed_address_says_none_even_after_a_redirect(mirror: str) -> None:
    async with VirtualBrowser() as browser:
        page = await browser.navigate(f"{mirror}/?to=/there")

    sent = page.json()
    assert page.url == f"{mirror}/there"
    assert [step.status for step in page.history] == [302]
    assert sent["Sec-Fetch-Site"] == "none"
    assert sent["Sec-Fetch-Mode"] == "navigate"
    assert sent["Sec-Fetch-User"] == "?1"
    assert sent["Sec-Fetch-Dest"] == "document"


async def test_a_link_from_afar_says_cross_site(mirror: str) -> None:
    async with VirtualBrowser() as browser:
        page = await browser.navigate(mirror, came_from="http://localhost:1/x")

    assert page.json()["Sec-Fetch-Site"] == "cross-site"


@pytest.mark.parametrize(
    ("status", "method", "body"),
    [
        pytest.param("302", "GET", "", id="302 becomes GET"),
        pytest.param("303", "GET", "", id="303 becomes GET"),
        pytest.param("307", "POST", "a=b", id="307 stays"),
        pytest.param("308", "POST", "a=b", id="308 stays"),
    ],
)
async def test_a_form_follows_redirects(
    mirror: str, status: str, method: str, body: str
) -> None:
    async with VirtualBrowser() as browser:
        page = await browser.navigate(
            f"{mirror}/?to=/there&status={status}",
            form=[("a", "b")],
            came_from=f"{mirror}/form",
        )

    assert page.json()[":method"] == method
    assert page.json()[":body"] == body


async def test_a_script_sends_its_metadata(mirror: str) -> None:
    async with VirtualBrowser() as browser:
        answer = await browser.fetch(f"{mirror}/api", method="POST", body=b"x")

    sent = answer.json()
    assert sent["Sec-Fetch-Site"] == "same-origin"
    assert sent["Sec-Fetch-Mode"] == "cors"
    assert sent["Sec-Fetch-Dest"] == "empty"
    assert sent["Origin"] == mirror


async def test_a_script_cannot_read_another_origin(mirror: str) -> None:
    async with VirtualBrowser() as browser:
        with pytest.raises(FetchBlockedError):
            await browser.fetch(mirror, page="http://localhost:1/")


async def test_an_endless_redirect_ends_as_in_chromium(mirror: str) -> None:
    async with VirtualBrowser() as browser:
        with pytest.raises(TooManyRedirectsError):
            await browser.navigate(f"{mirror}/?to=")


async def test_a_published_origin_is_https_to_the_browser(mirror: str) -> None:
    published = {"https://app.example.com": mirror}
    async with VirtualBrowser(published=published) as browser:
        browser.cookies.store(HTTPS, ["__Host-a=1; Path=/; Secure"], 0)
        page = await browser.navigate("https://app.example.com/x?y")

    assert page.url == "https://app.example.com/x?y"
    assert page.json()["Host"] == "app.example.com"
    assert page.json()["Cookie"] == "__Host-a=1"
