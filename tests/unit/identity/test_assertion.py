"""Assertions: what they say, and how long one serves."""

from collections.abc import Callable
from dataclasses import replace
from itertools import count

import jwt
import pytest

from gateway.identity.assertion import (
    MOST_KEPT,
    Assertions,
    Terms,
    claims_of,
)
from gateway.identity.assertion_keys import AssertionKey, keys_in
from gateway.identity.identity import Identity
from tests.support.pem import p256

ADA = Identity(
    sub="u1",
    username="logto_ada",
    x_username="ada",
    x_id="42",
    name="Ada",
    email="ada@good.com",
    email_verified=True,
    picture=None,
    roles=("admin",),
)
APP, OTHER = "https://app.example.com", "https://other.example.com"
(KEY,) = keys_in(p256())
TERMS = Terms(issuer=APP, audience="", lifetime=120, x_handle=True)
NOW = 1_700_000_000.5


def numbers() -> Callable[[int], str]:
    following = count(1)
    return lambda _size: str(next(following))


def made(terms: Terms = TERMS, *keys: AssertionKey) -> Assertions:
    return Assertions(terms, keys or [KEY], numbers())


def opened(value: bytes, audience: str = APP) -> dict[str, object]:
    return jwt.decode(
        value,
        KEY.private.public_key(),
        algorithms=["ES256"],
        audience=audience,
        options={"verify_exp": False, "verify_iat": False},
    )


def test_it_says_who_it_is_for_whom_and_until_when() -> None:
    value = made().of("s1", ADA, OTHER, NOW)
    assert jwt.get_unverified_header(value) == {
        "alg": "ES256",
        "kid": KEY.kid,
        "typ": "JWT",
    }
    assert opened(value, OTHER) == {
        "iss": APP,
        "aud": OTHER,
        "sub": "u1",
        "iat": 1_700_000_000,
        "exp": 1_700_000_120,
        "jti": "1",
        "name": "Ada",
        "preferred_username": "ada",
        "email": "ada@good.com",
        "email_verified": True,
        "roles": ["admin"],
    }


def test_an_audience_of_ones_own() -> None:
    value = made(replace(TERMS, audience="my-app")).of("s1", ADA, APP, NOW)
    assert opened(value, "my-app")["aud"] == "my-app"


def test_what_is_not_known_is_left_out() -> None:
    unverified = replace(ADA, email_verified=False, name=None, roles=())
    assert claims_of(unverified, x_handle=False) == {
        "sub": "u1",
        "preferred_username": "logto_ada",
    }


def test_permissions_and_the_organization_one_acts_for_are_told() -> None:
    member = replace(
        ADA,
        scopes=("read:notes", "write:notes"),
        organizations=("o1", "o2"),
        organization_roles=("o1:owner", "o2:guest"),
        organization="o2",
    )
    told = claims_of(member, x_handle=True)
    assert told["scope"] == "read:notes write:notes"
    assert told["organization_id"] == "o2"
    assert told["organization_roles"] == ["o2:guest"]


def test_an_organization_that_one_has_left_is_not_told() -> None:
    left = replace(
        ADA, organizations=(), organization_roles=("o1:owner",), organization="o1"
    )
    told = claims_of(left, x_handle=True)
    assert not {"organization_id", "organization_roles"} & told.keys()


def test_the_first_key_signs() -> None:
    (second,) = keys_in(p256())
    value = made(TERMS, second, KEY).of("s1", ADA, APP, NOW)
    assert jwt.get_unverified_header(value)["kid"] == second.kid


@pytest.mark.parametrize(
    ("seconds", "again"),
    [
        pytest.param(0, True, id="at once"),
        pytest.param(89.9, True, id="for three quarters of its life"),
        pytest.param(90, False, id="not for the last quarter"),
        pytest.param(-1, False, id="when the clock was set back"),
    ],
)
def test_one_serves_for_most_of_its_life(seconds: float, again: bool) -> None:  # noqa: FBT001
    assertions = made()
    first = assertions.of("s1", ADA, APP, NOW)
    assert (assertions.of("s1", ADA, APP, NOW + seconds) == first) is again


BOB = replace(ADA, sub="u2")


@pytest.mark.parametrize(
    ("session", "identity", "origin"),
    [
        pytest.param("s2", ADA, APP, id="another session"),
        pytest.param("s1", ADA, OTHER, id="another audience"),
        pytest.param("s1", BOB, APP, id="another person"),
        pytest.param("s1", replace(ADA, roles=()), APP, id="a role less"),
        pytest.param("s1", replace(ADA, email_verified=False), APP, id="e-mail"),
    ],
)
def test_15_one_serves_nobody_and_nothing_else(
    session: str, identity: Identity, origin: str
) -> None:
    assertions = made()
    first = assertions.of("s1", ADA, APP, NOW)
    other = assertions.of(session, identity, origin, NOW)
    assert other != first
    assert opened(other, origin)["sub"] == identity.sub
    assert assertions.of(session, replace(identity), origin, NOW) == other


def test_sessions_cannot_fill_the_memory() -> None:
    assertions = made()
    first = assertions.of("0", ADA, APP, NOW)
    for number in range(1, MOST_KEPT):
        assertions.of(str(number), ADA, APP, NOW)
    assert assertions.of("0", ADA, APP, NOW) == first
    last = assertions.of("one more", ADA, APP, NOW)
    assert assertions.of("0", ADA, APP, NOW) != first
    assert assertions.of("one more", ADA, APP, NOW) == last
