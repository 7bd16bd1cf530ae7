import pytest
from hypothesis import given, strategies as st

from gateway.authentication.errors import (
    LONGEST,
    ProviderMisconfigured,
    ProviderUnavailable,
    SignInRefused,
    error_code,
    one_line,
)


@given(st.text(max_size=2 * LONGEST))
def test_every_text_is_one_printable_bounded_line(text: str) -> None:
    assert len(one_line(text)) <= LONGEST
    assert not one_line(text) or one_line(text).isprintable()


def test_a_long_text_says_that_it_was_cut() -> None:
    assert one_line("a" * LONGEST) == "a" * LONGEST
    assert one_line("a" * (LONGEST + 1)) == "a" * (LONGEST - 1) + "…"


@pytest.mark.parametrize(
    "error",
    [
        pytest.param(ProviderUnavailable("x\ny" * 9999), id="unavailable"),
        pytest.param(ProviderMisconfigured("x\ny" * 9999), id="misconfigured"),
        pytest.param(SignInRefused("x\ny" * 9999, "code", "d\r" * 9999), id="refused"),
    ],
)
def test_what_an_error_carries_is_bounded(error: Exception) -> None:
    assert len(repr(error)) <= LONGEST + 40
    assert len(repr(vars(error))) <= 3 * LONGEST
    assert "\n" not in str(error)


@pytest.mark.parametrize(
    ("value", "code"),
    [
        pytest.param("access_denied", "access_denied", id="OAuth's"),
        pytest.param("", "unrecognised", id="empty"),
        pytest.param("Grant_9f", "unrecognised", id="looks like a token"),
        pytest.param("a" * 65, "unrecognised", id="long"),
        pytest.param("a\n", "unrecognised", id="line break"),
        pytest.param("<script>", "unrecognised", id="markup"),
        pytest.param(None, "unrecognised", id="absent"),
        pytest.param(["access_denied"], "unrecognised", id="list"),
    ],
)
def test_an_error_code_is_a_word(value: object, code: str) -> None:
    assert error_code(value) == code
