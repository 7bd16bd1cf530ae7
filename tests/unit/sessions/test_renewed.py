"""Renewed sessions are kept for late-comers, within bounds."""

from dataclasses import replace

from gateway.identity.identity import Identity
from gateway.sessions.renewed import KEPT, RenewedSessions
from gateway.sessions.session import Session

NOW = 1_800_000_000
ADA = Identity("u1", None, "ada", "22", "Ada", None, False, None)  # noqa: FBT003
OLD = Session("id", NOW, NOW, NOW + 3600, ADA, "refresh")
NEW = replace(OLD, generation=1, refresh_token="next")


def test_only_older_generations_are_late() -> None:
    renewed = RenewedSessions()
    renewed.keep(NEW, NOW + KEPT, NOW)
    assert renewed.newer(OLD, NOW) == NEW
    assert renewed.newer(NEW, NOW) is None
    assert renewed.newer(replace(OLD, generation=2), NOW) is None
    assert renewed.newer(replace(OLD, id="other"), NOW) is None


def test_the_newest_generation_wins() -> None:
    renewed = RenewedSessions()
    renewed.keep(NEW, NOW + KEPT, NOW)
    renewed.keep(replace(NEW, generation=2), NOW + KEPT, NOW)
    for late in (OLD, NEW):
        newer = renewed.newer(late, NOW)
        assert newer is not None
        assert newer.generation == 2


def test_only_the_newest_generation_says_that_its_client_has_it() -> None:
    renewed = RenewedSessions()
    renewed.keep(replace(NEW, generation=2), NOW + 7200, NOW)
    renewed.received(NEW, NOW)
    assert renewed.newer(NEW, NOW + KEPT) is not None
    renewed.received(replace(NEW, generation=2), NOW)
    assert renewed.newer(NEW, NOW + KEPT) is None


def test_they_are_forgotten_in_time_and_within_bounds() -> None:
    renewed = RenewedSessions(limit=100)
    for number in range(1000):
        renewed.keep(replace(NEW, id=str(number)), NOW + KEPT, NOW)
        assert len(renewed) <= 100
    assert renewed.newer(replace(OLD, id="999"), NOW) is not None
    assert renewed.newer(replace(OLD, id="899"), NOW) is None
    renewed.keep(NEW, NOW + 2 * KEPT, NOW + KEPT)
    assert len(renewed) == 1
