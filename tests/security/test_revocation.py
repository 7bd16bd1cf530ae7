"""Whoever is revoked is out at once, and nobody else can do the revoking (28, 33)."""

import asyncio
import hmac
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

import aiohttp
import pytest

from gateway.app import Gateway
from gateway.authentication.logout_token import EVENT
from gateway.demo.calling_back import logout_token, post_webhook
from gateway.demo.signing_keys import Claims, Header, SigningKey, base64url
from gateway.operations.start_failed import StartFailed
from tests.support.lasting_world import (
    Socket,
    is_closed,
    lasting_world,
    socket_of,
    works,
)
from tests.support.virtual_browser import VirtualBrowser
from tests.support.whole_world import ADA, BOB, World, whole_world

BACKCHANNEL = "/.gateway/backchannel-logout"


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes


async def post(world: World, target: str, body: bytes, **headers: str) -> Answer:
    """Post as Logto does, or anybody: without cookies, Origin or Fetch Metadata."""
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    async with (
        aiohttp.ClientSession() as http,
        http.post(world.url(target), data=body, headers=sent) as answer,
    ):
        names = {name.lower(): value for name, value in answer.headers.items()}
        return Answer(answer.status, names, await answer.read())


async def log_out(
    world: World, token: str, kind: str = "application/x-www-form-urlencoded"
) -> Answer:
    """Post *token* as a logout token."""
    body = urlencode({"logout_token": token}).encode()
    return await post(world, BACKCHANNEL, body, Content_Type=kind)


def token_for(world: World, subject: str = ADA, sid: str | None = None) -> str:
    tenant = world.logto.tenant
    return logout_token(tenant, world.logto.client, subject, sid)


async def is_in(world: World, browser: VirtualBrowser | None = None) -> bool:
    """Tell whether a request of *browser* reaches the application."""
    reached = len(world.upstream.requests)
    page = await (browser or world.browser).fetch(world.url("/"))
    assert page.status in {200, 401}
    assert (len(world.upstream.requests) > reached) is (page.status == 200)
    return page.status == 200


@asynccontextmanager
async def signed_in(world: World, person: str) -> AsyncIterator[VirtualBrowser]:
    """Give another browser, signed in as *person*."""
    async with VirtualBrowser(now=world.clock) as browser:
        page = await browser.sign_in(world.url("/"), person)
        assert page.status == 200
        yield browser


# Back-channel logout


async def test_28_a_logout_token_signs_out_every_browser_of_the_person() -> None:
    async with (
        whole_world() as world,
        signed_in(world, "ada") as second,
        signed_in(world, "bob") as other,
    ):
        await world.sign_in()
        answer = await log_out(world, token_for(world))
        assert (answer.status, answer.body) == (200, b"")
        assert answer.headers["cache-control"] == "no-store"
        assert "set-cookie" not in answer.headers
        assert not await is_in(world)
        assert not await is_in(world, second)
        assert await is_in(world, other)


async def test_28_with_a_sid_the_other_browsers_stay() -> None:
    async with whole_world() as world:
        world.logto.client.register_backchannel(world.gateway.url, with_sid=True)
        async with signed_in(world, "ada") as second:
            await world.sign_in()
            sids = [one.sid for one in world.logto.tenant.sessions.values()]
            assert len(sids) == 2
            answer = await log_out(world, token_for(world, sid=sids[1]))
            assert answer.status == 200
            assert not await is_in(world)
            assert await is_in(world, second)


async def test_28_a_sid_ends_sessions_that_do_not_know_theirs_too() -> None:
    async with whole_world() as world, signed_in(world, "bob") as other:
        await world.sign_in()
        world.logto.client.register_backchannel(world.gateway.url, with_sid=True)
        async with signed_in(world, "ada") as newer:
            assert (await log_out(world, token_for(world, sid="s"))).status == 200
            assert not await is_in(world)
            assert await is_in(world, newer)
            assert await is_in(world, other)


