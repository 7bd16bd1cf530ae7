"""The emulated Logto: the real SDK, and asking for authorization."""

import asyncio
from collections.abc import AsyncIterator
from urllib.parse import parse_qsl, urlsplit

import pytest
from logto import LogtoClient, LogtoConfig, Storage

from gateway.demo.logto import EmulatedLogto
from tests.support.asking_application import (
    APP,
    CALLBACK,
    SIGNED_OUT,
    World,
    asking_application,
    claims_of,
)
from tests.support.virtual_browser import VirtualBrowser


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with asking_application() as world:
        yield world


class Slots(Storage):
    """The SDK's storage, without its warning."""

    def __init__(self) -> None:
        self.values: dict[str, str | None] = {}

    def get(self, key: str) -> str | None:
        return self.values.get(key)

    def set(self, key: str, value: str | None) -> None:
        self.values[key] = value

    def delete(self, key: str) -> None:
        self.values.pop(key, None)


async def test_the_real_sdk_signs_in_and_out() -> None:
    async with EmulatedLogto.start() as logto, VirtualBrowser() as browser:
        logto.client.register_gateway(APP)
        config = LogtoConfig(
            endpoint=logto.endpoint,
            appId=logto.app_id,
            appSecret=logto.app_secret,
            scopes=["identities"],
        )
        client = LogtoClient(config, Slots())
        url = await client.signIn(CALLBACK) + "&direct_sign_in=social:x"
        page = await browser.sign_in(url, "bob", until=CALLBACK)
        # Its own key fetching blocks the event loop that the emulator runs in.
        core = await client.getOidcCore()
        await asyncio.to_thread(core.jwksClient.fetch_data)

        await client.handleSignInCallback(str(page.location))

        assert client.getIdTokenClaims().sub == logto.people["bob"].sub
        info = await client.fetchUserInfo()
        assert info.identities is not None
        assert info.identities["x"].userId == "783214"
        page = await browser.navigate(await client.signOut(SIGNED_OUT), until=APP)
        assert page.location == SIGNED_OUT
        again = await browser.navigate(url)
        assert "Choose who you are" in again.text


async def test_a_first_sign_in_goes_the_recorded_way(world: World) -> None:
    page = await world.browser.sign_in(world.address(), until=CALLBACK)

    steps = [
        (step.status, urlsplit(step.url).path.split("/")[1:3])
        for step in (*page.history, page)
    ]
    assert steps == [
        (303, ["x", "authorize"]),
        (200, ["callback", "x-universal"]),
        (303, ["oidc", "auth"]),
        (302, ["consent"]),
        (303, ["oidc", "auth"]),
    ]
    assert page.location is not None
    assert page.location.startswith(f"{CALLBACK}?code=")


async def test_the_callback_carries_code_state_and_issuer(world: World) -> None:
    back = await world.come_back(state="mine")

    assert back["state"] == "mine"
    assert back["iss"] == f"{world.logto.endpoint}/oidc"
    assert len(back["code"]) == 43
    assert set(back) == {"code", "state", "iss"}


async def test_a_live_session_is_silent_in_three_redirects(world: World) -> None:
    await world.come_back()

    page = await world.browser.navigate(world.address(), until=CALLBACK)

    assert [step.status for step in (*page.history, page)] == [303, 302, 303]
    assert [urlsplit(s.url).path.split("/")[1] for s in page.history] == [
        "oidc",
        "consent",
    ]
    assert "code=" in str(page.location)


@pytest.mark.parametrize(
    "prompt",
    [pytest.param("login", id="login"), pytest.param("login consent", id="both")],
)
async def test_prompt_login_asks_again(world: World, prompt: str) -> None:
    await world.come_back()

    page = await world.browser.navigate(world.address(prompt=prompt), until=CALLBACK)

    assert page.status == 200
    assert "Choose who you are" in page.text


async def test_leaving_the_pages_does_not_get_around_prompt_login(world: World) -> None:
    await world.come_back()
    page = await world.browser.navigate(world.address(prompt="login"))
    uid = dict(parse_qsl(urlsplit(page.url).query))["state"]

    around = await world.browser.navigate(f"{world.logto.endpoint}/oidc/auth/{uid}")

    assert "Choose who you are" in around.text


@pytest.mark.parametrize(
    ("prompt", "refreshable"),
    [
        pytest.param("consent", True, id="consent"),
        pytest.param("login consent", True, id="login consent"),
        pytest.param("login", False, id="login"),
        pytest.param("", False, id="none given"),
    ],
)
async def test_a_refresh_token_needs_the_consent_prompt(
    world: World, prompt: str, *, refreshable: bool
) -> None:
    answer = await world.tokens(prompt=prompt)

    assert ("refresh_token" in answer) is refreshable
    assert ("offline_access" in answer["scope"].split()) is refreshable


async def test_a_refresh_token_needs_offline_access(world: World) -> None:
    assert "refresh_token" not in await world.tokens(scope="openid profile")


async def test_an_application_may_always_get_a_refresh_token(world: World) -> None:
    world.logto.client.always_issue_refresh_token = True

    assert "refresh_token" in await world.tokens(prompt="login")


async def test_prompt_none_without_a_session_is_an_error(world: World) -> None:
    back = await world.come_back(prompt="none")

    assert back["error"] == "login_required"
    assert back["state"] == "s"
    assert back["iss"] == f"{world.logto.endpoint}/oidc"


async def test_prompt_none_with_a_session_is_silent(world: World) -> None:
    await world.come_back()

    assert "code" in await world.come_back(prompt="none")


