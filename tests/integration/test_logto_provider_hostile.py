"""A malicious or broken Logto: refused or away, with a reason, and never let through.

Modelled on the OpenID Foundation's conditions for relying parties (code flow, Basic)
and on RFC 9700.
"""

import hmac
import json
import traceback
from collections.abc import AsyncIterator, Callable, Iterator, MutableMapping
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from gateway.authentication.errors import (
    LONGEST,
    ProviderMisconfigured,
    ProviderUnavailable,
    SignInRefused,
)
from gateway.demo.faults import Fault
from gateway.demo.signing_keys import Claims, Header, SigningKey, base64url, unsigned
from tests.support.provider_world import (
    CALLBACK,
    NONCE,
    ProviderWorld,
    provider_world,
)

Hook = Callable[[Claims, Header], str | None]
Ours = (ProviderUnavailable, SignInRefused)
EVIL = "https://evil.example"


@pytest.fixture
async def world() -> AsyncIterator[ProviderWorld]:
    async with provider_world() as started:
        yield started


async def refusal(world: ProviderWorld, **changes: str) -> SignInRefused:
    """Return why the sign-in was refused."""
    asked = await world.begin()
    with pytest.raises(SignInRefused) as caught:
        await world.come_back(asked, **changes)
    return caught.value


def claim(name: str, value: object) -> Hook:
    def hook(claims: Claims, _header: Header) -> None:
        claims[name] = value

    return hook


def without(name: str) -> Hook:
    def hook(claims: Claims, _header: Header) -> None:
        del claims[name]

    return hook


def header(name: str, value: object) -> Hook:
    def hook(_claims: Claims, header: Header) -> None:
        header[name] = value

    return hook


def both(*hooks: Hook) -> Hook:
    def hook(claims: Claims, header: Header) -> None:
        for one in hooks:
            one(claims, header)

    return hook


def later(name: str, seconds: int) -> Hook:
    def hook(claims: Claims, _header: Header) -> None:
        claims[name] = int(str(claims[name])) + seconds

    return hook


# The ID token


@pytest.mark.parametrize(
    ("hook", "reason"),
    [
        pytest.param(claim("iss", f"{EVIL}/oidc"), "issuer", id="iss wrong"),
        pytest.param(without("iss"), "issuer", id="iss absent"),
        pytest.param(claim("aud", "other"), "application", id="aud wrong"),
        pytest.param(without("aud"), "application", id="aud absent"),
        pytest.param(
            both(claim("aud", ["gateway-demo", "b"]), claim("azp", "b")),
            "azp",
            id="aud several, azp foreign",
        ),
        pytest.param(claim("aud", ["gateway-demo", "b"]), "azp", id="azp absent"),
        pytest.param(claim("nonce", "other"), "nonce", id="nonce wrong"),
        pytest.param(claim("nonce", None), "nonce", id="nonce null"),
        pytest.param(without("nonce"), "nonce", id="nonce absent"),
        pytest.param(claim("sub", ""), "nobody", id="sub empty"),
        pytest.param(without("sub"), "nobody", id="sub absent"),
        pytest.param(claim("sub", "bob"), "someone else", id="sub not userinfo's"),
        pytest.param(later("exp", -3600 - 60), "expired", id="expired"),
        pytest.param(without("exp"), "until when", id="exp absent"),
        pytest.param(without("iat"), "until when", id="iat absent"),
        pytest.param(later("iat", 61), "future", id="iat in the future"),
        pytest.param(claim("at_hash", "A" * 32), "at_hash", id="at_hash wrong"),
        pytest.param(header("typ", "at+jwt"), "kind", id="another kind of token"),
        pytest.param(header("kid", "unknown"), "not list", id="kid unknown"),
        pytest.param(header("kid", "k" * 300), "odd", id="kid endless"),
        pytest.param(header("crit", ["x"]), "kind", id="crit"),
    ],
)
async def test_a_wrong_id_token_is_refused(
    world: ProviderWorld, hook: Hook, reason: str
) -> None:
    world.logto.behaviour.id_token_hook = hook
    assert reason in str(await refusal(world))


