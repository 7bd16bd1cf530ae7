"""When somebody showed who they are: what Logto tells, and what is believed of it."""

import pytest

from gateway.authentication.attempt import Attempt
from gateway.authentication.authentication_time import NotAgain, authenticated_at

BEGUN, NOW = 1000, 1100.5  # seconds
FIRST = Attempt("s", "n", "{}", "/", BEGUN)
AGAIN = Attempt("s", "n", "{}", "/", BEGUN, again_for="u1")
ODD = [True, "1050", -1, float("nan"), float("inf"), 1e300, [1050], {}]


@pytest.mark.parametrize(
    ("told", "at"),
    [
        pytest.param(1050, 1050, id="on-the-way"),
        pytest.param(1050.9, 1050, id="with-a-fraction"),
        pytest.param(10, 10, id="long-ago"),
        pytest.param(5000, 1100, id="from-the-future"),
        pytest.param(None, 0, id="not-told"),
        *(pytest.param(odd, 0, id=repr(odd)) for odd in ODD),
    ],
)
def test_a_first_sign_in_takes_what_is_told(told: object, at: int) -> None:
    for asked in (True, False):
        found = authenticated_at({"auth_time": told}, FIRST, NOW, was_asked=asked)
        assert found == at


def test_what_is_not_told_is_long_ago() -> None:
    assert authenticated_at({}, FIRST, NOW, was_asked=True) == 0
    assert authenticated_at({}, AGAIN, NOW, was_asked=False) == 0


@pytest.mark.parametrize(
    ("told", "at"),
    [
        pytest.param(1050, 1050, id="on-the-way"),
        pytest.param(1000, 1000, id="at-once"),
        pytest.param(940, 1000, id="a-clock-within-the-leeway"),
        pytest.param(5000, 1100, id="from-the-future"),
    ],
)
def test_a_repeated_sign_in_was_after_it_began(told: object, at: int) -> None:
    claims = {"auth_time": told}
    assert authenticated_at(claims, AGAIN, NOW, was_asked=True) == at


@pytest.mark.parametrize("told", [939, 10, 0, None, *ODD], ids=repr)
def test_a_sign_in_from_before_is_none_again(told: object) -> None:
    with pytest.raises(NotAgain):
        authenticated_at({"auth_time": told}, AGAIN, NOW, was_asked=True)
