"""Counts of requests: plain numbers on the hot path, metrics when somebody asks."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Mapping
from itertools import accumulate
from typing import Any

from prometheus_client.metrics_core import (
    CounterMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

# Upper bounds of the histograms' buckets; everything is below the last.
SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60)
_BOUNDS = [*(str(float(bound)) for bound in SECONDS), "+Inf"]


class Durations:
    """A histogram of seconds."""

    __slots__ = ("counts", "total")

    def __init__(self) -> None:
        self.counts = [0] * len(_BOUNDS)
        self.total = 0.0

    def add(self, seconds: float) -> None:
        """Count one of *seconds*."""
        self.counts[bisect_left(SECONDS, seconds)] += 1
        self.total += seconds


class RequestCounts(Collector):
    """What happened to requests; label values are ours and few, by route."""

    def __init__(self) -> None:
        # By route, decision and class of the status; by route; by route and kind.
        self.answered: defaultdict[tuple[str, str, str], int] = defaultdict(int)
        self.seconds: defaultdict[str, Durations] = defaultdict(Durations)
        self.upstream_seconds: defaultdict[str, Durations] = defaultdict(Durations)
        self.failures: defaultdict[tuple[str, str], int] = defaultdict(int)

    def collect(self) -> Iterator[Metric]:
        """Yield everything as it is now."""
        yield _counter(
            "gateway_requests",
            "Requests answered, by route, decision and class of the status.",
            ("route", "decision", "status"),
            self.answered,
        )
        yield _histogram(
            "gateway_request_seconds",
            "Seconds from a request's head to the end of its answer; no WebSockets.",
            self.seconds,
        )
        yield _histogram(
            "gateway_upstream_seconds",
            "Seconds from asking an upstream to the head of its answer.",
            self.upstream_seconds,
        )
        yield _counter(
            "gateway_upstream_failures",
            "Exchanges that an upstream failed, by route and kind.",
            ("route", "kind"),
            self.failures,
        )


def _counter(
    name: str, text: str, labels: tuple[str, ...], counts: Mapping[Any, int]
) -> Metric:
    family = CounterMetricFamily(name, text, labels=labels)
    for values, count in counts.items():
        family.add_metric(values, count)
    return family


def _histogram(name: str, text: str, durations: Mapping[str, Durations]) -> Metric:
    family = HistogramMetricFamily(name, text, labels=["route"])
    for route, each in durations.items():
        buckets = list(zip(_BOUNDS, accumulate(each.counts), strict=True))
        family.add_metric([route], buckets, each.total)
    return family
