"""The log line of a request, as JSON: what logs.py would write, in a tenth of the time.

Every request has one, so it is put together by hand from parts that hardly change.
Tests hold it to what the general way writes.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from json.encoder import encode_basestring_ascii as quoted
from typing import NamedTuple, Protocol

from gateway.known import Known
from gateway.operations.logs import LONGEST_VALUE, readable_path
from gateway.operations.request_counts import Tally

MOST_REMEMBERED = 1024  # kinds of requests
LONGEST_REMEMBERED = 512  # characters of what a line says of them
_MICROS = 1_000_000
_THREE = tuple(f"{number:03}" for number in range(1000))  # formatting takes ten times


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


class Alike(NamedTuple):
    """What is told of requests that are alike but for path, sizes and times.

    *asked* stands before the path, *decided* behind it; *tally* counts them.
    """

    asked: str
    decided: str
    tally: Tally


class AlikeRequests:
    """Remembers what is told of requests by all that it depends on.

    *tally* returns what counts them, by route, decision and status.
    """

    __slots__ = ("_known", "_tally")

    def __init__(self, tally: Callable[[str, str, int], Tally]) -> None:
        self._tally = tally
        self._known: dict[object, Alike] = {}

    def __len__(self) -> int:
        return len(self._known)

    def of(self, story: Told) -> Alike:
        """Return what is told of *story* and others like it."""
        key = (
            story.client,
            story.method,
            story.host,
            story.route,
            story.decision,
            story.reason,
            story.subject,
            story.status,
        )
        known = self._known.get(key)
        if known is not None:
            return known
        alike = Alike(
            _asked(story),
            _decided(story),
            self._tally(story.route, story.decision, story.status),
        )
        # A text that is short had nothing cut off: its key is no longer.
        if len(alike.asked) + len(alike.decided) <= LONGEST_REMEMBERED:
            if len(self._known) >= MOST_REMEMBERED:
                self._known.clear()
            self._known[key] = alike
        return alike


class RequestLines:
    """Writes lines, and remembers what of the time does not change for a second.

    *now* is in unix seconds; it is asked once a second.
    """

    __slots__ = ("_now", "_paths", "_second", "_second_began")

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._second = ""
        self._second_began = float("-inf")  # monotonic seconds
        self._paths: Known[str] = Known()

    def line(self, story: Told, alike: Alike, seconds: float, ended: float) -> str:
        """Return the line of *story*, which took *seconds* until *ended* (monotonic).

        *alike* is what is told of others like it as well.
        """
        into_second = ended - self._second_began
        if into_second >= 1:
            into_second = self._next_second(ended)
        now, took = int(into_second * _MICROS), int(seconds * _MICROS)
        whole, waited, cut = "0", "", ""
        if took >= _MICROS:
            whole, took = str(took // _MICROS), took % _MICROS
        if story.upstream_seconds is not None:
            waited = _waited(story.upstream_seconds)
        if story.failure or story.ended:
            cut = _pairs(("failure", story.failure), ("ended", story.ended))
        path = self._paths.get(story.path) or self._path(story.path)
        return (
            f'{{"timestamp": "{self._second}.{_THREE[now // 1000]}{_THREE[now % 1000]}'
            f'Z", "level": "info", "event": "request", "request_id": "'
            f'{story.request_id}"{alike.asked}{path}{alike.decided}, "bytes_sent": '
            f'{story.bytes_sent}, "bytes_received": {story.bytes_received}, "seconds": '
            f"{whole}.{_THREE[took // 1000]}{_THREE[took % 1000]}{waited}{cut}}}"
        )

    def _next_second(self, ended: float) -> float:
        """Ask which second it is at *ended*.  Return how long ago it began."""
        now = self._now()
        second = int(now)
        self._second = datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S")
        self._second_began = ended - (now - second)
        return now - second

    def _path(self, path: bytes) -> str:
        text = _pairs(("path", readable_path(path)))
        self._paths.add(path, text)
        return text


def in_microseconds(seconds: float) -> float:
    """Return *seconds* without what is less than a microsecond."""
    return int(seconds * _MICROS) / _MICROS


def _waited(seconds: float) -> str:
    took = int(seconds * _MICROS)
    if took >= _MICROS:
        return f', "upstream_seconds": {took / _MICROS:.6f}'
    return f', "upstream_seconds": 0.{_THREE[took // 1000]}{_THREE[took % 1000]}'


def _asked(story: Told) -> str:
    return _pairs(
        ("client", story.client), ("method", story.method), ("host", story.host)
    )


def _decided(story: Told) -> str:
    told = _pairs(
        ("route", story.route),
        ("decision", story.decision),
        ("reason", story.reason),
        ("subject", story.subject),
    )
    return f'{told}, "status": {story.status}' if story.status else told


def _pairs(*pairs: tuple[str, str]) -> str:
    return "".join(
        f', "{name}": {quoted(_bounded(value))}' for name, value in pairs if value
    )


def _bounded(value: str) -> str:
    return value if len(value) <= LONGEST_VALUE else value[:LONGEST_VALUE] + "…"
