"""What Prometheus can ask; docs/how-to/operate.md lists it all.

Label values are routes, decisions, kinds and outcomes, which are ours; never a method,
host or path, which a client can make up without end.
"""

import platform
from collections.abc import Callable, Iterable, Iterator
from importlib import metadata
from typing import Generic, TypeVar

from prometheus_client import (
    GC_COLLECTOR,
    PROCESS_COLLECTOR,
    CollectorRegistry,
    Counter,
    Gauge,
    Info,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.metrics_core import CounterMetricFamily, Metric
from prometheus_client.registry import Collector

from gateway.operations.request_counts import RequestCounts

CONTENT_TYPE = CONTENT_TYPE_LATEST
OUTCOMES = ("started", "completed", "refused", "unknown", "loop", "logto_away")
SHOWN = ("verified", "refused", "malformed", "limited", "logto_away")
REFRESHED = ("renewed", "ended", "logto_away")

M = TypeVar("M", Counter, Gauge)


class Metrics:
    """The counters of one process."""

    def __init__(self) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call] # a series of its own for each series' first use
        registry = CollectorRegistry()
        registry.register(PROCESS_COLLECTOR)
        registry.register(GC_COLLECTOR)
        self._registry = registry
        self.requests = RequestCounts()
        registry.register(self.requests)
        self.refused = Counter(
            "gateway_refused",
            "What was no HTTP request that can be answered safely, by status.",
            ["status"],
            registry=registry,
        )
        self.limited = Counter(
            "gateway_limited",
            "What met a limit, by the limit.",
            ["limit"],
            registry=registry,
        )
        self.sign_ins = Counter(
            "gateway_sign_ins",
            "Sign-in attempts, by outcome.",
            ["outcome"],
            registry=registry,
        )
        for outcome in OUTCOMES:
            self.sign_ins.labels(outcome)
        self.bearers = Counter(
            "gateway_bearers",
            "Access tokens that programs showed, but for those known already.",
            ["outcome"],
            registry=registry,
        )
        for outcome in SHOWN:
            self.bearers.labels(outcome)
        self.sign_outs = Counter(
            "gateway_sign_outs", "Sessions ended by their person.", registry=registry
        )
        self.refreshes = Counter(
            "gateway_refreshes",
            "Times that Logto was asked about a session again, by outcome.",
            ["outcome"],
            registry=registry,
        )
        for outcome in REFRESHED:
            self.refreshes.labels(outcome)
        self.logto_away = Gauge(
            "gateway_logto_away",
            "1 while sessions serve on because Logto cannot be asked about them.",
            registry=registry,
        )
        self.provider_failures = Counter(
            "gateway_logto_failures",
            "Calls to Logto that found it away or wrongly set up.",
            registry=registry,
        )
        Info("gateway_build", "What is running.", registry=registry).info(_build())

    def show_certificate_end(self, ends: float) -> None:
        """Show until when the certificate is good that is served (unix seconds)."""
        self.watch(
            "gateway_tls_certificate_not_after_seconds",
            "Until when tls_certificate is good, in unix seconds.",
            lambda: ends,
        )

    def watch(self, name: str, text: str, value: Callable[[], float]) -> None:
        """Show *value*, asked at each scrape, as the gauge *name*."""
        Gauge(name, text, registry=self._registry).set_function(value)

    def count(self, name: str, text: str, value: Callable[[], float]) -> None:
        """Show *value*, which only grows, as the counter *name*."""
        self._registry.register(_Counted(name, text, value))

    def collect(self) -> Iterable[Metric]:
        """Return all metrics as they are now."""
        return self._registry.collect()

    def exposition(self) -> bytes:
        """Return all metrics in Prometheus' text format."""
        return generate_latest(self._registry)


class Children(Generic[M]):
    """The children of *metric* by their label values: found faster than by itself."""

    def __init__(self, metric: M) -> None:
        self._metric: M = metric
        self._known: dict[tuple[str, ...], M] = {}

    def __call__(self, *values: str) -> M:
        """Return the child for the label *values*, which must be few in all."""
        child = self._known.get(values)
        if child is None:
            child = self._known[values] = self._metric.labels(*values)
        return child


class _Counted(Collector):
    """A counter that something else keeps."""

    def __init__(self, name: str, text: str, value: Callable[[], float]) -> None:
        self._name = name
        self._text = text
        self._value = value

    def collect(self) -> Iterator[Metric]:
        """Yield it as it is now."""
        yield CounterMetricFamily(self._name, self._text, value=self._value())


def _build() -> dict[str, str]:
    return {
        "version": version("logto-gateway"),
        "python": platform.python_version(),
        "aiohttp": version("aiohttp"),
    }


def version(distribution: str) -> str:
    """Return the version of an installed *distribution*, "unknown" in a checkout."""
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return "unknown"
