"""Bearers by chance: only what is all that it must be speaks for somebody."""

import base64
import json

import pytest
from hypothesis import given, strategies as st

from gateway.authentication.access_token import ACCESS_TOKEN, Terms, bearer_of
from gateway.authentication.bearer_field import Shown, read_bearer
from gateway.authentication.errors import SignInRefused
from gateway.authentication.id_token import read_header, verify_signature
from gateway.authentication.key_set import choose, parse_keys
from gateway.authentication.provider_metadata import KNOWN_ALGORITHMS
from gateway.demo.signing_keys import SigningKey
from gateway.identity.claims import ClaimsInvalid
from tests.support.fuzzing import briefly

NOW, ISSUER, API = 1_795_359_968.0, "https://tenant.logto.app/oidc", "https://api.x"
TERMS = Terms(ISSUER, frozenset({API}), ("custom.team",))
KEY = SigningKey.generate()
KEYS = parse_keys({"keys": [dict(KEY.jwk())]}, KNOWN_ALGORITHMS)
GOOD: dict[str, object] = {
    "iss": ISSUER,
    "aud": API,
    "sub": "nightly",
    "client_id": "nightly",
    "scope": "read:orders",
    "iat": NOW,
    "exp": NOW + 3600,
}

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=False),
    st.text(max_size=20),
    st.sampled_from([ISSUER, API, "nightly", NOW, NOW + 61, NOW - 61]),
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner),
    max_leaves=6,
)
names = st.sampled_from([*GOOD, "nbf", "cnf", "roles", "organization_id", "custom"])


@given(st.dictionaries(names, values, max_size=4), st.sets(st.sampled_from([*GOOD])))
@briefly(200)
def test_whoever_is_spoken_for_is_named_by_claims_that_hold(
    changes: dict[str, object], without: set[str]
) -> None:
    claims = {name: GOOD[name] for name in GOOD if name not in without} | changes
    try:
        bearer = bearer_of("id", claims, TERMS, NOW)
    except (SignInRefused, ClaimsInvalid):
        return
    assert claims["iss"] == ISSUER
    audiences = claims["aud"]
    assert API in (audiences if isinstance(audiences, list) else [audiences])
    assert bearer.identity.sub == claims["sub"]
    assert bearer.issued_at <= NOW + 60
    assert bearer.expires_at > NOW - 60
    assert not bearer.is_over(NOW)
    assert "cnf" not in claims
    assert (bearer.identity.x_id, bearer.identity.verified_email) == (None, None)
    assert all(isinstance(scope, str) for scope in bearer.identity.scopes)
    scopes = " ".join(bearer.identity.scopes)
    assert set(scopes.split()) == set(str(claims.get("scope") or "").split())


PIECES = (
    b"Bearer", b"bearer", b"BEARER", b"Basic", b" ", b"  ", b"\t", b",", b"=", b"==",
    b".", b"-", b"_", b"~", b"+", b"/", b"abc", b"eyJhbGciOiJub25lIn0", b'"', b";",
    b"\x00", b"\xff", b"realm=", b"%20",
)  # fmt: skip
spelt = st.lists(st.sampled_from(PIECES), max_size=8).map(b"".join)


@given(st.lists(spelt, max_size=3))
@briefly(500)
def test_a_token_is_shown_in_one_way_alone(given_values: list[bytes]) -> None:
    shown = read_bearer([(b"Authorization", value) for value in given_values])
    if not isinstance(shown, Shown):
        return
    (value,) = given_values
    scheme, _, rest = value.partition(b" ")
    assert scheme.lower() == b"bearer"
    assert rest.strip(b" ") == shown.token.encode()
    assert not set(rest.strip(b" ")) & set(b' \t,";\x00\xff%')


headers = st.dictionaries(
    st.sampled_from(["alg", "typ", "kid", "crit", "jwk", "jku", "x5c", "b64", "zip"]),
    st.one_of(
        scalars,
        st.sampled_from(["ES384", "ES256", "none", "HS256", "at+jwt", "JWT", KEY.kid]),
    ),
)


@given(headers, st.sampled_from(["kept", "dropped", "flipped"]))
@briefly(150)
def test_no_header_makes_another_signature_good(
    header: dict[str, object], signature: str
) -> None:
    whole = KEY.sign(dict(GOOD), {"typ": "at+jwt", "kid": KEY.kid})
    own, claims, signed = whole.split(".")
    stated = {"alg": "ES384", "typ": "at+jwt", "kid": KEY.kid} | header
    text = json.dumps(stated, ensure_ascii=False).encode("utf-8", "surrogatepass")
    changed = base64.urlsafe_b64encode(text).rstrip(b"=").decode()
    match signature:
        case "dropped":
            signed = "AA"
        case "flipped":
            signed = ("A" if signed[0] != "A" else "B") + signed[1:]
        case _ if changed == own:
            return
    token = f"{changed}.{claims}.{signed}"
    with pytest.raises(SignInRefused):
        verify(token)


def verify(token: str) -> dict[str, object]:
    """Return the claims of *token* if its own header leads to the key that signed."""
    header = read_header(token, KNOWN_ALGORITHMS, ACCESS_TOKEN)
    key = choose(KEYS, header.key_id, header.algorithm)
    if key is None:
        raise SignInRefused("no such key")
    return verify_signature(token, key, header.algorithm, ACCESS_TOKEN)


def test_the_token_that_they_were_made_of_is_good() -> None:
    assert verify(KEY.sign(dict(GOOD), {"typ": "at+jwt", "kid": KEY.kid})) == GOOD