@pytest.mark.parametrize(
    "hook",
    [
        pytest.param(claim("aud", ["gateway-demo"]), id="aud list of one"),
        pytest.param(
            both(claim("aud", ["gateway-demo", "b"]), claim("azp", "gateway-demo")),
            id="aud several, azp ours",
        ),
        pytest.param(without("at_hash"), id="at_hash absent"),
        pytest.param(later("exp", -3600 - 59), id="expired within the leeway"),
        pytest.param(later("iat", 60), id="iat ahead within the leeway"),
        pytest.param(without("name"), id="a claim of the profile absent"),
        pytest.param(header("typ", "jwt"), id="typ in lower case"),
    ],
)
async def test_what_the_specification_allows_signs_in(
    world: ProviderWorld, hook: Hook
) -> None:
    world.logto.behaviour.id_token_hook = hook
    assert (await world.come_back(await world.begin())).id_token_claims[
        "sub"
    ] == "87xtcn7tlv7b"


def resigned(key: SigningKey) -> Hook:
    def hook(claims: Claims, header: Header) -> str:
        return key.sign(claims, header)

    return hook


def tampered(claims: Claims, header: Header, key: SigningKey) -> str:
    head, _, signature = key.sign(claims, header).split(".")
    body = base64url(json.dumps(claims | {"sub": "q2m4w0z9k1rd"}).encode())
    return f"{head}.{body}.{signature}"


def signed_with_the_public_key(claims: Claims, header: Header, key: SigningKey) -> str:
    """Sign by HMAC with what everybody can read: the key confusion of RFC 8725 2.1."""
    public = key.private.public_key().public_bytes(
        Encoding.PEM, PublicFormat.SubjectPublicKeyInfo
    )
    body = base64url(json.dumps(claims).encode())
    head = base64url(json.dumps(header | {"alg": "HS256"}).encode())
    mac = hmac.digest(public, f"{head}.{body}".encode(), "sha256")
    return f"{head}.{body}.{base64url(mac)}"


async def test_13_a_token_without_signature_is_refused(world: ProviderWorld) -> None:
    world.logto.behaviour.id_token_hook = unsigned
    assert "signed" in str(await refusal(world))


async def test_13_hs256_with_the_public_key_is_refused(world: ProviderWorld) -> None:
    key = world.logto.keys.current
    world.logto.behaviour.id_token_hook = lambda claims, header: (
        signed_with_the_public_key(claims, header, key)
    )
    assert "algorithm" in str(await refusal(world))


async def test_13_not_even_where_the_provider_advertises_it(
    world: ProviderWorld,
) -> None:
    def advertise(document: Claims) -> None:
        document["id_token_signing_alg_values_supported"] = ["none", "HS256", "ES384"]

    world.logto.behaviour.discovery_hook = advertise
    await test_13_hs256_with_the_public_key_is_refused(world)
    await test_13_a_token_without_signature_is_refused(world)


async def test_a_token_that_was_changed_is_refused(world: ProviderWorld) -> None:
    key = world.logto.keys.current
    world.logto.behaviour.id_token_hook = lambda claims, header: tampered(
        claims, header, key
    )
    assert "signature" in str(await refusal(world))


async def test_a_token_of_a_key_that_is_not_listed_is_refused(
    world: ProviderWorld,
) -> None:
    foreign = replace(SigningKey.generate(), kid=world.logto.keys.current.kid)
    world.logto.behaviour.id_token_hook = resigned(foreign)
    assert "signature" in str(await refusal(world))


async def test_an_algorithm_that_is_not_advertised_is_refused(
    world: ProviderWorld,
) -> None:
    def advertise(document: Claims) -> None:
        document["id_token_signing_alg_values_supported"] = ["RS256"]

    world.logto.behaviour.discovery_hook = advertise
    for _ in range(3):
        assert "does not advertise" in str(await refusal(world))
    assert world.logto.requests.count("discovery") == 2


def nameless(claims: Claims, header: Header, key: SigningKey) -> str:
    return key.sign(claims, {"typ": header.get("typ")})


