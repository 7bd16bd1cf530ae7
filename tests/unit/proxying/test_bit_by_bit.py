"""What comes byte by byte costs its length, not the square of it."""

import time
from collections.abc import Callable

import pytest

from gateway.proxying.chunked import ChunkedDecoder
from gateway.proxying.request_inbox import Inbox
from gateway.proxying.upstream.response_reader import HeadLimits, ResponseReader

Feed = Callable[[bytes], object]
KIB = 1024


def response() -> Feed:
    limits = HeadLimits(64 * KIB, 200)
    return ResponseReader(limits).feed


def request() -> Feed:
    inbox = Inbox(64 * KIB)

    def feed(data: bytes) -> bytes | None:
        inbox.feed(data)
        return inbox.take_head()

    return feed


def trailers() -> Feed:
    return ChunkedDecoder(extensions=False).feed


def cost(feed: Feed, data: bytes) -> float:
    """Return the seconds of CPU that *data* takes, byte by byte."""
    before = time.thread_time()
    for byte in data:
        feed(bytes((byte,)))
    return time.thread_time() - before


@pytest.mark.parametrize(
    ("make", "start", "longest"),
    [
        pytest.param(response, b"HTTP/1.1 200 OK\r\nA: ", 60 * KIB, id="a response"),
        pytest.param(request, b"GET / HTTP/1.1\r\nA: ", 60 * KIB, id="a request"),
        pytest.param(trailers, b"0\r\nA: ", 15 * KIB, id="trailers"),
    ],
)
def test_eight_times_as_long_costs_no_more_than_sixteen_times(
    make: Callable[[], Feed], start: bytes, longest: int
) -> None:
    short, long = (
        min(cost(make(), start + b"a" * length) for _ in range(3))
        for length in (longest // 8, longest)
    )
    assert long < 16 * short
