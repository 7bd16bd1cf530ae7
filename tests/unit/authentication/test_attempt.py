"""A sign-in attempt as a value: its life, and its way into a cookie and back."""

import pytest
from hypothesis import given, strategies as st

from gateway.authentication.attempt import Attempt, decode, encode

ATTEMPT = Attempt("state", "nonce", '{"codeVerifier":"v"}', "/a?b=c", 1000)


@given(
    st.builds(Attempt, *[st.text()] * 4, st.integers(0, 2**40), st.none() | st.text())
)
def test_what_was_encoded_decodes(attempt: Attempt) -> None:
    assert decode(encode(attempt)) == attempt


@pytest.mark.parametrize(
    "payload",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"\xff", id="not UTF-8"),
        pytest.param(b"{}", id="no list"),
        pytest.param(b'["a","b","c","/"]', id="too short"),
        pytest.param(b'["a","b","c","/",1,"u","x"]', id="too long"),
        pytest.param(b'["a","b","c","/",1,2]', id="no subject"),
        pytest.param(b'["a","b","c","/",1,null]', id="a null for a subject"),
        pytest.param(b'["a","b","c",null,1]', id="no text"),
        pytest.param(b'["a","b","c","/","1"]', id="no time"),
        pytest.param(b'["a","b","c","/",true]', id="a truth for a time"),
        pytest.param(b'["a","b","c","/",1.5]', id="a fraction for a time"),
        pytest.param(b"[" * 100_000, id="deep"),
    ],
)
def test_what_is_no_attempt_decodes_to_none(payload: bytes) -> None:
    assert decode(payload) is None


@pytest.mark.parametrize(
    ("now", "live"),
    [
        pytest.param(939, False, id="more than a minute ahead of us"),
        pytest.param(940, True, id="a clock within the leeway"),
        pytest.param(1000, True, id="just started"),
        pytest.param(1599.9, True, id="almost ten minutes"),
        pytest.param(1600, False, id="ten minutes"),
    ],
)
def test_it_lives_ten_minutes(now: float, live: bool) -> None:  # noqa: FBT001
    assert ATTEMPT.is_live(now) is live


def test_36_its_secrets_do_not_show_when_it_is_printed() -> None:
    assert "nonce" not in repr(ATTEMPT).replace("nonce=", "")
    assert "codeVerifier" not in repr(ATTEMPT)
