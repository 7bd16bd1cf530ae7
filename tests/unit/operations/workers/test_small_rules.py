"""Restarts, listeners of workers that are away, parts of limits, CPUs."""

import pytest

from config.limits import Limits
from gateway.operations.workers.assignments import assigned
from gateway.operations.workers.cpus import MOST, usable_cpus, whole_cpus
from gateway.operations.workers.dividing import DIVIDED, for_one_of
from gateway.operations.workers.readiness import why_not_ready
from gateway.operations.workers.restarts import Restarts
from tests.support.configuration import settings


def test_the_pause_doubles_up_to_half_a_minute() -> None:
    restarts = Restarts()
    pauses = [restarts.pause(0.1) for _ in range(9)]
    assert pauses == [0, 1, 2, 4, 8, 16, 30, 30, 30]


def test_one_that_had_served_for_a_while_is_replaced_at_once() -> None:
    restarts = Restarts()
    for _ in range(5):
        restarts.pause(0.1)
    assert [restarts.pause(10), restarts.pause(9.9)] == [0, 1]


@pytest.mark.parametrize(
    ("ready", "before", "expected"),
    [
        pytest.param({1, 2, 3}, {}, {1: 1, 2: 2, 3: 3}, id="each has its own"),
        pytest.param({1, 3}, {}, {1: 1, 2: 3, 3: 3}, id="one is away"),
        pytest.param(set[int](), {1: 1}, {}, id="nobody is there"),
        pytest.param({3}, {}, {1: 3, 2: 3, 3: 3}, id="one is left"),
        pytest.param({1, 3}, {2: 1}, {1: 1, 2: 1, 3: 3}, id="who has it keeps it"),
        pytest.param({3}, {2: 1}, {1: 3, 2: 3, 3: 3}, id="who had it is away"),
        pytest.param({1, 2}, {2: 1}, {1: 1, 2: 2, 3: 1}, id="its own is back"),
    ],
)
def test_who_accepts_from_whose_listeners(
    ready: set[int], before: dict[int, int], expected: dict[int, int]
) -> None:
    assert assigned(3, ready, before) == expected


def test_workers_have_equal_parts_of_every_count() -> None:
    whole = settings()
    counts = {
        name
        for name, field in Limits.model_fields.items()
        if isinstance(getattr(whole.limits, name), int) and name != "path_length"
    }
    assert set(DIVIDED) == counts
    part = for_one_of(whole, 3)
    assert part.limits.connections == 3334
    assert part.limits.sign_ins_per_minute == 100
    assert part.server.upstream_connections == 334
    assert for_one_of(whole, 1) == whole
    assert part.limits.head_timeout == whole.limits.head_timeout
    assert part.routes == whole.routes


@pytest.mark.parametrize(
    ("quota", "expected"),
    [("max 100000\n", None), ("150000 100000", 2), ("200000 100000", 2), ("1 2", 1)],
)
def test_the_cpus_of_a_quota(quota: str, expected: int | None) -> None:
    assert whole_cpus(quota) == expected


@pytest.mark.parametrize("quota", ["", "max", "a b", "1 2 3"])
def test_a_quota_that_says_nothing(quota: str) -> None:
    with pytest.raises(ValueError, match=r"unpack|literal"):
        whole_cpus(quota)


def test_this_machine_has_cpus() -> None:
    assert 1 <= usable_cpus() <= MOST


@pytest.mark.parametrize(
    ("workers", "expected"),
    [
        pytest.param({}, "no worker", id="nobody accepts"),
        pytest.param({1: "", 2: ""}, None, id="all serve"),
        pytest.param({2: ""}, None, id="one is away: another took over"),
        pytest.param({1: "", 2: "Redis: gone"}, "worker 2: Redis: gone", id="one"),
        pytest.param({1: "Redis: a", 2: "Redis: b"}, "Redis: a", id="all of them"),
        pytest.param(
            {3: "", 1: "Redis: a", 2: "Redis: b"}, "worker 1: Redis: a", id="two"
        ),
    ],
)
def test_where_new_requests_may_come(
    workers: dict[int, str], expected: str | None
) -> None:
    assert why_not_ready(workers) == expected
