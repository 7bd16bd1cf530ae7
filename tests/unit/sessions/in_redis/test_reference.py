"""The reference in the cookie, and the session that it opens."""

from dataclasses import replace

import pytest
from hypothesis import given, strategies as st

from gateway.identity.identity import Identity
from gateway.sessions.in_redis.reference import (
    NONCE_SIZE,
    Reference,
    decode_reference,
    encode_reference,
    open_session,
    seal_session,
)
from gateway.sessions.session import Session

KEY, NONCE = bytes(range(32)), bytes(NONCE_SIZE)
IDENTITY = Identity(
    "s1", None, "ada", "x1", "Ada", None, email_verified=False, picture=None
)
SESSION = Session("one", 100, 110, 9999, IDENTITY, refresh_token="secret")


def test_a_reference_comes_back_as_it_was() -> None:
    reference = Reference("abc_-9", KEY)
    assert decode_reference(encode_reference(reference), current=True) == reference


@given(st.binary(max_size=120))
def test_any_bytes_are_a_reference_or_none(payload: bytes) -> None:
    found = decode_reference(payload, current=False)
    assert found is None or encode_reference(found) == payload


@pytest.mark.parametrize(
    "payload", [b"", KEY, KEY + b"\xff", KEY + b"a" * 65], ids=range(4)
)
def test_what_is_no_reference(payload: bytes) -> None:
    assert decode_reference(payload, current=True) is None


def test_the_key_is_not_shown() -> None:
    assert "key" not in repr(Reference("one", KEY))


def test_a_session_opens_with_its_key_and_id() -> None:
    sealed = seal_session(SESSION, KEY, NONCE)
    assert open_session(sealed, Reference("one", KEY)) == SESSION
    assert b"secret" not in sealed


@pytest.mark.parametrize(
    "reference",
    [
        pytest.param(Reference("one", bytes(32)), id="another key"),
        pytest.param(Reference("two", KEY), id="another id"),
        pytest.param(Reference("one", KEY[:31]), id="a short key"),
    ],
)
def test_another_reference_opens_nothing(reference: Reference) -> None:
    assert open_session(seal_session(SESSION, KEY, NONCE), reference) is None


def test_a_session_in_the_place_of_another_is_none() -> None:
    sealed = seal_session(replace(SESSION, id="two"), KEY, NONCE)
    assert open_session(sealed, Reference("one", KEY)) is None


@given(st.integers(min_value=0))
def test_no_flipped_bit_opens(place: int) -> None:
    sealed = bytearray(seal_session(SESSION, KEY, NONCE))
    sealed[place % len(sealed)] ^= 1 << place % 8
    assert open_session(bytes(sealed), Reference("one", KEY)) is None


@given(st.binary(max_size=60))
def test_whatever_redis_holds_is_a_session_or_none(sealed: bytes) -> None:
    assert open_session(sealed, Reference("one", KEY)) is None
