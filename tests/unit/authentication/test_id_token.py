import base64
import json

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from hypothesis import given, strategies as st

from gateway.authentication.errors import SignInRefused
from gateway.authentication.id_token import (
    LEEWAY,
    LONGEST_TOKEN,
    Expected,
    Header,
    check_access_token,
    check_claims,
    expiry,
    read_header,
    verify_signature,
)
from gateway.authentication.key_set import SigningKey
from gateway.authentication.provider_metadata import KNOWN_ALGORITHMS

NOW = 1_795_359_847
EXPECTED = Expected(
    issuer="https://tenant.logto.app/oidc",
    client_id="the-app",
    nonce="the-nonce",
    access_token="the-access-token",
)
CLAIMS: dict[str, object] = {
    "iss": "https://tenant.logto.app/oidc",
    "aud": "the-app",
    "sub": "87xtcn7tlv7b",
    "exp": NOW + 3600,
    "iat": NOW,
    "nonce": "the-nonce",
}
PRIVATE = ec.generate_private_key(ec.SECP384R1())
KEY = SigningKey("k", frozenset({"ES384"}), PRIVATE.public_key())
ABSENT = object()


def with_claim(name: str, value: object) -> dict[str, object]:
    changed = {**CLAIMS, name: value}
    return {key: changed[key] for key in changed if changed[key] is not ABSENT}


def segment(value: object) -> str:
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def token(header: object, claims: object = CLAIMS, signature: bytes = b"x") -> str:
    return ".".join((segment(header), segment(claims), segment(signature)))


# The claims


@pytest.mark.parametrize(
    ("name", "value"),
    [
        pytest.param("aud", ["the-app"], id="audience as a list"),
        pytest.param("azp", "the-app", id="authorized party named"),
        pytest.param("exp", NOW - LEEWAY + 1, id="expired within the leeway"),
        pytest.param("iat", NOW + LEEWAY, id="issued ahead within the leeway"),
        pytest.param("nbf", NOW + LEEWAY, id="not before within the leeway"),
        pytest.param("exp", NOW + 0.5, id="fractions of seconds"),
        pytest.param("sub", "a" * 255, id="long subject"),
        pytest.param("name", None, id="null profile"),
    ],
)
def test_what_the_specification_allows_passes(name: str, value: object) -> None:
    check_claims(with_claim(name, value), EXPECTED, NOW)


def test_several_audiences_pass_when_it_was_made_for_us() -> None:
    claims = {**CLAIMS, "aud": ["the-app", "other"], "azp": "the-app"}
    check_claims(claims, EXPECTED, NOW)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        pytest.param("iss", ABSENT, id="iss absent"),
        pytest.param("iss", None, id="iss null"),
        pytest.param("iss", "https://evil.example/oidc", id="iss wrong"),
        pytest.param("iss", "https://tenant.logto.app/oidc/", id="iss with slash"),
        pytest.param("iss", ["https://tenant.logto.app/oidc"], id="iss as a list"),
        pytest.param("aud", ABSENT, id="aud absent"),
        pytest.param("aud", None, id="aud null"),
        pytest.param("aud", "other", id="aud wrong"),
        pytest.param("aud", "the-app2", id="aud longer"),
        pytest.param("aud", [], id="aud empty"),
        pytest.param("aud", ["other"], id="aud others"),
        pytest.param("aud", {"the-app": 1}, id="aud object"),
        pytest.param("aud", ["the-app", "other"], id="aud several, no azp"),
        pytest.param("azp", "other", id="azp foreign"),
        pytest.param("azp", None, id="azp null"),
        pytest.param("azp", ["the-app"], id="azp list"),
        pytest.param("exp", ABSENT, id="exp absent"),
        pytest.param("exp", None, id="exp null"),
        pytest.param("exp", NOW - LEEWAY, id="expired"),
        pytest.param("exp", str(NOW + 3600), id="exp text"),
        pytest.param("exp", True, id="exp true"),
        pytest.param("exp", float("nan"), id="exp NaN"),
        pytest.param("exp", float("inf"), id="exp Infinity"),
        pytest.param("exp", 10**30, id="exp beyond time"),
        pytest.param("exp", -1, id="exp negative"),
        pytest.param("iat", ABSENT, id="iat absent"),
        pytest.param("iat", None, id="iat null"),
        pytest.param("iat", NOW + LEEWAY + 1, id="iat in the future"),
        pytest.param("iat", [NOW], id="iat list"),
        pytest.param("nbf", NOW + LEEWAY + 1, id="nbf in the future"),
        pytest.param("nbf", "now", id="nbf text"),
        pytest.param("sub", ABSENT, id="sub absent"),
        pytest.param("sub", None, id="sub null"),
        pytest.param("sub", "", id="sub empty"),
        pytest.param("sub", 7, id="sub number"),
        pytest.param("sub", ["x"], id="sub list"),
        pytest.param("sub", "a" * 256, id="sub long"),
        pytest.param("sub", "a\nb", id="sub with a line break"),
        pytest.param("sub", "\uff41", id="sub beyond ASCII"),
        pytest.param("nonce", ABSENT, id="nonce absent"),
        pytest.param("nonce", None, id="nonce null"),
        pytest.param("nonce", "", id="nonce empty"),
        pytest.param("nonce", "other", id="nonce wrong"),
        pytest.param("nonce", ["the-nonce"], id="nonce list"),
    ],
)
def test_a_wrong_claim_ends_the_sign_in(name: str, value: object) -> None:
    with pytest.raises(SignInRefused) as caught:
        check_claims(with_claim(name, value), EXPECTED, NOW)
    assert caught.value.code == "invalid_id_token"