async def test_a_token_without_kid_is_good_where_there_is_one_key(
    world: ProviderWorld,
) -> None:
    key = world.logto.keys.current
    world.logto.behaviour.id_token_hook = lambda claims, header: nameless(
        claims, header, key
    )
    await world.come_back(await world.begin())
    key = world.logto.keys.rotate()
    world.clock.at += 600
    assert "not list" in str(await refusal(world))


async def test_two_keys_with_one_name_are_refused(world: ProviderWorld) -> None:
    kid = world.logto.keys.current.kid
    world.logto.keys.keys.append(replace(SigningKey.generate(), kid=kid))
    assert "not list" in str(await refusal(world))


async def test_38_unknown_keys_do_not_drive_key_fetches(world: ProviderWorld) -> None:
    await world.come_back(await world.begin())
    world.logto.behaviour.id_token_hook = header("kid", "unknown")
    for _ in range(10):
        await refusal(world)
    assert world.logto.requests.count("jwks") == 2
    world.logto.behaviour.id_token_hook = None
    await world.come_back(await world.begin())


# The token endpoint and userinfo


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        pytest.param({"id_token": None}, "no access token or no ID token", id="none"),
        pytest.param({"id_token": "x"}, "not a signed token", id="no token"),
        pytest.param({"id_token": {"sub": "a"}}, "odd id token", id="object"),
        pytest.param({"access_token": "a\r\nX: y"}, "odd access token", id="injection"),
        pytest.param({"access_token": "other"}, "at_hash", id="another access token"),
        pytest.param({"token_type": "mac"}, "Bearer", id="another type"),
        pytest.param({"expires_in": "soon"}, "lifetime", id="lifetime"),
        pytest.param({"refresh_token": []}, "odd refresh token", id="refresh token"),
    ],
)
async def test_a_wrong_token_answer_is_refused(
    world: ProviderWorld, changes: Claims, reason: str
) -> None:
    world.logto.behaviour.token_hook = lambda answer: answer.update(changes)
    assert reason in str(await refusal(world))


@pytest.mark.parametrize(
    "changes",
    [{"sub": "q2m4w0z9k1rd"}, {"sub": None}, {"sub": ""}, {"sub": ["87xtcn7tlv7b"]}],
    ids=str,
)
async def test_userinfo_about_someone_else_is_refused(
    world: ProviderWorld, changes: Claims
) -> None:
    world.logto.behaviour.userinfo_hook = lambda claims: claims.update(changes)
    assert "someone else" in str(await refusal(world))


async def test_userinfo_that_is_refused_ends_the_sign_in(world: ProviderWorld) -> None:
    world.logto.lifetimes.access_token = 0
    world.logto.behaviour.token_hook = lambda answer: answer.update(expires_in=3600)
    assert (await refusal(world)).code == "invalid_token"


# The callback


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        pytest.param({"iss": f"{EVIL}/oidc"}, "issuer_mismatch", id="mix-up"),
        pytest.param({"iss": ""}, "issuer_mismatch", id="iss empty"),
        pytest.param({"state": "other"}, "state_mismatch", id="state injection"),
        pytest.param({"code": "other"}, "invalid_grant", id="code injection"),
        pytest.param({"code": ""}, "malformed_callback", id="code empty"),
        pytest.param({"error": "access_denied"}, "malformed_callback", id="both"),
    ],
)
async def test_a_wrong_callback_is_refused(
    world: ProviderWorld, changes: dict[str, str], code: str
) -> None:
    assert (await refusal(world, **changes)).code == code


async def test_a_callback_without_the_promised_iss_is_refused(
    world: ProviderWorld,
) -> None:
    def forget(answer: MutableMapping[str, str]) -> None:
        del answer["iss"]

    world.logto.behaviour.callback_hook = forget
    asked = await world.ask()
    with pytest.raises(SignInRefused) as caught:
        await world.come_back(asked)
    assert caught.value.code == "issuer_mismatch"