async def test_max_age_asks_again_once_it_has_passed(world: World) -> None:
    await world.come_back()
    world.clock.at += 59
    assert "code" in await world.come_back(max_age="60")
    world.clock.at += 1

    page = await world.browser.navigate(world.address(max_age="60"), until=CALLBACK)

    assert "Choose who you are" in page.text


async def test_max_age_adds_the_time_of_the_sign_in(world: World) -> None:
    await world.come_back()
    signed_in_at = world.clock.at
    world.clock.at += 50

    with_it = claims_of((await world.tokens(max_age="60"))["id_token"])
    without = claims_of((await world.tokens())["id_token"])

    assert with_it["auth_time"] == int(signed_in_at)
    assert "auth_time" not in without


@pytest.mark.parametrize(
    ("changes", "shown"),
    [
        pytest.param({"direct_sign_in": "social:x"}, "Choose who you are", id="x"),
        pytest.param({"direct_sign_in": ""}, "Continue with X", id="none given"),
        pytest.param(
            {"direct_sign_in": "social:y"}, "Continue with X", id="unknown target"
        ),
        pytest.param(
            {"direct_sign_in": "sso:company"}, "Company sign-in", id="enterprise SSO"
        ),
        pytest.param(
            {"direct_sign_in": "sso:other"}, "Continue with X", id="unknown connector"
        ),
        pytest.param(
            {"direct_sign_in": "", "first_screen": "register"},
            "Create your account",
            id="register",
        ),
        pytest.param(
            {"direct_sign_in": "", "first_screen": "sign_in"},
            "<h1>Sign in",
            id="sign in",
        ),
    ],
)
async def test_the_first_page(
    world: World, changes: dict[str, str], shown: str
) -> None:
    page = await world.browser.navigate(world.address(**changes))

    assert page.status == 200
    assert shown in page.text
    assert "Emulated" in page.text


async def test_logtos_own_page_leads_through_x(world: World) -> None:
    assert "code" in await world.come_back(direct_sign_in="")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        pytest.param({"client_id": "other"}, "invalid_client", id="unknown client"),
        pytest.param(
            {"redirect_uri": CALLBACK + "/"},
            "invalid_redirect_uri",
            id="one slash more",
        ),
        pytest.param(
            {"redirect_uri": CALLBACK + "?a"}, "invalid_redirect_uri", id="a query"
        ),
        pytest.param(
            {"redirect_uri": "http://evil.example/"},
            "invalid_redirect_uri",
            id="foreign",
        ),
        pytest.param({"redirect_uri": ""}, "invalid_redirect_uri", id="missing"),
    ],
)
async def test_a_wrong_address_never_redirects(
    world: World, changes: dict[str, str], code: str
) -> None:
    page = await world.browser.navigate(world.address(**changes))

    assert page.status == 400
    assert code in page.text
    assert not page.history


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        pytest.param({"code_challenge": ""}, "invalid_request", id="no PKCE"),
        pytest.param({"code_challenge_method": ""}, "invalid_request", id="no method"),
        pytest.param({"code_challenge_method": "plain"}, "invalid_request", id="plain"),
        pytest.param(
            {"response_type": "id_token"}, "unsupported_response_type", id="implicit"
        ),
    ],
)
async def test_a_bad_request_goes_back_as_an_error(
    world: World, changes: dict[str, str], error: str
) -> None:
    back = await world.come_back(**changes)

    assert back["error"] == error
    assert "code" not in back


async def test_cancelling_never_returns_to_the_application(world: World) -> None:
    page = await world.browser.navigate(world.address())

    page = await world.browser.click(page, "Cancel", until=CALLBACK)

    assert page.status == 200
    assert page.url.startswith(world.logto.endpoint)
    page = await world.browser.choose(page, "bob", until=CALLBACK)
    assert "code=" in str(page.location)


async def test_the_older_of_two_tabs_ends_on_logtos_page(world: World) -> None:
    older = await world.browser.navigate(world.address(state="older"))
    newer = await world.browser.navigate(world.address(state="newer"))

    older = await world.browser.choose(older, "ada", until=CALLBACK)
    newer = await world.browser.choose(newer, "ada", until=CALLBACK)

    assert "Continue with X" in older.text
    assert "state=newer" in str(newer.location)


async def test_older_tabs_finish_where_that_is_switched_on(world: World) -> None:
    world.logto.behaviour.older_tab_fails = False
    older = await world.browser.navigate(world.address(state="older"))
    newer = await world.browser.navigate(world.address(state="newer"))

    newer = await world.browser.choose(newer, "ada", until=CALLBACK)
    older = await world.browser.choose(older, "ada", until=CALLBACK)

    assert "state=newer" in str(newer.location)
    assert "state=older" in str(older.location)


async def test_another_browser_cannot_finish_a_sign_in(world: World) -> None:
    page = await world.browser.navigate(world.address())

    async with VirtualBrowser(now=world.clock) as other:
        page = await other.choose(page, "bob", until=CALLBACK)

    assert page.status == 400


async def test_a_finished_sign_in_cannot_be_resumed(world: World) -> None:
    page = await world.browser.sign_in(world.address(), until=CALLBACK)

    again = await world.browser.navigate(page.url, until=CALLBACK)

    assert again.status == 400


async def test_the_interaction_cookie_is_raw_json(world: World) -> None:
    await world.come_back()

    cookies = {c.name: c for c in world.browser.cookies.all(world.clock())}

    assert cookies["_interaction"].value.startswith('{"gateway-demo":"')
    assert "," in cookies["_interaction"].value
    assert cookies["_interaction"].path == "/"
    assert {cookie.host for cookie in cookies.values()} == {"localhost"}