async def test_28_signing_out_at_logto_signs_out_here() -> None:
    async with whole_world() as world:
        world.logto.client.register_backchannel(world.gateway.url)
        await world.sign_in()
        end = f"{world.logto.endpoint}/oidc/session/end?client_id={world.logto.app_id}"
        await world.browser.navigate(end)
        (posted,) = world.logto.tenant.posted
        assert posted.status == 200
        assert not await is_in(world)


async def test_28_who_signs_in_again_is_in_again_within_the_same_second() -> None:
    async with whole_world() as world:
        await world.sign_in()
        assert (await log_out(world, token_for(world))).status == 200
        world.clock.at += 0.25
        await world.sign_in()
        assert await is_in(world)


async def test_28_a_revoked_session_is_not_brought_back_by_a_late_answer() -> None:
    async with whole_world() as world:
        await world.sign_in()
        old = world.session_cookie()
        world.clock.at += 3000  # the cookie is due to be written again
        assert (await log_out(world, token_for(world))).status == 200
        page = await world.browser.fetch(world.url("/"))
        assert page.status == 401
        assert world.session_cookie() == old


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"iss": None}, id="no iss"),
        pytest.param({"iss": "https://evil.example/oidc"}, id="another issuer"),
        pytest.param({"aud": None}, id="no aud"),
        pytest.param({"aud": "another"}, id="another audience"),
        pytest.param({"iat": None}, id="no iat"),
        pytest.param({"iat": -301}, id="older than five minutes"),
        pytest.param({"iat": 61}, id="from the future"),
        pytest.param({"jti": None}, id="no jti"),
        pytest.param({"events": None}, id="no events"),
        pytest.param({"events": {}}, id="no logout event"),
        pytest.param({"events": {EVENT: []}}, id="an odd event"),
        pytest.param({"nonce": "n"}, id="a nonce"),
        pytest.param({"sub": None}, id="neither sub nor sid"),
        pytest.param({"typ": "JWT"}, id="an ID token's typ"),
        pytest.param({"typ": None}, id="no typ"),
        pytest.param({"typ": "at+jwt"}, id="an access token's typ"),
        pytest.param({"kid": "unknown"}, id="an unknown key"),
        pytest.param({"crit": ["x"], "x": 1}, id="an unknown extension"),
    ],
)
async def test_33_a_logout_token_that_lacks_something_does_nothing(
    changes: dict[str, object],
) -> None:
    async with whole_world() as world:

        def hook(claims: Claims, header: Header) -> None:
            for name, value in changes.items():
                place = header if name in {"typ", "kid", "crit", "x"} else claims
                if isinstance(value, int) and name == "iat":
                    place[name] = int(world.clock()) + value
                elif value is None and place is claims:
                    del place[name]
                else:
                    place[name] = value

        await world.sign_in()
        world.logto.behaviour.logout_token_hook = hook
        answer = await log_out(world, token_for(world))
        assert answer.status == 400
        assert answer.headers["cache-control"] == "no-store"
        assert await is_in(world)


async def test_33_a_replay_is_refused() -> None:
    async with whole_world() as world:
        await world.sign_in()
        token = token_for(world)
        assert (await log_out(world, token)).status == 200
        world.clock.at += 2
        await world.sign_in()
        assert (await log_out(world, token)).status == 400
        assert await is_in(world)


async def test_33_signed_by_nobody_or_somebody_else() -> None:
    async with whole_world() as world:
        await world.sign_in()
        ours = token_for(world)
        head, claims, signature = ours.split(".")
        foreign = SigningKey.generate()
        stolen_name = SigningKey(
            foreign.algorithm, foreign.private, world.logto.keys.current.kid
        )
        hooked: list[tuple[Claims, Header]] = []
        world.logto.behaviour.logout_token_hook = lambda c, h: hooked.append((c, h))
        token_for(world)
        ((told, header),) = hooked
        none = base64url(b'{"alg":"none","typ":"logout+jwt"}')
        mac = base64url(b'{"alg":"HS256","typ":"logout+jwt"}')
        for forged in (
            stolen_name.sign(told, header),
            f"{none}.{claims}.",
            f"{mac}.{claims}.{signature}",
            f"{head}.{claims}.{signature[:-4]}AAAA",
            f"{head}.{claims}",
            "",
        ):
            assert (await log_out(world, forged)).status == 400
        assert await is_in(world)


