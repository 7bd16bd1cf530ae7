"""Refreshing at the emulated Logto: what renews a session, what ends it, what waits."""

from collections.abc import AsyncIterator, Callable
from dataclasses import replace

import pytest

from gateway.authentication.errors import (
    GrantEnded,
    ProviderMisconfigured,
    ProviderUnavailable,
)
from gateway.authentication.logto_provider import Refreshed
from gateway.demo.faults import Fault
from gateway.demo.people import ADA
from gateway.demo.signing_keys import Claims, Header
from tests.support.provider_world import ProviderWorld, provider_world

HOUR, DAY = 3600, 86400
JSON = "application/json"


@pytest.fixture
async def world() -> AsyncIterator[ProviderWorld]:
    async with provider_world(timeout=0.5) as started:
        yield started


async def refresh_token(world: ProviderWorld) -> str:
    signed_in = await world.sign_in("ada")
    assert signed_in.refresh_token is not None
    return signed_in.refresh_token


async def refreshed(world: ProviderWorld, token: str) -> Refreshed:
    return await world.provider.refresh(token, ADA.sub)


async def test_a_refresh_brings_the_person_as_they_are_now(
    world: ProviderWorld,
) -> None:
    token = await refresh_token(world)
    world.logto.people["ada"] = replace(ADA, name="Ada Anew", roles=("editor",))
    world.clock.at += HOUR
    again = await refreshed(world, token)
    assert again.id_token_claims["name"] == "Ada Anew"
    assert again.userinfo is not None
    assert again.userinfo["roles"] == ["editor"]
    assert "identities" in again.userinfo
    assert again.refresh_token == token
    assert again.expires_at == int(world.clock.at) + HOUR
    assert world.logto.requests.count("token", grant_type="refresh_token") == 1


async def test_a_token_that_logto_replaces_is_told(world: ProviderWorld) -> None:
    token = await refresh_token(world)
    world.clock.at += 10 * DAY
    again = await refreshed(world, token)
    assert again.refresh_token != token
    world.clock.at += 60
    assert (await refreshed(world, again.refresh_token)).expires_at


def without_nonce(claims: Claims, _header: Header) -> None:
    claims.pop("nonce", None)


async def test_a_refreshed_id_token_needs_no_nonce(world: ProviderWorld) -> None:
    token = await refresh_token(world)
    world.logto.behaviour.id_token_hook = without_nonce
    assert (await refreshed(world, token)).expires_at


@pytest.mark.parametrize("gone", ["suspended", "deleted", "revoked", "expired"])
async def test_who_is_gone_ends_the_grant(world: ProviderWorld, gone: str) -> None:
    token = await refresh_token(world)
    match gone:
        case "suspended":
            world.logto.suspended.add("ada")
        case "deleted":
            world.logto.delete_person("ada")
        case "revoked":
            await world.provider.revoke(token)
        case _:
            world.clock.at += 15 * DAY
    with pytest.raises(GrantEnded):
        await refreshed(world, token)


def someone_else(claims: Claims, _header: Header) -> None:
    claims["sub"] = "q2m4w0z9k1rd"


def another_userinfo(claims: Claims) -> None:
    claims["sub"] = "q2m4w0z9k1rd"


async def test_31_another_subject_ends_the_grant(world: ProviderWorld) -> None:
    token = await refresh_token(world)
    world.logto.behaviour.id_token_hook = someone_else
    with pytest.raises(GrantEnded, match="someone else"):
        await refreshed(world, token)
    world.logto.behaviour.id_token_hook = None
    world.logto.behaviour.userinfo_hook = another_userinfo
    with pytest.raises(GrantEnded, match="someone else"):
        await refreshed(world, token)


def forged(claims: Claims, header: Header) -> None:
    claims["aud"] = "another-application"
    assert header


