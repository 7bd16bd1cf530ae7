"""What a logout token must say, and must not (attack 33)."""

import base64
import json

import pytest
from hypothesis import given, strategies as st

from gateway.authentication.errors import SignInRefused
from gateway.authentication.id_token import ID_TOKEN, Kind, read_header
from gateway.authentication.logout_token import (
    EVENT,
    LOGOUT_TOKEN,
    LoggedOut,
    check_logout_claims,
    sid_of,
)
from gateway.authentication.provider_metadata import KNOWN_ALGORITHMS

NOW = 1_795_359_968.5
ISSUER = "https://tenant.logto.app/oidc"
CLAIMS: dict[str, object] = {
    "sub": "87xtcn7tlv7b",
    "events": {EVENT: {}},
    "jti": "d1f1ae2d3c4b5a6978001",
    "aud": "the-app",
    "iat": 1_795_359_968,
    "iss": ISSUER,
}
ABSENT = object()


def check(**changes: object) -> LoggedOut:
    changed = CLAIMS | changes
    claims = {name: changed[name] for name in changed if changed[name] is not ABSENT}
    return check_logout_claims(claims, issuer=ISSUER, client_id="the-app", now=NOW)


def test_logtos_own_token_is_believed() -> None:
    assert check() == LoggedOut("87xtcn7tlv7b", None, "d1f1ae2d3c4b5a6978001")
    assert check(sid="s").sid == "s"
    assert check(sid="s", sub=ABSENT) == LoggedOut(None, "s", "d1f1ae2d3c4b5a6978001")
    assert check(aud=["another", "the-app"]).subject
    assert check(exp=NOW + 120).subject
    assert check(iat=NOW - 300).subject
    assert check(iat=NOW + 60).subject


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        pytest.param("iss", ABSENT, "another issuer", id="no iss"),
        pytest.param("iss", ISSUER + "/", "another issuer", id="iss nearly"),
        pytest.param("aud", ABSENT, "another application", id="no aud"),
        pytest.param("aud", "another", "another application", id="aud of another"),
        pytest.param("aud", ["another"], "another application", id="aud list"),
        pytest.param("aud", None, "another application", id="aud null"),
        pytest.param("iat", ABSENT, "when it was issued", id="no iat"),
        pytest.param("iat", "1795359968", "when it was issued", id="iat a text"),
        pytest.param("iat", True, "when it was issued", id="iat true"),
        pytest.param("iat", NOW - 301, "older than five minutes", id="iat old"),
        pytest.param("iat", NOW + 61, "from the future", id="iat ahead"),
        pytest.param("exp", NOW - 61, "has expired", id="exp"),
        pytest.param("exp", None, "has expired", id="exp null"),
        pytest.param("jti", ABSENT, "no jti", id="no jti"),
        pytest.param("jti", "", "no jti", id="jti empty"),
        pytest.param("jti", 1, "no jti", id="jti a number"),
        pytest.param("jti", "j" * 256, "no jti", id="jti long"),
        pytest.param("events", ABSENT, "(events)", id="no events"),
        pytest.param("events", {}, "(events)", id="events empty"),
        pytest.param("events", [EVENT], "(events)", id="events a list"),
        pytest.param("events", {EVENT: None}, "(events)", id="event null"),
        pytest.param("events", {EVENT: True}, "(events)", id="event true"),
        pytest.param("events", {EVENT + "/x": {}}, "(events)", id="another event"),
        pytest.param("nonce", "n", "nonce", id="a nonce: an ID token"),
        pytest.param("nonce", None, "nonce", id="a nonce of null"),
        pytest.param("sub", ABSENT, "names nobody", id="neither sub nor sid"),
        pytest.param("sub", "", "names nobody", id="sub empty"),
        pytest.param("sub", ["a"], "names nobody", id="sub a list"),
        pytest.param("sub", "s" * 256, "names nobody", id="sub long"),
        pytest.param("sid", "", "names no session", id="sid empty"),
        pytest.param("sid", 7, "names no session", id="sid a number"),
        pytest.param("sid", "s" * 256, "names no session", id="sid long"),
    ],
)
def test_what_is_refused(name: str, value: object, why: str) -> None:
    with pytest.raises(SignInRefused) as caught:
        check(**{name: value})
    assert caught.value.reason.startswith("The logout token ")
    assert why in caught.value.reason


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner)
    ),
    max_leaves=3,
)


@given(st.dictionaries(st.sampled_from([*CLAIMS, "sid", "nonce", "exp"]), JSON))
def test_nothing_but_a_refusal_comes_of_nonsense(changes: dict[str, object]) -> None:
    try:
        logged_out = check(**changes)
    except SignInRefused:
        return
    assert logged_out.subject or logged_out.sid


def header_of(kind: object) -> str:
    header = {"alg": "ES384", "kid": "k"} | ({} if kind is ABSENT else {"typ": kind})
    data = base64.urlsafe_b64encode(json.dumps(header).encode()).rstrip(b"=").decode()
    return f"{data}.e30.eA"


@pytest.mark.parametrize(
    ("typ", "kind", "believed"),
    [
        pytest.param("logout+jwt", LOGOUT_TOKEN, True, id="a logout token"),
        pytest.param("LOGOUT+JWT", LOGOUT_TOKEN, True, id="in capitals"),
        pytest.param("JWT", LOGOUT_TOKEN, False, id="an ID token for logout"),
        pytest.param(ABSENT, LOGOUT_TOKEN, False, id="a silent one for logout"),
        pytest.param("at+jwt", LOGOUT_TOKEN, False, id="an access token for logout"),
        pytest.param(None, LOGOUT_TOKEN, False, id="null for logout"),
        pytest.param("logout+jwt", ID_TOKEN, False, id="a logout token for sign-in"),
        pytest.param(ABSENT, ID_TOKEN, True, id="a silent ID token"),
    ],
)
def test_one_kind_is_never_taken_for_another(
    typ: object, kind: Kind, *, believed: bool
) -> None:
    if believed:
        assert read_header(header_of(typ), KNOWN_ALGORITHMS, kind).kind is kind
        return
    with pytest.raises(SignInRefused, match=f"The {kind.name} is of another kind"):
        read_header(header_of(typ), KNOWN_ALGORITHMS, kind)


@pytest.mark.parametrize(
    ("sid", "known"),
    [("s", "s"), ("", None), (None, None), (1, None), ("s" * 256, None)],
)
def test_the_sid_of_an_id_token(sid: object, known: str | None) -> None:
    assert sid_of({"sid": sid}) == known
    assert sid_of({}) is None
