"""`Authorization: Bearer` is read in one way, or not at all (attack 13)."""

import pytest
from hypothesis import given, strategies as st

from gateway.authentication.bearer_field import (
    LONGEST,
    NoBearer,
    OddBearer,
    Shown,
    read_bearer,
)


def read(*values: bytes) -> object:
    return read_bearer([(b"Authorization", value) for value in values])


def test_without_the_field_nothing_is_shown() -> None:
    assert read_bearer([(b"Cookie", b"a=b"), (b"X-Authorization", b"Bearer x")]) is None


@pytest.mark.parametrize(
    ("value", "token"),
    [
        pytest.param(b"Bearer abc", "abc", id="as RFC 6750 writes it"),
        pytest.param(b"bearer abc", "abc", id="the scheme in lower case"),
        pytest.param(b"BEARER abc", "abc", id="the scheme in upper case"),
        pytest.param(b"Bearer    abc", "abc", id="more than one space"),
        pytest.param(b"Bearer aZ09-._~+/==", "aZ09-._~+/==", id="all of token68"),
        pytest.param(b"Bearer " + b"a" * LONGEST, "a" * LONGEST, id="the longest"),
    ],
)
def test_a_bearer(value: bytes, token: str) -> None:
    shown = read(value)
    assert isinstance(shown, Shown)
    assert shown.token == token
    assert token not in repr(shown)
    assert token not in shown.id


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b"Bearer",
        b"Bearer ",
        b"Bearer,abc",
        b"Bearer\tabc",
        b"Bearer abc def",
        b"Bearer abc ",
        b'Bearer "abc"',
        b"Bearer realm=abc, x",
        b"Bearer abc\x00",
        b"Bearer a\xffc",
        b"Bearer =",
        b"Bearer a=b",
        b"Bearer " + b"a" * (LONGEST + 1),
    ],
)
def test_what_may_be_meant_as_a_bearer_is_odd(value: bytes) -> None:
    assert isinstance(read(value), OddBearer)


@pytest.mark.parametrize("value", [b"Basic YTpi", b"DPoP abc", b"Bearerabc", b"x"])
def test_another_scheme_is_no_bearer(value: bytes) -> None:
    assert read(value) == NoBearer()


@pytest.mark.parametrize(
    "values", [(b"Bearer a", b"Bearer a"), (b"Basic x", b"Bearer a"), (b"", b"")]
)
def test_two_fields_are_odd_whatever_they_say(values: tuple[bytes, bytes]) -> None:
    assert isinstance(read(*values), OddBearer)


@given(st.binary(max_size=40))
def test_whatever_comes_only_a_token_alone_is_shown(rest: bytes) -> None:
    shown = read(b"Bearer " + rest)
    if isinstance(shown, Shown):
        assert shown.token.encode() == rest.lstrip(b" ")
        assert set(shown.token) <= set(
            "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/="
        )


@given(st.from_regex(r"[A-Za-z0-9._-]{1,40}", fullmatch=True))
def test_an_id_stands_for_one_token(token: str) -> None:
    one, same = read(f"Bearer {token}".encode()), read(f"bEARER  {token}".encode())
    other = read(f"Bearer {token}x".encode())
    assert one == same
    assert isinstance(one, Shown)
    assert isinstance(other, Shown)
    assert one.id != other.id
