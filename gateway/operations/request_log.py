"""A line and a few counters for every request; never a query, cookie or token."""

from collections.abc import Callable
from dataclasses import dataclass

import structlog

from gateway.operations.logs import readable_path, without_empty
from gateway.operations.metrics import Metrics

log = structlog.get_logger("gateway.request")


@dataclass(slots=True)
class Story:
    """What happened to one request, filled in as it happens."""

    request_id: str
    method: str
    started: float  # monotonic seconds
    host: str = ""
    home: str = ""  # the public origin of that host, where it is ours
    path: bytes = b""
    client: str = ""
    route: str = ""
    decision: str = "refused"
    reason: str = ""
    subject: str = ""
    status: int = 0
    bytes_sent: int = 0
    bytes_received: int = 0
    upstream_seconds: float | None = None
    failure: str = ""


class RequestLog:
    """Tells the log and the metrics about requests."""

    def __init__(self, metrics: Metrics, monotonic: Callable[[], float]) -> None:
        self._metrics = metrics
        self._monotonic = monotonic

    def begin(self, request_id: str, method: str) -> Story:
        """Return the story of a request that has just come."""
        self._metrics.open_requests.inc()
        return Story(request_id, method, self._monotonic())

    def end(self, story: Story) -> None:
        """Write *story* down."""
        seconds = self._monotonic() - story.started
        metrics = self._metrics
        metrics.open_requests.dec()
        status = f"{story.status // 100}xx" if story.status else "none"
        metrics.requests.labels(story.route, story.decision, status).inc()
        metrics.seconds.labels(story.route).observe(seconds)
        if story.failure:
            metrics.upstream_failures.labels(story.route, story.failure).inc()
        log.info("request", **_line(story, seconds))


def _line(story: Story, seconds: float) -> dict[str, object]:
    return without_empty(
        {
            "request_id": story.request_id,
            "client": story.client,
            "method": story.method,
            "host": story.host,
            "path": readable_path(story.path),
            "route": story.route,
            "decision": story.decision,
            "reason": story.reason,
            "subject": story.subject,
            "status": story.status,
            "bytes_sent": story.bytes_sent,
            "bytes_received": story.bytes_received,
            "seconds": round(seconds, 6),
            "upstream_seconds": story.upstream_seconds
            and round(story.upstream_seconds, 6),
            "failure": story.failure,
        }
    )