@pytest.mark.parametrize(
    ("kind", "body", "status"),
    [
        pytest.param("application/json", '{"logout_token": "TOKEN"}', 400, id="JSON"),
        pytest.param("text/plain", "logout_token=TOKEN", 400, id="text/plain"),
        pytest.param("FORM", "logout_token=TOKEN&logout_token=TOKEN", 400, id="twice"),
        pytest.param("FORM", "token=TOKEN", 400, id="another name"),
        pytest.param("FORM", "", 400, id="empty"),
        pytest.param("FORM", "logout_token=TOKEN&x=" + "x" * 9000, 400, id="too long"),
        pytest.param("FORM; charset=utf-8", "logout_token=TOKEN", 200, id="a charset"),
    ],
)
async def test_33_only_a_short_form_counts(kind: str, body: str, status: int) -> None:
    async with whole_world() as world:
        await world.sign_in()
        token = token_for(world)
        answer = await post(
            world,
            BACKCHANNEL,
            body.replace("TOKEN", token).encode(),
            Content_Type=kind.replace("FORM", "application/x-www-form-urlencoded"),
        )
        assert answer.status == status
        assert await is_in(world) is (status != 200)


async def test_33_only_post_is_taken() -> None:
    async with whole_world() as world:
        await world.sign_in()
        target = f"{BACKCHANNEL}?{urlencode({'logout_token': token_for(world)})}"
        page = await world.browser.fetch(world.url(target))
        assert page.status == 405
        assert page.header("allow") == "POST"
        assert await is_in(world)


async def test_38_invented_keys_make_us_fetch_keys_once_in_ten_seconds() -> None:
    async with whole_world() as world:
        await world.sign_in()
        foreign = SigningKey.generate()
        fetched = world.logto.requests.count("jwks")
        for number in range(20):
            key = SigningKey(foreign.algorithm, foreign.private, f"k{number}")
            header: Header = {"typ": "logout+jwt", "kid": key.kid}
            assert (await log_out(world, key.sign({}, header))).status == 400
        assert world.logto.requests.count("jwks") - fetched <= 2
        # Whoever signs in after a rotation is not held up by that.
        world.logto.keys.rotate()
        async with signed_in(world, "bob") as other:
            assert await is_in(world, other)


async def test_33_one_client_cannot_have_us_verify_without_end() -> None:
    async with whole_world() as world:
        await world.sign_in()
        statuses = [(await log_out(world, "a.b.c")).status for _ in range(60)]
        assert statuses == [400] * 50 + [429] * 10
        world.clock.at += 5
        assert (await log_out(world, token_for(world))).status == 200


async def test_a_logto_that_is_away_signs_nobody_out_and_says_400() -> None:
    async with whole_world() as world:
        await world.sign_in()
        token = token_for(world)
        await world.logto.stop()
        assert (await log_out(world, token)).status == 400
        assert await is_in(world)
        await world.logto.restart()
        assert (await log_out(world, token)).status == 200


# What a restart leaves


async def test_28_a_restart_brings_nobody_back(tmp_path: Path) -> None:
    async with whole_world(server=f'state_directory = "{tmp_path}"') as world:
        async with signed_in(world, "bob") as leaving, signed_in(world, "ada") as old:
            kept = [browser.cookie_header(world.url("/")) for browser in (leaving, old)]
            assert (await log_out(world, token_for(world, BOB))).status == 200
            account = await old.navigate(world.url("/.gateway/"))
            await old.click(account, "Sign out")
        await world.sign_in()
        assert await is_in(world)
        again = Gateway(world.gateway.settings, now=world.clock)
        await again.start()
        try:
            origin = f"http://{again.addresses[0]}"
            mine = world.browser.cookie_header(world.url("/"))
            assert [
                await status_of(origin, world, cookie) for cookie in (*kept, mine)
            ] == [401, 401, 200]
        finally:
            await again.stop()


