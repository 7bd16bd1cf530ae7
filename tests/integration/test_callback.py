"""The callback: what Logto comes back with, and everything that is not that."""

import asyncio
from collections.abc import Callable
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest

from gateway.demo.faults import Fault
from tests.support.door import Door
from tests.support.running_gateway import anyone, running_gateway
from tests.support.sample_routes import TWO_HOSTS
from tests.support.virtual_browser import Page, VirtualBrowser
from tests.support.whole_world import ADA, World, whole_world

TARGET = "/notes?id=1"


def changed(url: str, change: Callable[[list[tuple[str, str]]], object]) -> str:
    """Return *url* after *change* had its way with the pairs of its query."""
    pairs = parse_qsl(urlsplit(url).query)
    change(pairs)
    return f"{url.partition('?')[0]}?{urlencode(pairs)}"


def without(name: str) -> Callable[[str], str]:
    def change(url: str) -> str:
        return changed(url, lambda pairs: pairs.remove(pair_of(pairs, name)))

    return change


def twice(name: str, value: str | None = None) -> Callable[[str], str]:
    def change(url: str) -> str:
        return changed(
            url,
            lambda pairs: pairs.append(
                (name, pair_of(pairs, name)[1] if value is None else value)
            ),
        )

    return change


def with_value(name: str, value: str) -> Callable[[str], str]:
    def change(url: str) -> str:
        return twice(name, value)(without(name)(url))

    return change


def in_place_of_the_code(**parameters: str) -> Callable[[str], str]:
    def change(url: str) -> str:
        return changed(without("code")(url), lambda p: p.extend(parameters.items()))

    return change


def pair_of(pairs: list[tuple[str, str]], name: str) -> tuple[str, str]:
    return next(pair for pair in pairs if pair[0] == name)


async def refused(world: World, page: Page) -> None:
    """Hold that *page* is a 400 without a session, and nobody asked Logto."""
    assert page.status == 400, page.text
    assert page.header("cache-control") == "no-store"
    assert page.header("referrer-policy") == "no-referrer"
    assert world.session_cookie() is None
    assert world.logto.requests.count("token") == 0
    assert world.upstream.requests == []
    assert (await world.open("/.gateway/userinfo")).status == 401