def unsigned(_claims: Claims, _header: Header) -> str:
    return "eyJhbGciOiJub25lIn0.eyJzdWIiOiI4N3h0Y243dGx2N2IifQ."


@pytest.mark.parametrize("hook", [forged, unsigned])
async def test_31_an_id_token_that_cannot_be_believed_renews_and_ends_nothing(
    world: ProviderWorld, hook: Callable[[Claims, Header], str | None]
) -> None:
    token = await refresh_token(world)
    world.logto.behaviour.id_token_hook = hook
    with pytest.raises(ProviderUnavailable):
        await refreshed(world, token)
    world.logto.behaviour.id_token_hook = None
    assert (await refreshed(world, token)).expires_at


def error(code: str, status: int = 400) -> Fault:
    return Fault(status=status, body=f'{{"error": "{code}"}}', content_type=JSON)


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(Fault(status=500), id="500"),
        pytest.param(
            Fault(status=502, body="<html>", content_type="text/html"), id="502"
        ),
        pytest.param(
            Fault(status=200, body="<html>", content_type="text/html"), id="HTML"
        ),
        pytest.param(
            Fault(status=400, body="<html>", content_type="text/html"), id="400"
        ),
        pytest.param(Fault(status=429), id="too many"),
        pytest.param(Fault(status=200, body="{}", content_type=JSON), id="no tokens"),
        pytest.param(Fault(hang=True), id="silence"),
        pytest.param(Fault(drop=True), id="broken off"),
        pytest.param(error("invalid_client", 401), id="a wrong secret"),
        pytest.param(error("invalid_request"), id="another error"),
        pytest.param(error("server_error"), id="an error of the server"),
        pytest.param(error("INVALID GRANT"), id="not quite invalid_grant"),
    ],
)
async def test_an_outage_is_no_end(world: ProviderWorld, fault: Fault) -> None:
    token = await refresh_token(world)
    world.logto.faults["token"] = fault
    with pytest.raises(ProviderUnavailable):
        await refreshed(world, token)
    world.logto.faults.clear()
    assert (await refreshed(world, token)).expires_at


async def test_a_wrong_secret_is_said_to_be_one(world: ProviderWorld) -> None:
    token = await refresh_token(world)
    world.logto.faults["token"] = error("invalid_client", 401)
    with pytest.raises(ProviderMisconfigured, match="app_secret"):
        await refreshed(world, token)


async def test_refused_connections_are_an_outage(world: ProviderWorld) -> None:
    token = await refresh_token(world)
    await world.logto.stop()
    with pytest.raises(ProviderUnavailable):
        await refreshed(world, token)
    await world.logto.restart()
    assert (await refreshed(world, token)).expires_at


@pytest.mark.parametrize(
    "fault", [Fault(status=500), Fault(hang=True), error("invalid_token", 401)]
)
async def test_tokens_are_kept_where_userinfo_cannot_be_asked(
    world: ProviderWorld, fault: Fault
) -> None:
    token = await refresh_token(world)
    world.clock.at += 10 * DAY
    world.logto.faults["me"] = fault
    again = await refreshed(world, token)
    assert again.userinfo is None
    assert again.refresh_token != token


@pytest.mark.parametrize("rotate", [True, False])
async def test_an_answer_that_got_lost_is_asked_for_again_at_once(
    world: ProviderWorld, *, rotate: bool
) -> None:
    token = await refresh_token(world)
    world.logto.client.rotate_refresh_token = rotate
    world.clock.at += 10 * DAY
    world.logto.faults["token"] = Fault(drop=True, done=True, times=1)
    again = await refreshed(world, token)
    assert (again.refresh_token != token) is rotate
    world.clock.at += 60
    assert (await refreshed(world, again.refresh_token)).expires_at


async def test_36_what_was_refreshed_does_not_show_when_it_is_printed(
    world: ProviderWorld,
) -> None:
    token = await refresh_token(world)
    assert token not in repr(await refreshed(world, token))