async def status_of(origin: str, world: World, cookie: str) -> int:
    """Return what a request with *cookie* gets from the gateway at *origin*."""
    host = world.gateway.url.removeprefix("http://")
    headers = {"Cookie": cookie, "Host": host}
    async with (
        aiohttp.ClientSession() as http,
        http.get(origin + "/", headers=headers, allow_redirects=False) as answer,
    ):
        return answer.status


async def test_28_a_damaged_memory_keeps_the_gateway_from_starting(
    tmp_path: Path,
) -> None:
    async with whole_world(server=f'state_directory = "{tmp_path}"') as world:
        await world.sign_in()
        assert (await log_out(world, token_for(world))).status == 200
        path = tmp_path / "revocations"
        path.write_bytes(path.read_bytes().replace(ADA.encode(), BOB.encode()))
        again = Gateway(world.gateway.settings, now=world.clock)
        with pytest.raises(StartFailed, match="damaged on line 2"):
            await again.start()


# Signing out everywhere


async def test_28_signing_out_everywhere_ends_the_sessions_of_other_browsers() -> None:
    async with (
        whole_world() as world,
        signed_in(world, "ada") as second,
        signed_in(world, "bob") as other,
    ):
        await world.sign_in()
        account = await world.open("/.gateway/")
        page = await world.browser.click(account, "Sign out everywhere")
        assert page.url == world.url("/.gateway/signed-out")
        assert not world.cookies()
        assert not await is_in(world, second)
        assert await is_in(world, other)
        # The second browser's session at Logto lives on: the way back is silent.
        world.clock.at += 1
        page = await second.navigate(world.url("/"))
        assert (page.url, page.status) == (world.url("/"), 200)


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"Sec-Fetch-Site": "cross-site"}, id="another site"),
        pytest.param({"Sec-Fetch-Site": "same-site"}, id="a sibling host"),
        pytest.param({"Origin": "https://evil.example"}, id="another origin"),
        pytest.param({}, id="nothing that tells"),
    ],
)
async def test_28_nobody_else_can_press_that_button(headers: dict[str, str]) -> None:
    async with whole_world() as world:
        await world.sign_in()
        cookie = world.browser.cookie_header(world.url("/"))
        answer = await post(world, "/.gateway/sessions", b"", Cookie=cookie, **headers)
        assert answer.status == 403
        assert await is_in(world)


# What is under way


@asynccontextmanager
async def chatting_world(session: str = "") -> AsyncIterator[World]:
    """Give a world with WebSockets, with Ada signed in."""
    async with lasting_world(session) as world:
        await world.sign_in()
        yield world


@asynccontextmanager
async def open_socket(
    world: World, browser: VirtualBrowser | None = None
) -> AsyncIterator[Socket]:
    """Give a WebSocket of *browser*'s that leads to the application."""
    async with socket_of(world, browser) as socket:
        await works(socket)
        yield socket


async def test_28_an_open_websocket_ends_with_sign_out_and_others_stay() -> None:
    async with (
        chatting_world() as world,
        signed_in(world, "ada") as second,
        open_socket(world, second) as staying,
        open_socket(world) as leaving,
    ):
        await world.sign_out()
        await is_closed(leaving)
        await works(staying)


async def test_28_an_open_websocket_ends_with_a_logout_token() -> None:
    async with (
        chatting_world() as world,
        signed_in(world, "bob") as other,
        open_socket(world, other) as staying,
        open_socket(world) as leaving,
    ):
        assert (await log_out(world, token_for(world))).status == 200
        await is_closed(leaving)
        await works(staying)


async def test_28_an_open_websocket_ends_with_signing_out_everywhere() -> None:
    async with (
        chatting_world() as world,
        signed_in(world, "ada") as second,
        open_socket(world, second) as leaving,
    ):
        account = await world.open("/.gateway/")
        await world.browser.click(account, "Sign out everywhere")
        await is_closed(leaving)


