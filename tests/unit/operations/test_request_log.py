"""What becomes of a request in the log; what is refused, at which rate."""

import asyncio
from dataclasses import dataclass

import pytest
import structlog.testing

from gateway.operations.metrics import Metrics
from gateway.operations.open_requests import OpenRequests
from gateway.operations.refused_log import BURST, LINES_A_SECOND, RefusedLog
from gateway.operations.request_log import Story, path_of


@dataclass
class Record:
    status: int = 0
    bytes_sent: int = 0
    bytes_received: int = 0
    upstream_seconds: float | None = None
    failure: str = ""
    ended: str = ""


@pytest.mark.parametrize(
    ("ended", "record", "expected"),
    [
        pytest.param("", Record(200, 5), (200, ""), id="relayed"),
        pytest.param("client_gone", Record(), (0, "client_gone"), id="left early"),
        pytest.param("client_gone", Record(200, 5), (200, "client_gone"), id="left"),
        pytest.param("client_gone", Record(101, 5), (101, ""), id="WebSocket closed"),
        pytest.param(
            "client_gone",
            Record(200, 5, ended="shutdown"),
            (200, "shutdown"),
            id="stream cut by us",
        ),
        pytest.param(
            "", Record(101, 5, ended="shutdown"), (101, "shutdown"), id="WebSocket cut"
        ),
    ],
)
def test_the_end_of_an_answer_is_told_truly(
    ended: str, record: Record, expected: tuple[int, str]
) -> None:
    story = Story("id", "GET", 0.0, ended=ended)
    story.measured(record)
    assert (story.status, story.ended) == expected
    assert story.bytes_sent == record.bytes_sent


@pytest.mark.parametrize(
    ("target", "path"),
    [
        (b"/a/b?code=1", b"/a/b"),
        (b"/a#secret", b"/a"),
        (b"/a#b?c", b"/a"),
        (b"http://user:password@host/", b""),
        (b"*", b""),
    ],
)
def test_the_path_of_a_bad_target_holds_no_secret(target: bytes, path: bytes) -> None:
    assert path_of(target) == path


def test_refusals_are_told_at_a_rate_and_counted_always() -> None:
    now, metrics = [0.0], Metrics()
    log = RefusedLog(metrics, lambda: now[0])
    with structlog.testing.capture_logs() as told:
        for _ in range(100):
            log.tell(400, "why", "192.0.2.1")
        assert len(told) == BURST
        now[0] += 1 / LINES_A_SECOND
        log.tell(408, "slow", "192.0.2.1")
    assert told[-1] == {
        "event": "refused",
        "log_level": "info",
        "status": 408,
        "reason": "slow",
        "client": "192.0.2.1",
        "untold": 100 - BURST,
    }
    assert b'gateway_refused_total{status="400"} 100.0\n' in metrics.exposition()


async def test_waiting_for_open_requests_ends_with_the_last_one() -> None:
    requests = OpenRequests()
    assert await requests.drained(0)
    requests.begin()
    requests.begin()
    assert not await requests.drained(0.01)
    async with asyncio.TaskGroup() as group:
        drained = group.create_task(requests.drained(5))
        await asyncio.sleep(0)
        requests.end()
        await asyncio.sleep(0)
        assert not drained.done()
        requests.end()
    assert drained.result()