WITHOUT_ITS_STATE = [
    pytest.param(without("state"), id="no state"),
    pytest.param(twice("state"), id="the state twice"),
    pytest.param(twice("state", "another"), id="two states"),
    pytest.param(with_value("state", ""), id="an empty state"),
    pytest.param(with_value("state", "x" * 43), id="a state nobody gave out"),
    pytest.param(with_value("state", "\U0001f600" * 500), id="a state of emoji"),
    pytest.param(lambda url: url.partition("?")[0], id="no query"),
    pytest.param(lambda url: url.partition("?")[0] + "?%ff=%00&=&&;", id="rubbish"),
    pytest.param(lambda url: url + "&a=b" * 40, id="40 parameters more"),
    pytest.param(lambda url: url + "&" + "a" * 9000 + "=1", id="nine kilobytes"),
]
WITH_ITS_STATE = [
    pytest.param(without("code"), id="no code"),
    pytest.param(twice("code"), id="the code twice"),
    pytest.param(twice("code", "another"), id="two codes"),
    pytest.param(with_value("code", ""), id="an empty code"),
    pytest.param(with_value("code", "a b\r\nc"), id="a code with a line end"),
    pytest.param(twice("error", "access_denied"), id="a code and an error"),
    pytest.param(without("iss"), id="no issuer"),
    pytest.param(with_value("iss", "https://evil.example/oidc"), id="another issuer"),
    pytest.param(twice("iss"), id="the issuer twice"),
    pytest.param(in_place_of_the_code(error="access_denied"), id="access denied"),
    pytest.param(
        in_place_of_the_code(
            error="<script>alert(1)</script>",
            error_description="<img src=x onerror=alert(1)>\r\nSet-Cookie: a=b",
        ),
        id="34 a hostile error",
    ),
    pytest.param(
        in_place_of_the_code(error="login_required", error_description="x" * 7000),
        id="a long description",
    ),
]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        *(
            pytest.param(*each.values, "cannot be finished", id=each.id)
            for each in WITHOUT_ITS_STATE
        ),
        *(
            pytest.param(*each.values, "did not work", id=each.id)
            for each in WITH_ITS_STATE
        ),
    ],
)
async def test_21_a_callback_that_is_not_whole_is_refused(
    change: Callable[[str], str], words: str
) -> None:
    async with whole_world() as world:
        callback = await world.back_from_logto(TARGET)
        page = await world.browser.navigate(change(callback))
        await refused(world, page)
        assert words in page.text
        assert "<script>" not in page.text
        assert "onerror" not in page.text
        again = [link.href for link in page.links if link.label == "Sign in with X"]
        where = "?rd=/notes%3Fid%3D1" if words == "did not work" else ""
        assert again == [f"/.gateway/sign-in{where}"]
        # Nothing is spoilt: who starts again gets there.
        page = await world.browser.click(page, "Sign in with X")
        assert page.status == 200
        assert world.subject == ADA


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(without("state"), id="no state"),
        pytest.param(twice("state"), id="the state twice"),
        pytest.param(with_value("state", "unknown"), id="an unknown state"),
    ],
)
async def test_a_missing_state_with_a_live_session_goes_on(
    change: Callable[[str], str],
) -> None:
    async with whole_world() as world:
        callback = await world.back_from_logto(TARGET)
        await world.browser.navigate(callback)
        before = world.session_cookie()
        page = await world.browser.navigate(change(callback))
        assert (page.url, page.status) == (world.url("/"), 200)
        assert world.session_cookie() == before
        assert world.logto.requests.count("token") == 1


async def test_21_another_browsers_callback_is_refused() -> None:
    async with whole_world() as world:
        callback = await world.back_from_logto(TARGET)
        async with VirtualBrowser(now=world.clock) as other:
            page = await other.navigate(callback)
            assert page.status == 400
            assert "cannot be finished" in page.text
            assert other.cookies.all(world.clock()) == []
            assert "notes" not in page.text
        assert world.logto.requests.count("token") == 0
        page = await world.browser.navigate(callback)
        assert (page.url, page.status) == (world.url(TARGET), 200)


async def test_21_another_hosts_attempt_is_refused() -> None:
    async with whole_world(TWO_HOSTS, public_url="https://app.example.com") as world:
        other = "https://other.example.com"
        world.logto.client.register_gateway(other)
        world.browser.published[other] = f"http://127.0.0.1:{world.gateway.port}"
        callback = await world.back_from_logto(TARGET)
        (attempt,) = world.cookies("-attempt-")
        planted = f"{attempt.name}={attempt.value}; Path=/; Secure"
        world.browser.cookies.store(other, [planted], world.clock())
        page = await world.browser.navigate(
            callback.replace("app.example.com", "other.example.com")
        )
        await refused(world, page)


async def test_21_an_attempt_ends_after_ten_minutes() -> None:
    async with whole_world() as world:
        callback = await world.back_from_logto(TARGET)
        (attempt,) = world.cookies("-attempt-")
        world.clock.at += 601
        kept = f"{attempt.name}={attempt.value}; Path=/"
        world.browser.cookies.store(world.url(), [kept], world.clock())
        await refused(world, await world.browser.navigate(callback))


# A callback that comes twice.


async def test_a_used_callback_with_a_live_session_leads_where_it_led() -> None:
    async with whole_world() as world:
        callback = await world.back_from_logto(TARGET)
        await world.browser.navigate(callback)
        before = world.session_cookie()
        page = await world.browser.navigate(callback)
        assert (page.url, page.status) == (world.url(TARGET), 200)
        assert world.session_cookie() == before
        assert world.logto.requests.count("token") == 1