async def test_28_an_open_websocket_ends_at_max_age_and_not_before() -> None:
    session = 'max_age = "1h"\nidle_timeout = "30m"'
    async with chatting_world(session=session) as world, open_socket(world) as socket:
        world.clock.at += 3599  # far beyond the idle limit: it is open
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(socket.receive(), 1)
        world.clock.at += 1
        await is_closed(socket)


# Webhooks

HOOK, HOOK_KEY = "/.gateway/hooks/logto", "the-signing-key-of-the-hook"
WITH_HOOK = f'webhook_signing_key = "{HOOK_KEY}"'
SUSPENDED: dict[str, object] = {
    "event": "User.SuspensionStatus.Updated",
    "data": {"id": ADA, "isSuspended": True},
    "params": {"userId": ADA},
}
DELETED: dict[str, object] = {
    "event": "User.Deleted",
    "data": None,
    "params": {"userId": ADA},
}


async def hook(world: World, payload: dict[str, object], key: str = HOOK_KEY) -> int:
    """Have Logto post *payload* as a webhook; return what it is answered."""
    tenant = world.logto.tenant
    posted = await post_webhook(tenant, world.url(HOOK), key, payload)
    if posted.status:
        assert posted.headers["Cache-Control"] == "no-store"
    return posted.status


@pytest.mark.parametrize(
    ("payload", "status", "stays"),
    [
        pytest.param(SUSPENDED, 204, False, id="suspended"),
        pytest.param(DELETED, 204, False, id="deleted"),
        pytest.param(
            SUSPENDED | {"data": {"id": ADA, "isSuspended": False}},
            204,
            True,
            id="no longer suspended",
        ),
        pytest.param(SUSPENDED | {"event": "User.Created"}, 204, True, id="created"),
        pytest.param(SUSPENDED | {"event": "PostSignIn"}, 204, True, id="signed in"),
        pytest.param({}, 204, True, id="nothing"),
        pytest.param(
            SUSPENDED | {"data": {"id": BOB, "isSuspended": True}},
            400,
            True,
            id="two people",
        ),
        pytest.param(DELETED | {"params": {}}, 400, True, id="nobody"),
        pytest.param(DELETED | {"params": {"userId": "\u00e9"}}, 400, True, id="odd"),
        pytest.param(
            SUSPENDED | {"data": {"id": ADA, "isSuspended": "true"}},
            400,
            True,
            id="suspended or not",
        ),
    ],
)
async def test_28_logto_says_who_was_suspended_or_deleted(
    payload: dict[str, object], status: int, *, stays: bool
) -> None:
    async with (
        whole_world(logto_keys=WITH_HOOK) as world,
        signed_in(world, "bob") as other,
    ):
        await world.sign_in()
        assert await hook(world, payload) == status
        assert await is_in(world) is stays
        assert await is_in(world, other)


async def test_28_a_webhook_that_is_not_signed_does_nothing() -> None:
    async with whole_world(logto_keys=WITH_HOOK) as world:
        await world.sign_in()
        assert await hook(world, DELETED, key="another key") == 401
        body = json.dumps(DELETED).encode()
        right = hmac.new(HOOK_KEY.encode(), body, "sha256").hexdigest()
        for given in (
            {},
            {"logto-signature-sha-256": ""},
            {"logto-signature-sha-256": "0" * 64},
            {"logto-signature-sha-256": right[:-1]},
            {"logto-signature": right},
        ):
            answer = await post(world, HOOK, body, **given)
            assert answer.status == 401
        signed = {"logto-signature-sha-256": right}
        assert (await post(world, HOOK, body + b" ", **signed)).status == 401
        assert await is_in(world)
        assert (await post(world, HOOK, body, **signed)).status == 204
        assert not await is_in(world)


async def test_28_a_webhook_of_any_length_is_not_read() -> None:
    async with whole_world(logto_keys=WITH_HOOK) as world:
        answer = await post(world, HOOK, b" " * (300 * 1024))
        assert answer.status == 413


async def test_28_without_a_signing_key_there_is_no_webhook() -> None:
    async with whole_world() as world:
        await world.sign_in()
        assert await hook(world, DELETED) == 404
        assert await hook(world, DELETED, key="") == 404
        assert await is_in(world)
