"""Counts of requests: plain numbers on the hot path, metrics when somebody asks."""

import math
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from itertools import accumulate
from operator import add
from typing import Any, Self

from prometheus_client.metrics_core import (
    CounterMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

# Upper bounds of the histograms' buckets; everything is below the last.
SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60)
_BOUNDS = [*(str(float(bound)) for bound in SECONDS), "+Inf"]
_LOWER = (-math.inf, *SECONDS)
_UPPER = (*SECONDS, math.inf)
_CLASSES = ("none", *(f"{hundreds}xx" for hundreds in range(1, 10)))


class Durations:
    """A histogram of seconds."""

    __slots__ = ("counts", "total")

    def __init__(self) -> None:
        self.counts = [0] * len(_BOUNDS)
        self.total = 0.0

    def __iadd__(self, other: "Durations") -> Self:
        """Take those of *other* in as well."""
        self.counts = list(map(add, self.counts, other.counts))
        self.total += other.total
        return self


class Tally:
    """The requests of one route, with one decision and class of status.

    How many there were follows from their times, which are added up when asked for.
    """

    __slots__ = ("seconds", "switched", "upstream_seconds")

    def __init__(self) -> None:
        self.switched = 0  # WebSockets: open for hours, which is no answer time
        self.seconds = Durations()
        self.upstream_seconds = Durations()

    @property
    def answered(self) -> int:
        """How many requests there were."""
        return sum(self.seconds.counts) + self.switched

    def add(self, seconds: float, upstream_seconds: float | None) -> None:
        """Count a request that took *seconds*, and its upstream *upstream_seconds*."""
        durations = self.seconds
        bucket = bisect_left(SECONDS, seconds)
        durations.counts[bucket] += 1
        durations.total += seconds
        if upstream_seconds is not None:
            self._add_upstream(upstream_seconds, bucket)

    def add_switched(self, upstream_seconds: float | None) -> None:
        """Count a request that became a WebSocket."""
        self.switched += 1
        if upstream_seconds is not None:
            self._add_upstream(upstream_seconds, 0)

    def _add_upstream(self, seconds: float, bucket: int) -> None:
        durations = self.upstream_seconds
        # Mostly it is what the whole took, but for a little: the same bucket.
        if not _LOWER[bucket] < seconds <= _UPPER[bucket]:
            bucket = bisect_left(SECONDS, seconds)
        durations.counts[bucket] += 1
        durations.total += seconds


class RequestCounts(Collector):
    """What happened to requests; label values are ours and few, by route."""

    def __init__(self) -> None:
        # By route, decision and class of the status; by route and kind.
        self.tallies: defaultdict[tuple[str, str, str], Tally] = defaultdict(Tally)
        self.failures: defaultdict[tuple[str, str], int] = defaultdict(int)

    def tally(self, route: str, decision: str, status: int) -> Tally:
        """Return what counts the requests of that kind: the same one each time."""
        return self.tallies[route, decision, _CLASSES[status // 100]]

    def collect(self) -> Iterator[Metric]:
        """Yield everything as it is now."""
        yield _counter(
            "gateway_requests",
            "Requests answered, by route, decision and class of the status.",
            ("route", "decision", "status"),
            {labels: tally.answered for labels, tally in self.tallies.items()},
        )
        yield _histogram(
            "gateway_request_seconds",
            "Seconds from a request's head to the end of its answer; no WebSockets.",
            self._by_route(lambda tally: tally.seconds),
        )
        yield _histogram(
            "gateway_upstream_seconds",
            "Seconds from asking an upstream to the head of its answer.",
            self._by_route(lambda tally: tally.upstream_seconds),
        )
        yield _counter(
            "gateway_upstream_failures",
            "Exchanges that an upstream failed, by route and kind.",
            ("route", "kind"),
            self.failures,
        )

    def _by_route(
        self, durations_of: Callable[[Tally], Durations]
    ) -> Mapping[str, Durations]:
        by_route: defaultdict[str, Durations] = defaultdict(Durations)
        for (route, _decision, _class), tally in self.tallies.items():
            durations = durations_of(tally)
            if any(durations.counts):
                by_route[route] += durations
        return by_route


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