async def test_21_a_used_callback_without_a_session_offers_to_start_again() -> None:
    async with whole_world() as world:
        callback = await world.back_from_logto(TARGET)
        await world.browser.navigate(callback)
        gone = f"{world.name}=; Max-Age=0; Path=/"
        world.browser.cookies.store(world.url(), [gone], world.clock())
        page = await world.browser.navigate(callback)
        assert page.status == 400
        assert world.session_cookie() is None
        assert world.logto.requests.count("token") == 1
        page = await world.browser.click(page, "Sign in with X")
        assert (page.url, page.status) == (world.url(TARGET), 200)


async def test_21_a_copy_of_the_attempts_cookie_does_not_work_twice() -> None:
    async with whole_world() as world:
        callback = await world.back_from_logto(TARGET)
        copy = [f"{c.name}={c.value}; Path=/" for c in world.cookies("-attempt-")]
        await world.browser.navigate(callback)
        async with VirtualBrowser(now=world.clock) as thief:
            thief.cookies.store(world.url(), copy, world.clock())
            page = await thief.navigate(callback)
            assert page.status == 400
            assert world.name not in thief.cookie_names(world.url())
        assert world.logto.requests.count("token") == 1
        assert (await world.open()).status == 200


async def test_after_a_restart_a_used_callback_is_not_exchanged_again() -> None:
    """A code that comes twice ends the whole grant at Logto."""
    public_url = "https://app.example.com"
    async with whole_world(public_url=public_url) as world:
        callback = await world.back_from_logto(TARGET)
        await world.browser.navigate(callback)
        async with running_gateway(
            world.logto,
            anyone(world.upstream.url),
            now=world.clock,
            public_url=public_url,
        ) as restarted:
            real = f"http://127.0.0.1:{restarted.port}"
            world.browser.published[public_url] = real
            page = await world.browser.navigate(callback)
            assert (page.url, page.status) == (world.url(TARGET), 200)
            assert world.logto.requests.count("token") == 1


async def test_the_verifier_is_gone_from_the_browser_after_use() -> None:
    async with whole_world() as world:
        callback = await world.back_from_logto(TARGET)
        (before,) = world.cookies("-attempt-")
        await world.browser.navigate(callback)
        (after,) = world.cookies("-attempt-")
        assert len(after.value) < len(before.value) / 2


async def test_two_callbacks_at_once_exchange_the_code_once() -> None:
    async with whole_world() as world:
        callback = await world.back_from_logto(TARGET)
        door = Door()
        world.logto.faults["token"] = Fault(until=door)
        async with asyncio.TaskGroup() as group:
            first = group.create_task(world.browser.navigate(callback))
            await door.reached.wait()
            second = await world.browser.navigate(callback)
            door.set()
        assert second.status == 400
        assert first.result().status == 200
        assert world.logto.requests.count("token") == 1
        assert (await world.browser.navigate(callback)).url == world.url(TARGET)


async def test_head_does_not_use_the_code_up() -> None:
    async with whole_world() as world:
        callback = await world.back_from_logto(TARGET)
        answer = await world.browser.fetch(callback, method="HEAD")
        assert answer.status == 405
        assert answer.header("allow") == "GET"
        page = await world.browser.navigate(callback)
        assert (page.url, page.status) == (world.url(TARGET), 200)


# Logto fails while the code is exchanged.


