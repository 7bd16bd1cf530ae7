"""Signing in and out through the SDK, at the emulated Logto."""

import asyncio
import random
from collections.abc import AsyncIterator
from urllib.parse import parse_qs, urlsplit

import aiohttp
import pytest
from logto.OidcCore import OidcCore

from gateway.authentication.authorization_url import AuthorizationRequest
from gateway.authentication.errors import (
    ProviderMisconfigured,
    ProviderUnavailable,
    SignInRefused,
)
from gateway.authentication.logto_provider import LogtoProvider, SignedIn
from gateway.authentication.provider_http import open_session
from gateway.authentication.sign_in_record import read_record
from gateway.demo.faults import Fault
from gateway.demo.people import Person
from tests.support.provider_world import (
    CALLBACK,
    NONCE,
    SIGNED_OUT,
    Asked,
    ProviderWorld,
    provider_world,
    settings_for,
)


@pytest.fixture
async def world() -> AsyncIterator[ProviderWorld]:
    async with provider_world() as started:
        yield started


def query_of(url: str) -> dict[str, list[str]]:
    return parse_qs(urlsplit(url).query, keep_blank_values=True)


# The way to Logto


async def test_the_request_goes_straight_to_x_bound_by_state_nonce_and_pkce(
    world: ProviderWorld,
) -> None:
    attempt = await world.provider.begin(CALLBACK, nonce=NONCE)
    record = read_record(attempt.sign_in_session)
    assert attempt.url.startswith(f"{world.logto.endpoint}/oidc/auth?")
    query = query_of(attempt.url)
    (scope,) = query.pop("scope")
    assert query == {
        "client_id": [world.logto.app_id],
        "redirect_uri": [CALLBACK],
        "response_type": ["code"],
        "prompt": ["consent"],
        "code_challenge": [OidcCore.generateCodeChallenge(record.code_verifier)],
        "code_challenge_method": ["S256"],
        "state": [attempt.state],
        "nonce": [NONCE],
        "direct_sign_in": ["social:x"],
    }
    scopes = scope.split()
    assert len(set(scopes)) == len(scopes)
    assert {"openid", "offline_access", "profile", "email", "identities"} <= set(scopes)


@pytest.mark.parametrize(
    ("sign_in", "first_screen", "prompt", "expected"),
    [
        pytest.param("social:x", None, None, ["social:x"], id="X"),
        pytest.param("sso:company", None, None, ["sso:company"], id="enterprise"),
        pytest.param("", None, None, None, id="Logto's own page"),
        pytest.param("social:x", "register", None, ["social:x"], id="sign-up"),
        pytest.param("social:x", None, "login consent", ["social:x"], id="switching"),
    ],
)
async def test_the_ways_to_sign_in(
    world: ProviderWorld,
    sign_in: str,
    first_screen: str | None,
    prompt: str | None,
    expected: list[str] | None,
) -> None:
    provider = world.another(sign_in=sign_in)
    attempt = await provider.begin(
        CALLBACK, nonce=NONCE, first_screen=first_screen, prompt=prompt
    )
    query = query_of(attempt.url)
    assert query.get("direct_sign_in") == expected
    assert query.get("first_screen") == (first_screen and [first_screen])
    assert query["prompt"] == [prompt or "consent"]


async def test_configured_scopes_are_asked_for_once(world: ProviderWorld) -> None:
    provider = world.another(scopes=("roles", "openid", "identities", "roles"))
    attempt = await provider.begin(CALLBACK, nonce=NONCE)
    (scope,) = query_of(attempt.url)["scope"]
    assert sorted(scope.split()) == [
        *("email", "identities", "offline_access", "openid", "profile", "roles")
    ]


async def test_no_two_attempts_share_anything(world: ProviderWorld) -> None:
    attempts = [await world.provider.begin(CALLBACK, nonce=NONCE) for _ in range(20)]
    records = [read_record(attempt.sign_in_session) for attempt in attempts]
    assert len({attempt.state for attempt in attempts}) == 20
    assert len({record.code_verifier for record in records}) == 20