@pytest.mark.parametrize("name", ["state", "code", "iss"])
async def test_21_a_parameter_twice_is_refused(world: ProviderWorld, name: str) -> None:
    asked = await world.ask()
    again = next(part for part in asked.query.split("&") if part.startswith(name))
    with pytest.raises(SignInRefused):
        await world.provider.complete(
            f"{asked.query}&{again}", CALLBACK, asked.attempt.sign_in_session, NONCE
        )
    assert world.logto.requests.count("token") == 0


# Discovery and keys


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        pytest.param({"issuer": f"{EVIL}/oidc"}, "logto.endpoint", id="issuer"),
        pytest.param({"token_endpoint": f"{EVIL}/t"}, "token_endpoint", id="secret"),
        pytest.param({"jwks_uri": "http://169.254.169.254/"}, "jwks_uri", id="SSRF"),
        pytest.param(
            {"id_token_signing_alg_values_supported": ["HS256"]},
            "algorithm",
            id="HS256",
        ),
    ],
)
async def test_a_document_of_another_provider_is_not_taken(
    world: ProviderWorld, changes: Claims, reason: str
) -> None:
    world.logto.behaviour.discovery_hook = lambda document: document.update(changes)
    with pytest.raises(ProviderMisconfigured, match=reason):
        await world.provider.begin(CALLBACK, nonce=NONCE)
    assert not await world.provider.ready()
    world.logto.behaviour.discovery_hook = None
    assert await world.provider.ready()


# Answers that are none, from every endpoint

JSON = "application/json"
BROKEN = {
    "500": Fault(status=500),
    "HTML": Fault(status=200, body="<html>", content_type="text/html"),
    "HTML called JSON": Fault(status=200, body="<html>", content_type=JSON),
    "404 text": Fault(status=404),
    "redirect": Fault(status=307, headers={"Location": "/oidc/jwks"}),
    "huge": Fault(status=200, body=json.dumps({"a": "a" * 300_000}), content_type=JSON),
    "cut off": Fault(drop=True),
    "hanging": Fault(hang=True),
}


@pytest.mark.parametrize("endpoint", ["discovery", "token", "jwks", "me"])
@pytest.mark.parametrize("fault", BROKEN.values(), ids=BROKEN.keys())
async def test_an_answer_that_is_none_is_an_outage(
    world: ProviderWorld, endpoint: str, fault: Fault
) -> None:
    asked = await world.begin()
    fresh = replace(world, provider=world.another(timeout=0.5))
    world.logto.faults[endpoint] = fault
    with pytest.raises(ProviderUnavailable) as caught:
        await fresh.come_back(asked)
    assert str(caught.value).startswith("Logto's ")
    world.logto.faults.clear()
    if endpoint == "discovery":
        assert (await fresh.come_back(asked)).refresh_token


# What errors tell


def secrets_of(world: ProviderWorld, *texts: str) -> Iterator[str]:
    yield world.logto.app_secret
    yield NONCE
    for text in texts:
        yield from (part for part in text.split() if len(part) > 15)


@pytest.mark.parametrize("endpoint", ["discovery", "token", "jwks", "me"])
@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(Fault(status=500), id="500"),
        pytest.param(Fault(drop=True), id="cut off"),
        pytest.param(None, id="an echo of everything that was sent"),
    ],
)
async def test_36_no_error_shows_a_secret(
    world: ProviderWorld, endpoint: str, fault: Fault | None
) -> None:
    asked = await world.begin()
    record = json.loads(asked.attempt.sign_in_session)
    code, verifier = asked.parameters()["code"], record["codeVerifier"]
    echo = f"{code} {verifier} {world.logto.app_secret} {record['state']}"
    world.logto.faults[endpoint] = fault or Fault(
        status=400,
        body=json.dumps({"error": echo, "error_description": echo}),
        content_type="application/json",
    )
    fresh = replace(world, provider=world.another(timeout=0.5))
    with pytest.raises(Ours) as caught:
        await fresh.come_back(asked)
    told = "".join(traceback.format_exception(caught.value)) + repr(caught.value)
    for secret in secrets_of(world, echo):
        assert secret not in told
    assert len(str(caught.value)) <= LONGEST
