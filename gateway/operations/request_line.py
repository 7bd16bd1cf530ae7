"""The log line of a request, as JSON: what logs.py would write, in a tenth of the time.

Every request has one, so it is put together by hand from parts that hardly change.
Tests hold it to what the general way writes.
"""

from datetime import UTC, datetime
from functools import lru_cache
from json.encoder import encode_basestring_ascii as quoted
from typing import Protocol

from gateway.operations.logs import LONGEST_VALUE, readable_path

_MOST_REMEMBERED = 1024
_LONGEST_REMEMBERED = 256  # bytes of a path


class Told(Protocol):
    """What is told about a request; empty texts are left out."""

    request_id: str
    method: str
    host: str
    path: bytes
    client: str
    route: str
    decision: str
    reason: str
    subject: str
    status: int
    bytes_sent: int
    bytes_received: int
    upstream_seconds: float | None
    failure: str
    ended: str


class RequestLines:
    """Writes lines, and remembers what of the time does not change for a second."""

    def __init__(self) -> None:
        self._second = -1
        self._until_second = ""

    def line(self, story: Told, seconds: float, now: float) -> str:
        """Return the line of *story*, which took *seconds* until *now* (unix time)."""
        path = story.path
        named = _path if len(path) <= _LONGEST_REMEMBERED else _path.__wrapped__
        upstream = story.upstream_seconds
        waited = ""
        if upstream is not None:
            waited = f', "upstream_seconds": {upstream:.6f}'
        return (
            f'{{"timestamp": "{self._timestamp(now)}", "level": "info", '
            f'"event": "request", "request_id": "{story.request_id}"'
            f"{_asked(story.client, story.method, story.host)}{named(path)}"
            f"{_decided(story.route, story.decision, story.reason, story.subject)}"
            f"{_status(story.status)}"
            f', "bytes_sent": {story.bytes_sent}'
            f', "bytes_received": {story.bytes_received}'
            f', "seconds": {seconds:.6f}{waited}'
            f"{_ended(story.failure, story.ended)}}}"
        )

    def _timestamp(self, now: float) -> str:
        second = int(now)
        if second != self._second:
            self._second = second
            self._until_second = datetime.fromtimestamp(second, UTC).strftime(
                "%Y-%m-%dT%H:%M:%S"
            )
        micros = min(round((now - second) * 1e6), 999_999)  # a float is a bit less
        return f"{self._until_second}.{micros:06d}Z"


def _pairs(*pairs: tuple[str, str]) -> str:
    return "".join(
        f', "{name}": {quoted(_bounded(value))}' for name, value in pairs if value
    )


def _bounded(value: str) -> str:
    return value if len(value) <= LONGEST_VALUE else value[:LONGEST_VALUE] + "…"


@lru_cache(_MOST_REMEMBERED)
def _asked(client: str, method: str, host: str) -> str:
    return _pairs(("client", client), ("method", method), ("host", host))


@lru_cache(_MOST_REMEMBERED)
def _path(path: bytes) -> str:
    return _pairs(("path", readable_path(path)))


@lru_cache(_MOST_REMEMBERED)
def _decided(route: str, decision: str, reason: str, subject: str) -> str:
    return _pairs(
        ("route", route),
        ("decision", decision),
        ("reason", reason),
        ("subject", subject),
    )


@lru_cache(_MOST_REMEMBERED)
def _status(status: int) -> str:
    return f', "status": {status}' if status else ""


@lru_cache(_MOST_REMEMBERED)
def _ended(failure: str, ended: str) -> str:
    return _pairs(("failure", failure), ("ended", ended))