# And back


async def test_a_person_signs_in(world: ProviderWorld) -> None:
    signed_in = await world.sign_in("ada")
    claims, userinfo = signed_in.id_token_claims, signed_in.userinfo
    assert claims["sub"] == userinfo["sub"] == "87xtcn7tlv7b"
    assert claims["nonce"] == NONCE
    assert signed_in.expires_at == world.clock() + 3600
    assert signed_in.refresh_token
    match userinfo:
        case {"identities": {"x": {"userId": x_id, "details": {"rawData": raw}}}}:
            assert x_id == "2244994945"
            assert raw["data"]["username"] == "ada_example"
        case _:
            pytest.fail("unknown claims of userinfo are lost")


@pytest.mark.parametrize("version", ["1.41", "1.42"])
@pytest.mark.parametrize("algorithm", ["ES384", "RS256"])
async def test_every_logto_signs_people_in(
    world: ProviderWorld, version: str, algorithm: str
) -> None:
    world.logto.behaviour.version = version
    world.logto.keys.rotate(algorithm, forget=True)
    assert (await world.sign_in("bob")).userinfo["name"] == "Bob Example"


async def test_one_sign_in_asks_for_everything_once(world: ProviderWorld) -> None:
    for _ in range(3):
        await world.sign_in()
    requests = world.logto.requests
    assert requests.count("discovery") == requests.count("jwks") == 1
    assert requests.count("token") == requests.count("me") == 3
    (sent, *_) = requests.of("token")
    assert "code_verifier" in sent.parameters
    assert sent.headers.getall("Cookie", []) == []


async def test_22_two_hundred_interleaved_sign_ins() -> None:
    """Everyone gets their own identity, in whatever order they come back."""
    people = [
        Person(
            key=f"p{n}", sub=f"sub-{n}", name=f"P {n}", x_id=str(n), x_username=f"u{n}"
        )
        for n in range(200)
    ]
    dice = random.Random(22)  # noqa: S311 - an order, not a secret
    async with provider_world(people) as world:

        async def attempt(person: Person) -> AuthorizationRequest:
            await asyncio.sleep(dice.random() / 100)
            return await world.provider.begin(CALLBACK, nonce=f"n-{person.key}")

        async def complete(person: Person, asked: Asked) -> SignedIn:
            await asyncio.sleep(dice.random() / 100)
            return await world.come_back(asked, nonce=f"n-{person.key}")

        attempts = await asyncio.gather(*map(attempt, people))
        arrivals = [
            (person, world.shortcut(person, begun))
            for person, begun in zip(people, attempts, strict=True)
        ]
        dice.shuffle(arrivals)
        outcomes = await asyncio.gather(*(complete(*arrival) for arrival in arrivals))
        for (person, _), signed_in in zip(arrivals, outcomes, strict=True):
            assert signed_in.id_token_claims["sub"] == person.sub
            assert signed_in.userinfo["sub"] == person.sub
            assert signed_in.userinfo["name"] == person.name
        assert world.logto.requests.count("discovery") == 1
        assert world.logto.requests.count("jwks") == 1


# Not twice, and not for somebody else


async def test_a_used_code_is_refused_and_nothing_hangs_on_it(
    world: ProviderWorld,
) -> None:
    asked = await world.ask()
    await world.come_back(asked)
    with pytest.raises(SignInRefused) as caught:
        await world.come_back(asked)
    assert caught.value.code == "invalid_grant"


async def test_21_the_code_of_another_attempt_is_refused(world: ProviderWorld) -> None:
    """Code injection (RFC 9700 section 2.1.1): the verifier does not fit."""
    mine, stolen = await world.ask("ada"), await world.ask("bob")
    with pytest.raises(SignInRefused) as caught:
        await world.come_back(mine, code=stolen.parameters()["code"])
    assert caught.value.code == "invalid_grant"


