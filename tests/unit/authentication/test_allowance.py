"""Strangers cause so much work and no more."""

import pytest

from gateway.authentication.allowance import Allowance, one_client


def test_a_burst_and_then_the_rate() -> None:
    allowance = Allowance(rate=2, burst=3)
    assert [allowance.take("a", 10) for _ in range(4)] == [True, True, True, False]
    assert [allowance.take("a", 11) for _ in range(3)] == [True, True, False]
    assert [allowance.take("a", 1000) for _ in range(4)] == [True, True, True, False]


def test_a_try_that_is_given_back_was_none() -> None:
    allowance = Allowance(rate=1, burst=2)
    for _ in range(5):
        assert allowance.take("a", 0)
        allowance.give_back("a")
    allowance.give_back("a")  # never more than the burst
    assert [allowance.take("a", 0) for _ in range(3)] == [True, True, False]
    allowance.give_back("b")  # nobody's
    assert [allowance.take("b", 0) for _ in range(3)] == [True, True, False]


def test_one_client_does_not_use_up_what_others_have() -> None:
    allowance = Allowance(rate=1, burst=1)
    assert allowance.take("a", 0)
    assert not allowance.take("a", 0)
    assert allowance.take("b", 0)


def test_a_clock_that_is_set_back_takes_nothing_away() -> None:
    allowance = Allowance(rate=1, burst=2)
    assert allowance.take("a", 1000)
    assert allowance.take("a", 0)
    assert not allowance.take("a", 0)


def test_clients_are_bounded() -> None:
    allowance = Allowance(rate=1, burst=1, most=2)
    assert [allowance.take(name, 0) for name in "abab"] == [True, True, False, False]
    assert allowance.take("c", 0)  # "a" is forgotten
    assert [allowance.take(name, 0) for name in "bc"] == [False, False]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        pytest.param("192.0.2.1", "192.0.2.2", False, id="IPv4"),
        pytest.param("2001:db8::1", "2001:db8::ffff:2", True, id="one /64"),
        pytest.param("2001:db8::1", "2001:db8:0:1::1", False, id="two /64"),
        pytest.param("unix", "unknown", False, id="no address"),
    ],
)
def test_ipv6_clients_are_networks(one: str, other: str, *, same: bool) -> None:
    assert (one_client(one) == one_client(other)) is same
