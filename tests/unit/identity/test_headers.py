from dataclasses import replace
from urllib.parse import unquote_to_bytes

import pytest
from hypothesis import given, strategies as st

from config.identity import Identity as IdentitySettings
from gateway.fields import lines
from gateway.identity.headers import MOST_KNOWN, IdentityHeaders, encoded
from gateway.identity.identity import Identity

ADA = Identity(
    sub="u1",
    username="logto_ada",
    x_username="ada",
    x_id="42",
    name="Ada L.",
    email="ada@example.com",
    email_verified=True,
    picture="https://example.com/a.png",
    roles=("admin", "user"),
    claims=(("custom_data.plan", "gold"),),
)
NOBODY_IN_PARTICULAR = Identity(
    sub="u1",
    username=None,
    x_username=None,
    x_id=None,
    name=None,
    email=None,
    email_verified=False,
    picture=None,
)


def headers(
    preset: str = "none", sign_in: str = "social:x", **configured: str
) -> IdentityHeaders:
    named = {name.replace("_", "-"): claim for name, claim in configured.items()}
    settings = IdentitySettings.model_validate({"preset": preset, "headers": named})
    return IdentityHeaders(settings, sign_in)


def test_the_preset_forwarded() -> None:
    assert headers("forwarded").fields(ADA) == (
        (b"X-Forwarded-User", b"u1"),
        (b"X-Forwarded-Preferred-Username", b"ada"),
        (b"X-Forwarded-Email", b"ada@example.com"),
        (b"X-Forwarded-Groups", b"admin,user"),
        (b"X-Forwarded-Name", b"Ada L."),
    )


def test_the_preset_remote_user() -> None:
    assert headers("remote-user").fields(ADA) == (
        (b"Remote-User", b"u1"),
        (b"Remote-Name", b"Ada L."),
        (b"Remote-Email", b"ada@example.com"),
        (b"Remote-Groups", b"admin,user"),
    )


def test_the_preset_none() -> None:
    assert headers("none").fields(ADA) == ()


@pytest.mark.parametrize("preset", ["forwarded", "remote-user"])
def test_an_absent_claim_has_no_header(preset: str) -> None:
    assert len(headers(preset).fields(NOBODY_IN_PARTICULAR)) == 1


@pytest.mark.parametrize("preset", ["forwarded", "remote-user", "none"])
def test_nobody_has_no_headers(preset: str) -> None:
    assert headers(preset, X_Name="name").fields(None) == ()


@pytest.mark.parametrize("preset", ["forwarded", "remote-user"])
def test_an_unverified_email_is_not_told(preset: str) -> None:
    ada = replace(ADA, email_verified=False)
    told = headers(preset, X_Mail="email").fields(ada)
    assert not [name for name, _ in told if b"mail" in name.lower()]


@pytest.mark.parametrize(
    ("sign_in", "x_username", "username", "preferred"),
    [
        pytest.param("social:x", "ada", "other", [b"ada"], id="x"),
        pytest.param("social:x", None, "other", [], id="x-without-handle"),
        pytest.param("", "ada", "other", [b"other"], id="own-page"),
        pytest.param("", "ada", None, [], id="own-page-without-username"),
        pytest.param("sso:1", "ada", "other", [b"other"], id="enterprise"),
        pytest.param("social:github", "ada", "other", [b"other"], id="another-social"),
    ],
)
def test_the_preferred_username_is_never_a_mixture(
    sign_in: str, x_username: str | None, username: str | None, preferred: list[bytes]
) -> None:
    ada = replace(ADA, x_username=x_username, username=username)
    told = headers("forwarded", sign_in).fields(ada)
    assert [v for n, v in told if n == b"X-Forwarded-Preferred-Username"] == preferred


@pytest.mark.parametrize(
    ("claim", "value"),
    [
        ("sub", b"u1"),
        ("username", b"logto_ada"),
        ("x_username", b"ada"),
        ("x_id", b"42"),
        ("name", b"Ada L."),
        ("email", b"ada@example.com"),
        ("picture", b"https://example.com/a.png"),
        ("roles", b"admin,user"),
        ("custom_data.plan", b"gold"),
    ],
)
def test_a_configured_header_has_its_claim(claim: str, value: bytes) -> None:
    assert headers(X_My_Own=claim).fields(ADA) == ((b"X-My-Own", value),)


def test_a_configured_header_wins_over_the_preset() -> None:
    told = headers("remote-user", remote_user="x_id").fields(ADA)
    assert [v for n, v in told if n.lower() == b"remote-user"] == [b"42"]


def test_names_and_wanted_claims() -> None:
    built = headers("remote-user", X_Plan="custom_data.plan", X_Id="x_id")
    assert built.names == {
        *(b"Remote-User", b"Remote-Name", b"Remote-Email", b"Remote-Groups"),
        *(b"X-Plan", b"X-Id"),
    }
    assert built.wanted_claims == {"custom_data.plan"}


@pytest.mark.parametrize(
    ("value", "sent"),
    [
        pytest.param("Ada L.", b"Ada L.", id="plain"),
        pytest.param("!~ ,;\"'", b"!~ ,;\"'", id="comma-in-a-text"),
        pytest.param("100%", b"100%25", id="percent"),
        pytest.param("é", b"%C3%A9", id="utf-8"),
        pytest.param("\N{GRINNING FACE}", b"%F0%9F%98%80", id="emoji"),
        pytest.param("a\r\nb", b"a%0D%0Ab", id="attack-34-line-break"),
        pytest.param("\x00\x7f\x1f", b"%00%7F%1F", id="controls"),
        pytest.param("\ud800", b"%ED%A0%80", id="lone-surrogate"),
        pytest.param(("a", "b"), b"a,b", id="list"),
        pytest.param(("a,b", "c%"), b"a%2Cb,c%25", id="comma-in-an-item"),
        pytest.param(("é,",), b"%C3%A9%2C", id="comma-after-utf-8"),
        pytest.param(("a b+-",), b"a b+-", id="plain-item"),
    ],
)
def test_values_are_encoded(value: str | tuple[str, ...], sent: bytes) -> None:
    assert encoded(value) == sent


@given(st.text())
def test_every_text_is_visible_ascii_and_comes_back(text: str) -> None:
    sent = encoded(text)
    assert all(0x20 <= byte <= 0x7E for byte in sent)
    assert unquote_to_bytes(sent).decode() == text


@given(st.lists(st.text(min_size=1), min_size=1).map(tuple))
def test_every_list_comes_back(items: tuple[str, ...]) -> None:
    parts = encoded(items).split(b",")
    assert tuple(unquote_to_bytes(part).decode() for part in parts) == items


def test_what_is_remembered_of_one_person_is_never_told_of_another() -> None:
    rule = headers("forwarded")
    for number in range(3 * MOST_KNOWN):  # objects come and go, and their ids too
        sub = f"u{number}".encode()
        person = replace(ADA, sub=sub.decode())
        for _ in range(2):
            assert (b"X-Forwarded-User", sub) in rule.fields(person)
            assert rule.lines(person) == lines(rule.fields(person))


def test_nobody_is_told_of_by_no_line() -> None:
    assert headers("forwarded").lines(None) == b""