async def test_21_the_callback_of_another_attempt_is_refused(
    world: ProviderWorld,
) -> None:
    mine, other = await world.ask("ada"), await world.ask("bob")
    before = world.logto.requests.count("token")
    with pytest.raises(SignInRefused) as caught:
        await world.come_back(mine, state=other.attempt.state)
    assert caught.value.code == "state_mismatch"
    assert world.logto.requests.count("token") == before


async def test_a_sign_in_of_another_host_is_refused(world: ProviderWorld) -> None:
    asked = await world.ask()
    with pytest.raises(SignInRefused, match="another address"):
        await world.provider.complete(
            asked.query,
            "http://other.example:9/.gateway/callback",
            asked.attempt.sign_in_session,
            NONCE,
        )
    assert world.logto.requests.count("token") == 0


# Asking at the same time, and asking a Logto that is away


async def test_fifty_beginnings_at_once_are_one_discovery(world: ProviderWorld) -> None:
    go = asyncio.Event()
    world.logto.faults["discovery"] = Fault(until=go)
    async with asyncio.TaskGroup() as group:
        beginnings = [
            group.create_task(world.provider.begin(CALLBACK, nonce=str(n)))
            for n in range(50)
        ]
        await world.asked_for("discovery")
        go.set()
    assert len({beginning.result().state for beginning in beginnings}) == 50
    assert world.logto.requests.count("discovery") == 1


async def test_starting_while_logto_is_down(world: ProviderWorld) -> None:
    await world.logto.stop()
    assert not await world.provider.ready()
    with pytest.raises(ProviderUnavailable, match="cannot be reached"):
        await world.provider.begin(CALLBACK, nonce=NONCE)
    await world.logto.restart()
    assert await world.provider.ready()
    assert (await world.sign_in()).refresh_token


async def test_a_short_outage_is_not_noticed(world: ProviderWorld) -> None:
    world.logto.faults["discovery"] = Fault(status=500, times=2)
    await world.provider.begin(CALLBACK, nonce=NONCE)
    assert world.logto.requests.count("discovery") == 3


async def test_a_key_rotation_is_not_noticed(world: ProviderWorld) -> None:
    await world.sign_in()
    for algorithm in ("ES384", "RS256"):
        asked = await world.ask()
        world.logto.keys.rotate(algorithm)
        await world.come_back(asked)
        world.clock.at += 10
    assert world.logto.requests.count("jwks") == 3
    assert world.logto.requests.count("discovery") == 2


async def test_a_code_is_sent_once_where_it_may_have_arrived(
    world: ProviderWorld,
) -> None:
    for fault in (
        Fault(status=500),
        Fault(status=503),
        Fault(drop=True),
        Fault(drop=True, done=True),
    ):
        asked = await world.ask()
        world.logto.requests.clear()
        world.logto.faults["token"] = fault
        with pytest.raises(ProviderUnavailable, match="token endpoint"):
            await world.come_back(asked)
        assert world.logto.requests.count("token") == 1


async def test_after_an_outage_the_same_code_may_still_do(world: ProviderWorld) -> None:
    """A refused connection is known not to have spent it."""
    asked = await world.ask()
    await world.logto.stop()
    for _ in range(20):  # the pooled connections see that they are closed
        await asyncio.sleep(0)
    with pytest.raises(ProviderUnavailable, match="cannot be reached"):
        await world.come_back(asked)
    await world.logto.restart()
    assert (await world.come_back(asked)).id_token_claims["sub"] == "87xtcn7tlv7b"


async def test_a_wrong_secret_names_the_keys_to_correct(world: ProviderWorld) -> None:
    asked = await world.ask()
    world.logto.client.app_secret = "another"
    with pytest.raises(ProviderMisconfigured) as caught:
        await world.come_back(asked)
    assert "logto.app_id and logto.app_secret" in str(caught.value)
    assert "demo-secret" not in str(caught.value)


