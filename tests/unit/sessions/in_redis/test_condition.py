"""Whether Redis can be asked, said once each way."""

import pytest
from redis import exceptions
from structlog.testing import capture_logs

from gateway.sessions.in_redis.bounds import Bounds
from gateway.sessions.in_redis.condition import Condition, StoreAway
from gateway.sessions.in_redis.server import why


def test_trouble_is_said_once_and_its_end_too() -> None:
    condition = Condition()
    with capture_logs() as lines:
        condition.answers()
        condition.lost("gone")
        condition.lost("gone")
        condition.refused("full")
        condition.answers()
        condition.took()
        condition.took()
    assert [line["event"] for line in lines] == ["redis_away", "redis_answers"]
    assert condition.failures == 3


def test_nobody_asks_while_it_is_away() -> None:
    condition = Condition()
    with pytest.raises(StoreAway, match="not reached"):
        condition.check()
    condition.answers()
    condition.check()
    condition.refused("full")
    condition.check()
    with pytest.raises(StoreAway, match="full"):
        condition.check_writes()


def test_whoever_watches_hears_of_each_trouble_once() -> None:
    condition = Condition()
    told: list[str] = []
    condition.watch(told.append)
    condition.answers()
    condition.answers()
    condition.refused("full")
    condition.lost("gone")
    condition.lost("gone")
    condition.answers()
    condition.took()
    assert told == ["it was not reached yet", "", "full", "gone", "full", ""]


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (exceptions.AuthenticationError("x"), "password"),
        (exceptions.BusyLoadingError("x"), "loading"),
        (exceptions.TimeoutError("x"), "within 0.5 s"),
        (exceptions.ReadOnlyError("x"), "replica"),
        (exceptions.OutOfMemoryError("x"), "maxmemory"),
        (exceptions.ConnectionError("No connection available."), "in use"),
        (exceptions.ConnectionError("refused by h:1"), "refused by h:1"),
        (OSError(), "OSError"),
    ],
)
def test_what_is_wrong_is_said_in_words(error: Exception, words: str) -> None:
    assert words in why(error, Bounds(1, 1.0, 0.5))
