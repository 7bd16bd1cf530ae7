"""What the emulated Logto says about people, where a round trip does not show it."""

from dataclasses import replace

import pytest

from gateway.demo.claims import at_hash, id_token_claims, userinfo_claims
from gateway.demo.people import ADA, BOB, EVERYONE


@pytest.mark.parametrize(
    ("algorithm", "expected"),
    [
        pytest.param("RS256", "77QmUPtjPfzWtF2AnpK9RQ", id="the usual example"),
        pytest.param("ES384", 32, id="ES384 is 24 bytes"),
    ],
)
def test_at_hash_is_the_left_half(algorithm: str, expected: str | int) -> None:
    found = at_hash("jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y", algorithm)

    assert expected in (found, len(found))


def test_two_people_differ_in_all_that_identifies() -> None:
    assert EVERYONE == (ADA, BOB)
    for name in ("key", "sub", "name", "x_id", "x_username"):
        assert getattr(ADA, name) != getattr(BOB, name)


def test_whoever_came_another_way_has_no_identity_of_x() -> None:
    person = replace(ADA, x_id=None, x_username=None)

    assert userinfo_claims(person, ("identities",), 0.0)["identities"] == {}


def test_a_scope_that_was_not_granted_says_nothing() -> None:
    enabled = ("identities", "custom_data")

    assert id_token_claims(ADA, ("openid",), enabled, 0.0) == {"sub": ADA.sub}