def test_several_audiences_with_a_foreign_party_are_refused() -> None:
    claims = {**CLAIMS, "aud": ["the-app", "other"], "azp": "other"}
    with pytest.raises(SignInRefused, match="azp"):
        check_claims(claims, EXPECTED, NOW)


def test_an_attempt_without_a_nonce_accepts_nobody() -> None:
    expected = Expected(EXPECTED.issuer, EXPECTED.client_id, "", "a")
    with pytest.raises(SignInRefused, match="nonce"):
        check_claims(with_claim("nonce", ""), expected, NOW)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.text(), inner, max_size=2)
    ),
    max_leaves=3,
)


@given(st.sampled_from(["iss", "aud", "sub", "exp", "iat", "nonce", "azp"]), JSON)
def test_no_value_of_a_claim_raises_anything_else(name: str, value: object) -> None:
    try:
        check_claims({**CLAIMS, name: value}, EXPECTED, NOW)
    except SignInRefused:
        return
    assert name in {"sub", "exp", "iat"} or value in (CLAIMS.get(name), ["the-app"])


def test_the_expiry_is_a_whole_second() -> None:
    assert expiry({**CLAIMS, "exp": NOW + 0.9}) == NOW


# at_hash

# OpenID Connect Core 1.0, appendix A.3
ACCESS_TOKEN = "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y"
AT_HASH = "77QmUPtjPfzWtF2AnpK9RQ"


def test_the_access_token_of_the_specification_fits_its_hash() -> None:
    check_access_token({"at_hash": AT_HASH}, ACCESS_TOKEN, "RS256")
    check_access_token({}, ACCESS_TOKEN, "RS256")


@pytest.mark.parametrize(
    ("value", "algorithm"),
    [
        pytest.param(AT_HASH + "=", "RS256", id="padded"),
        pytest.param("", "RS256", id="empty"),
        pytest.param(None, "RS256", id="null"),
        pytest.param(AT_HASH[:-1] + "A", "RS256", id="wrong"),
        pytest.param(AT_HASH, "ES384", id="of another algorithm"),
        pytest.param("\ud800", "RS256", id="lone surrogate"),
    ],
)
def test_an_access_token_of_another_is_refused(value: object, algorithm: str) -> None:
    with pytest.raises(SignInRefused, match="at_hash"):
        check_access_token({"at_hash": value}, ACCESS_TOKEN, algorithm)


# The header


