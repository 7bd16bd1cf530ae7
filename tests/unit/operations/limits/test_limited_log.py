"""Whoever meets a limit is counted each time, and told of now and then."""

import pytest
from structlog.testing import capture_logs

from gateway.operations.limits.limited_log import BURST, LIMITS, LimitedLog
from gateway.operations.metrics import Metrics


@pytest.fixture
def metrics() -> Metrics:
    return Metrics()


def counted(metrics: Metrics, limit: str) -> float:
    line = f'gateway_limited_total{{limit="{limit}"}} '
    text = metrics.exposition().decode()
    return float(text.partition(line)[2].partition("\n")[0])


def test_every_limit_is_shown_before_anybody_meets_it(metrics: Metrics) -> None:
    LimitedLog(metrics, lambda: 0)
    assert [counted(metrics, limit) for limit in LIMITS] == [0] * len(LIMITS)


def test_a_flood_is_counted_but_writes_a_few_lines_only(metrics: Metrics) -> None:
    now = 100.0
    told = LimitedLog(metrics, lambda: now)
    with capture_logs() as lines:
        for _ in range(1000):
            told.tell("upgrades", "192.0.2.1")
        told.tell("connections", "192.0.2.2")
        now = 105.0
        told.tell("upgrades", "192.0.2.3")
    assert counted(metrics, "upgrades") == 1001
    assert len(lines) == BURST + 2
    assert lines[-2]["limit"] == "connections"
    assert lines[-1] == {
        "event": "limited", "log_level": "warning", "limit": "upgrades",
        "client": "192.0.2.3", "untold": 1000 - BURST,
    }  # fmt: skip
