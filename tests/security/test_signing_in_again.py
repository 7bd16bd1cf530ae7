"""A route that requires a recent sign-in gets one, whatever a client makes of it.

What is asked of Logto is no proof: what Logto says in the ID token is.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import pytest

from gateway.demo.signing_keys import Claims, Header
from tests.support.raw_client import exchange
from tests.support.sample_routes import WITH_DANGER, WITHIN
from tests.support.virtual_browser import Page
from tests.support.whole_world import World, whole_world


@asynccontextmanager
async def too_old(session: str = "") -> AsyncIterator[World]:
    """A world in which Ada signed in too long ago, here and at Logto."""
    async with whole_world(WITH_DANGER, session=session) as world:
        await world.sign_in()
        world.clock.at += WITHIN
        world.upstream.requests.clear()
        yield world


async def is_refused(world: World) -> bool:
    answer = await world.browser.fetch(world.url("/danger"), redirect=False)
    return answer.status == 401 and not reached(world)


def reached(world: World) -> list[str]:
    return [r.target for r in world.upstream.requests if r.target.startswith("/danger")]


TAMPERED = [
    pytest.param("sign-in?rd=/danger", id="an-ordinary-sign-in"),
    pytest.param("sign-in?rd=/danger&max_age=99999999", id="max_age"),
    pytest.param("sign-in?rd=/danger&again=1&prompt=none", id="parameters"),
    pytest.param("sign-in-again?rd=/danger&prompt=none", id="prompt-none"),
    pytest.param("sign-in-again?rd=/danger&max_age=99999999", id="max_age-again"),
    pytest.param("sign-in-again?rd=/&rd=/danger", id="rd-twice"),
    pytest.param("sign-in-again?rd=/", id="for-another-page"),
    pytest.param("sign-up?rd=/danger", id="a-newcomer"),
]


@pytest.mark.parametrize("address", TAMPERED)
async def test_no_address_makes_an_old_sign_in_recent(address: str) -> None:
    async with too_old() as world:
        page = await world.open(f"/.gateway/{address}")
        if page.url.startswith(world.logto.endpoint):  # X asks: nobody answers
            assert "/x/authorize" in page.url
        assert await is_refused(world)
        asked = world.logto.requests.of("auth")[-1].parameters
        assert asked.getall("prompt") in (["consent"], ["login consent"])
        assert len(asked.getall("max_age")) == 1


@pytest.mark.parametrize(
    "taken",
    [
        pytest.param({"prompt"}, id="the-demand"),
        pytest.param({"max_age"}, id="the-question-when-it-was"),
        pytest.param({"prompt", "max_age"}, id="both"),
    ],
)
async def test_nobody_at_the_browser_takes_out_what_logto_is_asked(
    taken: set[str],
) -> None:
    """The address of Logto stands in the browser, where anybody can edit it."""
    async with too_old() as world:
        page = await world.browser.navigate(
            world.url("/danger"), until=world.logto.endpoint
        )
        asked = urlsplit(page.location or "")
        left = [(k, v) for k, v in parse_qsl(asked.query) if k not in taken]
        edited = urlunsplit(asked._replace(query=urlencode(left)))
        page = await world.browser.navigate(edited)
        if page.url.startswith(f"{world.logto.endpoint}/x/authorize"):
            page = await world.browser.choose(page, "ada")
        assert page.status == 403
        assert "not asked to sign in again" in page.text
        assert await is_refused(world)


async def test_a_logto_that_did_not_ask_again_ends_on_a_page() -> None:
    """Once, never in a loop: the browser stands still."""
    async with too_old() as world:
        world.logto.behaviour.never_asks_again = True
        asked = world.logto.requests.count("auth")
        page = await world.open("/danger")
        assert (page.status, world.logto.requests.count("auth")) == (403, asked + 1)
        assert "not asked to sign in again" in page.text
        assert await is_refused(world)
        again = await world.open("/danger")
        assert (again.status, world.logto.requests.count("auth")) == (403, asked + 2)
        assert (await world.open("/")).status == 200


@pytest.mark.parametrize(
    "auth_time",
    [
        pytest.param(1, id="long-ago"),
        pytest.param(0, id="zero"),
        pytest.param("1795360747", id="a-text"),
        pytest.param([1795360747], id="a-list"),
        pytest.param(True, id="a-truth"),
        pytest.param(-1795360747, id="before-1970"),
        pytest.param(1e30, id="the-end-of-time"),
    ],
)
async def test_what_logto_says_of_the_time_must_be_one_and_recent(
    auth_time: object,
) -> None:
    async with too_old() as world:

        def hook(claims: Claims, _header: Header) -> None:
            claims["auth_time"] = auth_time

        world.logto.behaviour.id_token_hook = hook
        page = await world.browser.sign_in(world.url("/danger"), "ada")
        assert page.status == 403
        assert await is_refused(world)


async def test_a_time_in_the_future_holds_no_longer_than_now() -> None:
    async with too_old() as world:

        def hook(claims: Claims, _header: Header) -> None:
            claims["auth_time"] = int(world.clock.at) + 86400

        world.logto.behaviour.id_token_hook = hook
        page = await world.browser.sign_in(world.url("/danger"), "ada")
        assert page.status == 200
        world.upstream.requests.clear()
        world.clock.at += WITHIN
        assert await is_refused(world)


async def test_the_cookie_from_before_is_worth_nothing_afterwards() -> None:
    async with too_old() as world:
        old = world.session_cookie()
        page = await world.browser.sign_in(world.url("/danger"), "ada")
        assert page.status == 200
        world.upstream.requests.clear()
        planted = f"{world.name}={old}; Path=/"
        world.browser.cookies.store(world.url(), [planted], world.clock())
        for target in ("/danger", "/"):
            answer = await world.browser.fetch(world.url(target), redirect=False)
            assert answer.status == 401
        assert not world.upstream.requests


async def test_the_callback_of_an_ordinary_sign_in_makes_nothing_recent() -> None:
    async with too_old() as world:
        page: Page = await world.open("/.gateway/sign-in?rd=/")
        assert (page.url, page.status) == (world.url("/"), 200)
        assert await is_refused(world)


async def test_a_refresh_that_claims_a_recent_sign_in_makes_nothing_recent() -> None:
    async with too_old() as world:

        def hook(claims: Claims, _header: Header) -> None:
            claims["auth_time"] = int(world.clock.at)

        world.logto.behaviour.id_token_hook = hook
        assert (await world.browser.fetch(world.url("/"))).status == 200
        assert world.logto.requests.count("token", grant_type="refresh_token") == 1
        assert await is_refused(world)


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "DELETE", "OPTIONS", "FOO"])
async def test_11_every_method_needs_it(method: str) -> None:
    async with too_old() as world:
        answer = await world.browser.fetch(
            world.url("/danger"), method=method, redirect=False
        )
        assert answer.status == 401
        assert not reached(world)


@pytest.mark.parametrize(
    "target", ["/danger/", "/danger/x", "/%64anger", "//danger", "/danger%2Fx"]
)
async def test_06_every_spelling_needs_it(target: str) -> None:
    async with too_old() as world:
        answer = await world.browser.fetch(world.url(target), redirect=False)
        assert answer.status in {400, 401}
        assert not world.upstream.requests


async def test_14_a_websocket_needs_it() -> None:
    async with too_old() as world:
        cookie = f"{world.name}={world.session_cookie()}"
        host = world.url().removeprefix("http://").removesuffix("/")
        request = (
            f"GET /danger HTTP/1.1\r\nHost: {host}\r\nCookie: {cookie}\r\n"
            f"Origin: http://{host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            "Sec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        )
        answer = await exchange(world.gateway.port, request.encode("ascii"))
        assert answer.status == 401
        assert not world.upstream.requests
