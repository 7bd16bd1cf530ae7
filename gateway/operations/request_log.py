"""A line and a few counters for every request; never a query, cookie or token."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import structlog
from aiohttp import web

from gateway.fields import Fields
from gateway.operations import logs
from gateway.operations.logs import readable_path, without_empty
from gateway.operations.metrics import Metrics
from gateway.operations.open_requests import OpenRequests
from gateway.operations.request_line import (
    AlikeRequests,
    RequestLines,
    in_microseconds,
)

log = structlog.get_logger("gateway.request")
SWITCHING = 101  # a WebSocket: open for hours, which is no answer time


class Record(Protocol):
    """What an exchange with an upstream came to; zeros where there was none."""

    status: int
    bytes_sent: int
    bytes_received: int
    upstream_seconds: float | None
    failure: str
    ended: str


@dataclass(slots=True)
class Story:
    """What happened to one request, filled in as it happens."""

    request_id: str
    method: str
    started: float  # monotonic seconds
    host: str = ""
    home: str = ""  # the public origin of that host, where it is ours
    own_fields: Fields = ()  # that a page of ours has on this route
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
    failure: str = ""  # what the upstream did wrong: a FailureKind
    ended: str = ""  # "client_gone" or "shutdown", where the answer was cut short

    def answered(self, response: web.StreamResponse) -> None:
        """Take note of the *response*; one of our own has its body still to send."""
        self.status = response.status
        body = response.body if isinstance(response, web.Response) else None
        if isinstance(body, bytes) and self.method != "HEAD":
            self.bytes_sent = len(body)

    def measured(self, record: Record) -> None:
        """Take over what the exchange with an upstream came to.

        A client that left still got the status and the bytes of until then.  Either
        side may close a WebSocket: that is no cut.
        """
        self.bytes_received = record.bytes_received
        self.upstream_seconds = record.upstream_seconds
        if not self.status:
            self.status = record.status
        if record.bytes_sent:
            self.bytes_sent = record.bytes_sent
        if record.failure and not self.failure:
            self.failure = record.failure
        if record.status == SWITCHING:
            self.ended = ""
        if record.ended:
            self.ended = record.ended


class RequestLog:
    """Tells the log and the metrics about requests.

    *monotonic* is in seconds, *now* in unix seconds.
    """

    def __init__(
        self,
        metrics: Metrics,
        open_requests: OpenRequests,
        *,
        monotonic: Callable[[], float],
        now: Callable[[], float],
    ) -> None:
        self._counts = metrics.requests
        self._open = open_requests
        self._monotonic = monotonic
        self._alike = AlikeRequests(metrics.requests.tally)
        self._lines = RequestLines(now)

    def begin(self, request_id: str, method: str) -> Story:
        """Return the story of a request that has just come."""
        self._open.begin()
        return Story(request_id, method, self._monotonic())

    def end(self, story: Story) -> None:
        """Write *story* down."""
        self._open.end()
        ended = self._monotonic()
        seconds = ended - story.started
        alike = self._alike.of(story)
        if story.status == SWITCHING:
            alike.tally.add_switched(story.upstream_seconds)
        else:
            alike.tally.add(seconds, story.upstream_seconds)
        if story.failure:
            self._counts.failures[story.route, story.failure] += 1
        writer = logs.json_writer()
        if writer is None:
            log.info("request", **record(story, seconds))
        else:
            writer.write(self._lines.line(story, alike, seconds, ended))


def record(story: Story, seconds: float) -> dict[str, object]:
    """Return what is told of *story*, which took *seconds*."""
    upstream = story.upstream_seconds
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
            "status": story.status or None,
            "bytes_sent": story.bytes_sent,
            "bytes_received": story.bytes_received,
            "seconds": in_microseconds(seconds),
            "upstream_seconds": None if upstream is None else in_microseconds(upstream),
            "failure": story.failure,
            "ended": story.ended,
        }
    )


def path_of(target: bytes) -> bytes:
    """Return the path of a *target* that could not be read: no query, no fragment."""
    path = target.partition(b"?")[0].partition(b"#")[0]
    return path if path.startswith(b"/") else b""