@pytest.mark.parametrize(
    ("endpoint", "fault", "status"),
    [
        pytest.param("token", Fault(status=500), 503, id="token 500"),
        pytest.param("token", Fault(drop=True), 503, id="token broken off"),
        pytest.param("token", Fault(drop=True, done=True), 503, id="answer lost"),
        pytest.param("token", Fault(hang=True), 503, id="token silent"),
        pytest.param("token", Fault(status=200, body="{"), 503, id="no JSON"),
        pytest.param(
            "token",
            Fault(
                status=400,
                body='{"error": "invalid_grant"}',
                content_type="application/json",
            ),
            400,
            id="invalid_grant",
        ),
        pytest.param("me", Fault(status=500), 503, id="userinfo 500"),
        pytest.param("jwks", Fault(status=500), 503, id="keys 500"),
    ],
)
async def test_a_failed_exchange_is_told_never_repeated_and_can_start_again(
    endpoint: str, fault: Fault, status: int
) -> None:
    async with whole_world(logto_keys='timeout = "1s"') as world:
        callback = await world.back_from_logto(TARGET)
        world.logto.faults[endpoint] = fault
        page = await world.browser.navigate(callback)
        assert page.status == status, page.text
        assert world.session_cookie() is None
        assert world.logto.requests.count("token") == 1
        assert page.header("referrer-policy") == "no-referrer"
        page = await world.browser.navigate(callback)  # a person loads it again
        assert page.status == 400
        assert world.logto.requests.count("token") == 1
        world.logto.faults.clear()
        page = await world.browser.click(page, "Sign in with X")
        assert (page.url, page.status) == (world.url(TARGET), 200)


async def test_a_client_that_leaves_does_not_stop_the_exchange() -> None:
    async with whole_world() as world:
        callback = await world.back_from_logto(TARGET)
        door, next_door = Door(), Door()
        world.logto.faults["token"] = Fault(until=door)
        world.logto.faults["me"] = Fault(until=next_door)
        leaving = asyncio.create_task(  # noqa: TID251 - a person who closes the tab
            world.browser.navigate(callback)
        )
        await door.reached.wait()
        leaving.cancel()
        await asyncio.wait([leaving])
        door.set()
        await next_door.reached.wait()
        next_door.set()
        page = await world.browser.navigate(callback)
        page = await world.browser.click(page, "Sign in with X")
        assert (page.url, page.status) == (world.url(TARGET), 200)


# What Logto says must hold, here too.


@pytest.mark.parametrize(
    "claims",
    [
        pytest.param({"nonce": "another"}, id="another nonce"),
        pytest.param({"iss": "https://evil.example/oidc"}, id="another issuer"),
        pytest.param({"aud": "another"}, id="another audience"),
        pytest.param({"sub": ""}, id="an empty subject"),
        pytest.param({"exp": 1}, id="expired"),
    ],
)
async def test_an_id_token_that_does_not_hold_is_no_session(
    claims: dict[str, object],
) -> None:
    async with whole_world() as world:
        callback = await world.back_from_logto(TARGET)
        world.logto.behaviour.id_token_hook = lambda real, _header: real.update(claims)
        page = await world.browser.navigate(callback)
        assert page.status == 400
        assert world.session_cookie() is None
        assert "eyJ" not in page.text


async def test_userinfo_about_someone_else_is_no_session() -> None:
    async with whole_world() as world:
        callback = await world.back_from_logto(TARGET)
        world.logto.behaviour.userinfo_hook = lambda real: real.update(sub="someone")
        page = await world.browser.navigate(callback)
        assert page.status == 400
        assert world.session_cookie() is None


async def test_the_callbacks_address_is_told_to_nobody() -> None:
    async with whole_world(session='same_site = "strict"') as world:
        callback = await world.back_from_logto(TARGET)
        page = await world.browser.navigate(callback)
        assert page.history[-1].header("referrer-policy") == "no-referrer"
        assert page.history[-1].headers("refresh")


async def test_a_session_that_does_not_fit_is_told() -> None:
    async with whole_world(
        tables="[identity.headers]\n"
        + "\n".join(f'X-Long-{number} = "custom_data.{number}"' for number in "1234"),
        logto_keys='scopes = ["custom_data"]',
    ) as world:
        callback = await world.back_from_logto(TARGET)
        world.logto.behaviour.userinfo_hook = lambda real: real.update(
            custom_data=dict.fromkeys("1234", "x" * 1000)
        )
        page = await world.browser.navigate(callback)
        assert page.status == 500
        assert "holds more than fits" in page.text
        assert world.session_cookie() is None
