"""What Prometheus can ask: requests, decisions, upstream failures, sign-ins."""

from prometheus_client import (
    GC_COLLECTOR,
    PROCESS_COLLECTOR,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)
from prometheus_client.exposition import CONTENT_TYPE_LATEST

CONTENT_TYPE = CONTENT_TYPE_LATEST
SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60)


class Metrics:
    """The counters of one process; label values are ours, never a client's."""

    def __init__(self) -> None:
        registry = CollectorRegistry()
        registry.register(PROCESS_COLLECTOR)
        registry.register(GC_COLLECTOR)
        self._registry = registry
        self.requests = Counter(
            "gateway_requests",
            "Requests answered, by route, decision and status class.",
            ["route", "decision", "status"],
            registry=registry,
        )
        self.seconds = Histogram(
            "gateway_request_seconds",
            "Seconds from a request's head to the end of its answer.",
            ["route"],
            buckets=SECONDS,
            registry=registry,
        )
        self.open_requests = Gauge(
            "gateway_open_requests",
            "Requests, streams and WebSockets that are being answered now.",
            registry=registry,
        )
        self.upstream_failures = Counter(
            "gateway_upstream_failures",
            "Exchanges that an upstream failed, by route and kind.",
            ["route", "kind"],
            registry=registry,
        )
        self.sign_ins = Counter(
            "gateway_sign_ins",
            "Sign-in attempts, by outcome.",
            ["outcome"],
            registry=registry,
        )
        self.sign_outs = Counter(
            "gateway_sign_outs", "Sessions ended by their person.", registry=registry
        )
        self.provider_failures = Counter(
            "gateway_logto_failures",
            "Calls to Logto that found it away or wrongly set up.",
            registry=registry,
        )

    def exposition(self) -> bytes:
        """Return all metrics in Prometheus' text format."""
        return generate_latest(self._registry)