@pytest.mark.parametrize(
    ("header", "key_id"),
    [
        pytest.param({"alg": "ES384", "typ": "JWT", "kid": "k"}, "k", id="Logto 1.41"),
        pytest.param({"alg": "ES384", "kid": "k"}, "k", id="Logto 1.42"),
        pytest.param({"alg": "ES384", "typ": "jwt"}, None, id="typ in lower case"),
    ],
)
def test_a_header_of_logto_is_read(
    header: dict[str, object], key_id: str | None
) -> None:
    assert read_header(token(header), {"ES384"}) == Header("ES384", key_id)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(token({"alg": "none"}), id="13: none"),
        pytest.param(token({"alg": "nOnE"}), id="13: none in odd case"),
        pytest.param(token({"alg": "HS256"}), id="13: HS256"),
        pytest.param(token({"alg": "ES256"}), id="not advertised"),
        pytest.param(token({"alg": ["ES384"]}), id="alg list"),
        pytest.param(token({}), id="no alg"),
        pytest.param(token({"alg": "ES384", "kid": 7}), id="kid number"),
        pytest.param(token({"alg": "ES384", "kid": ""}), id="kid empty"),
        pytest.param(token({"alg": "ES384", "kid": "k" * 257}), id="kid long"),
        pytest.param(token({"alg": "ES384", "typ": "at+jwt"}), id="access token"),
        pytest.param(token({"alg": "ES384", "typ": "logout+jwt"}), id="logout token"),
        pytest.param(token({"alg": "ES384", "typ": 7}), id="typ number"),
        pytest.param(token({"alg": "ES384", "crit": ["b64"], "b64": False}), id="crit"),
        pytest.param(token(b'{"alg":"none","alg":"ES384"}'), id="alg twice"),
        pytest.param(token([]), id="list"),
        pytest.param(token(b"\xff"), id="not UTF-8"),
        pytest.param("", id="empty"),
        pytest.param("a.b", id="two parts"),
        pytest.param(token({"alg": "ES384"}) + ".x", id="four parts"),
        pytest.param(token({"alg": "ES384"}).rpartition(".")[0] + ".", id="unsigned"),
        pytest.param(token({"alg": "ES384"}) + "\n", id="line break"),
        pytest.param(" " + token({"alg": "ES384"}), id="space"),
        pytest.param("a" + token({"alg": "ES384"}), id="length of no base64"),
        pytest.param("a" * LONGEST_TOKEN + ".b.c", id="endless"),
    ],
)
def test_any_other_header_is_refused(text: str) -> None:
    with pytest.raises(SignInRefused):
        read_header(text, {"ES384"})


@given(st.text() | st.from_regex(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+"))
def test_no_text_raises_anything_else(text: str) -> None:
    with pytest.raises(SignInRefused):
        read_header(text, KNOWN_ALGORITHMS)


# The signature


def signed(claims: dict[str, object]) -> str:
    return jwt.encode(claims, PRIVATE, algorithm="ES384", headers={"kid": "k"})


def test_claims_come_from_a_token_that_the_key_signed() -> None:
    assert verify_signature(signed(CLAIMS), KEY, "ES384") == CLAIMS


def test_a_token_of_another_key_is_refused() -> None:
    other = ec.generate_private_key(ec.SECP384R1()).public_key()
    key = SigningKey("k", frozenset({"ES384"}), other)
    with pytest.raises(SignInRefused, match="signature"):
        verify_signature(signed(CLAIMS), key, "ES384")


def test_a_key_of_another_kind_is_refused() -> None:
    other = rsa.generate_private_key(65537, 2048).public_key()
    key = SigningKey("k", frozenset({"RS256"}), other)
    for algorithm in ("ES384", "RS256"):
        with pytest.raises(SignInRefused):
            verify_signature(signed(CLAIMS), key, algorithm)


@given(st.data())
def test_a_changed_token_is_refused(data: st.DataObject) -> None:
    text = signed(CLAIMS)
    place = data.draw(st.integers(0, len(text) - 1))
    letters = "ABCDwxyz0189-_."
    letter = data.draw(st.sampled_from(letters).filter(lambda x: x != text[place]))
    changed = text[:place] + letter + text[place + 1 :]
    try:
        header = read_header(changed, {"ES384"})
        claims = verify_signature(changed, KEY, header.algorithm)
    except SignInRefused:
        return
    # The last letter of a segment may hold bits that mean nothing.
    assert claims == CLAIMS
    assert place == len(text) - 1


@pytest.mark.parametrize(
    "payload",
    [
        pytest.param(b"[]", id="list"),
        pytest.param(b"{", id="cut off"),
        pytest.param(b'{"sub": "a", "sub": "b"}', id="sub twice"),
        pytest.param(b'{"exp": NaN}', id="NaN"),
    ],
)
def test_signed_nonsense_is_refused(payload: bytes) -> None:
    text = jwt.PyJWS().encode(payload, PRIVATE, algorithm="ES384")
    with pytest.raises(SignInRefused):
        verify_signature(text, KEY, "ES384")


def test_no_refusal_shows_the_token() -> None:
    text = signed(CLAIMS)
    with pytest.raises(SignInRefused) as caught:
        verify_signature(text[:-4] + "AAAA", KEY, "ES384")
    assert caught.value.__suppress_context__
    assert text[:20] not in repr(caught.value)
    assert "the-nonce" not in repr(EXPECTED)
    assert "the-access-token" not in repr(EXPECTED)
