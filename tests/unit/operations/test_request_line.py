"""The quick way of writing a request's line, held to the general one."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given, strategies as st

from gateway.operations.logs import bounded
from gateway.operations.metrics import Metrics
from gateway.operations.open_requests import OpenRequests
from gateway.operations.request_counts import RequestCounts
from gateway.operations.request_line import (
    LONGEST_REMEMBERED,
    MOST_REMEMBERED,
    AlikeRequests,
    RequestLines,
)
from gateway.operations.request_log import RequestLog, Story, record

TEXTS = st.one_of(st.just(""), st.text(max_size=20), st.just("x" * 600))
COUNTS = st.integers(min_value=0, max_value=10**12)
SECONDS = st.floats(min_value=0, max_value=1e6)
STORIES = st.builds(
    Story,
    request_id=st.text("0123456789abcdef", min_size=24, max_size=24),
    method=st.sampled_from(["GET", "M-SEARCH"]),
    started=st.just(0.0),
    host=TEXTS,
    path=st.one_of(st.binary(max_size=20), st.just(b"/" + b"y" * 600)),
    client=TEXTS,
    route=TEXTS,
    decision=TEXTS,
    reason=TEXTS,
    subject=TEXTS,
    status=st.sampled_from([0, 101, 200, 404, 503]),
    bytes_sent=COUNTS,
    bytes_received=COUNTS,
    upstream_seconds=st.none() | SECONDS,
    failure=TEXTS,
    ended=st.sampled_from(["", "client_gone"]),
)
ALIKE = AlikeRequests(RequestCounts().tally)
PARTS = 2**18  # of a second: a float holds each of them beside any second, exactly


@given(STORIES, SECONDS, st.integers(0, 2**32), st.integers(0, PARTS - 1))
def test_the_line_is_the_one_that_the_general_way_writes(
    story: Story, seconds: float, second: int, part: int
) -> None:
    moment = datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    micros = part * 10**6 // PARTS
    head = {"timestamp": "", "level": "info", "event": "request"}
    expected = json.dumps(head | dict(bounded(None, "", record(story, seconds))))
    lines = RequestLines(lambda: second + part / PARTS)
    line = lines.line(story, ALIKE.of(story), seconds, seconds)
    (_, timestamp), *said = json.loads(line, object_pairs_hook=list)
    assert timestamp == f"{moment}.{micros:06}Z"
    assert said == json.loads(expected, object_pairs_hook=list)[1:]
    assert "\n" not in line


def test_every_request_is_counted_where_it_belongs() -> None:
    now, metrics = [0.0], Metrics()
    log = RequestLog(metrics, OpenRequests(), monotonic=lambda: now[0], now=lambda: 0.0)
    for status, seconds in ((200, 0.001), (204, 0.0011), (101, 9.0), (0, 99.0)):
        story = log.begin("id", "GET")
        story.route, story.decision, story.status = "/", "permit", status
        story.upstream_seconds = seconds / 2
        now[0] += seconds
        log.end(story)
    shown = metrics.exposition().decode()
    for line in (
        'gateway_requests_total{decision="permit",route="/",status="2xx"} 2.0',
        'gateway_requests_total{decision="permit",route="/",status="1xx"} 1.0',
        'gateway_requests_total{decision="permit",route="/",status="none"} 1.0',
        'gateway_request_seconds_bucket{le="0.001",route="/"} 1.0',
        'gateway_request_seconds_bucket{le="0.0025",route="/"} 2.0',
        'gateway_request_seconds_bucket{le="60.0",route="/"} 2.0',
        'gateway_request_seconds_bucket{le="+Inf",route="/"} 3.0',
        'gateway_request_seconds_count{route="/"} 3.0',
        'gateway_upstream_seconds_count{route="/"} 4.0',
    ):
        assert line in shown.splitlines(), shown


def test_the_clock_is_asked_once_a_second() -> None:
    now = [100.25]
    lines, story = RequestLines(lambda: now[0]), Story("id", "GET", 0.0)

    def timestamp(ended: float) -> str:
        line = lines.line(story, ALIKE.of(story), 0.0, ended)
        return str(json.loads(line)["timestamp"])

    assert timestamp(7.0) == "1970-01-01T00:01:40.250000Z"
    now[0] = 500.5  # somebody set it
    assert timestamp(7.5) == "1970-01-01T00:01:40.750000Z"
    assert timestamp(7.75) == "1970-01-01T00:08:20.500000Z"


FIELDS = (
    *("client", "method", "host", "route", "decision", "reason", "subject"),
    *("path", "status", "failure", "ended", "bytes_sent", "upstream_seconds"),
)


@pytest.mark.parametrize("name", FIELDS)
def test_a_line_says_nothing_of_another_request(name: str) -> None:
    alike, lines = AlikeRequests(RequestCounts().tally), RequestLines(lambda: 0.0)
    story = Story("id", "GET", 0.0)
    said: dict[str, object] = {"path": "/1", "status": 204, "bytes_sent": 1}
    said["upstream_seconds"] = 0.5
    value = said.get(name, "other")
    without = lines.line(story, alike.of(story), 1.5, 2.0)
    setattr(story, name, b"/1" if name == "path" else value)
    line = json.loads(lines.line(story, alike.of(story), 1.5, 2.0))
    assert line[name] == value
    assert {**json.loads(without), name: value} == line


def test_what_is_remembered_of_requests_is_bounded() -> None:
    alike, story = AlikeRequests(RequestCounts().tally), Story("id", "GET", 0.0)
    for number in range(2 * MOST_REMEMBERED + 1):
        story.subject = str(number)
        assert alike.of(story).decided.endswith(f'"{number}"')
        assert 0 < len(alike) <= MOST_REMEMBERED


@pytest.mark.parametrize("name", ["client", "method", "host", "reason", "subject"])
@pytest.mark.parametrize("size", [LONGEST_REMEMBERED, 100 * LONGEST_REMEMBERED])
def test_what_is_long_is_not_remembered(name: str, size: int) -> None:
    alike, story = AlikeRequests(RequestCounts().tally), Story("id", "GET", 0.0)
    setattr(story, name, size * "x")
    alike.of(story)
    assert not len(alike)


def test_upstream_times_are_counted_in_their_own_buckets() -> None:
    counts = RequestCounts()
    for seconds, upstream in ((0.002, 0.001), (0.002, 0.002), (0.03, 70.0)):
        counts.tally("/", "permit", 200).add(seconds, upstream)
    counts.tally("/", "forbid", 403).add(0.03, None)
    told = {family.name: family.samples for family in counts.collect()}
    buckets = {
        name: {
            sample.labels["le"]: sample.value
            for sample in told[name]
            if "le" in sample.labels
        }
        for name in ("gateway_request_seconds", "gateway_upstream_seconds")
    }
    assert buckets["gateway_upstream_seconds"]["0.001"] == 1
    assert buckets["gateway_upstream_seconds"]["0.0025"] == 2
    assert buckets["gateway_upstream_seconds"]["60.0"] == 2
    assert buckets["gateway_upstream_seconds"]["+Inf"] == 3
    assert buckets["gateway_request_seconds"]["0.0025"] == 2
    assert buckets["gateway_request_seconds"]["+Inf"] == 4