async def test_a_hanging_key_set_stops_nobody_else(world: ProviderWorld) -> None:
    """The SDK alone blocks the event loop for as long as it hangs."""
    asked = await world.ask()
    world.logto.requests.clear()
    go = asyncio.Event()
    world.logto.faults["jwks"] = Fault(until=go)
    events = []

    async def signing_in() -> None:
        await world.come_back(asked)
        events.append("signed in")

    async with asyncio.TaskGroup() as group:
        group.create_task(signing_in())
        await world.asked_for("jwks")
        for _ in range(20):
            await world.provider.begin(CALLBACK, nonce=NONCE)
            await world.provider.end_session_url(SIGNED_OUT)
            events.append("bystander")
        go.set()
    assert events == ["bystander"] * 20 + ["signed in"]


async def test_a_key_set_that_hangs_on_is_given_up() -> None:
    async with provider_world(timeout=0.5) as world:
        asked = await world.ask()
        world.logto.faults["jwks"] = Fault(hang=True)
        with pytest.raises(
            ProviderUnavailable, match=r"key set did not answer.*0\.5 s"
        ):
            await world.come_back(asked)


async def test_keys_are_fetched_by_one_at_a_time(world: ProviderWorld) -> None:
    asked = [await world.ask(), await world.ask("bob")]
    await asyncio.gather(*(world.come_back(one) for one in asked))
    assert world.logto.requests.count("jwks") == 1


# Out again


async def test_revoking_ends_the_grant(world: ProviderWorld) -> None:
    signed_in = await world.sign_in()
    assert signed_in.refresh_token is not None
    await world.provider.revoke(signed_in.refresh_token)
    (sent,) = world.logto.requests.of("revocation")
    assert sent.parameters["token_type_hint"] == "refresh_token"
    url = f"{world.logto.endpoint}/oidc/me"
    headers = {"Authorization": f"Bearer {signed_in.access_token}"}
    async with world.http.get(url, headers=headers) as answer:
        assert answer.status == 401


async def test_revoking_is_tried_again_and_failing_is_told(
    world: ProviderWorld,
) -> None:
    world.logto.faults["revocation"] = Fault(status=503, times=1)
    await world.provider.revoke("a-token")
    assert world.logto.requests.count("revocation") == 2
    world.logto.faults["revocation"] = Fault(status=503)
    with pytest.raises(ProviderUnavailable, match="revocation endpoint"):
        await world.provider.revoke("a-token")
    world.logto.faults.clear()
    world.logto.client.app_secret = "another"
    with pytest.raises(ProviderMisconfigured):
        await world.provider.revoke("a-token")


async def test_the_end_of_the_session_comes_back_to_us(world: ProviderWorld) -> None:
    url = await world.provider.end_session_url(SIGNED_OUT)
    assert url.startswith(f"{world.logto.endpoint}/oidc/session/end?")
    assert query_of(url) == {
        "client_id": [world.logto.app_id],
        "post_logout_redirect_uri": [SIGNED_OUT],
    }


async def test_nobody_is_sent_to_a_logto_that_is_away(world: ProviderWorld) -> None:
    signed_in = await world.sign_in()
    await world.logto.stop()
    with pytest.raises(ProviderUnavailable):
        await world.provider.revoke(signed_in.refresh_token or "")
    with pytest.raises(ProviderUnavailable):
        await world.provider.end_session_url(SIGNED_OUT)
    assert await world.provider.ready()


async def test_a_provider_without_sign_out_says_so(world: ProviderWorld) -> None:
    def forget(document: dict[str, object]) -> None:
        del document["end_session_endpoint"], document["revocation_endpoint"]

    world.logto.behaviour.discovery_hook = forget
    with pytest.raises(ProviderUnavailable, match="no end of session"):
        await world.provider.end_session_url(SIGNED_OUT)
    with pytest.raises(ProviderUnavailable, match="no revocation endpoint"):
        await world.provider.revoke("a-token")


async def test_the_session_for_logto_keeps_to_itself(world: ProviderWorld) -> None:
    settings = settings_for(world.logto)
    async with open_session(settings) as http:
        assert not http.trust_env
        assert isinstance(http.cookie_jar, aiohttp.DummyCookieJar)
    async with aiohttp.ClientSession(trust_env=True) as http:
        with pytest.raises(ValueError, match="environment"):
            LogtoProvider(settings, http, now=world.clock)
