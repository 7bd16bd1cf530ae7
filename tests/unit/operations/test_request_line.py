"""The quick way of writing a request's line, held to the general one."""

import json
from datetime import UTC, datetime

from hypothesis import given, strategies as st

from gateway.operations.logs import bounded
from gateway.operations.metrics import Metrics
from gateway.operations.open_requests import OpenRequests
from gateway.operations.request_line import RequestLines
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
LINES = RequestLines()


@given(STORIES, SECONDS, st.integers(0, 2**32), st.integers(1, 999_999))
def test_the_line_is_the_one_that_the_general_way_writes(
    story: Story, seconds: float, second: int, micros: int
) -> None:
    now = datetime.fromtimestamp(second, UTC).replace(microsecond=micros)
    head = {"timestamp": "", "level": "info", "event": "request"}
    expected = json.dumps(head | dict(bounded(None, "", record(story, seconds))))
    line = LINES.line(story, seconds, now.timestamp())
    (_, timestamp), *said = json.loads(line, object_pairs_hook=list)
    assert timestamp[:22] == now.isoformat()[:22]
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
