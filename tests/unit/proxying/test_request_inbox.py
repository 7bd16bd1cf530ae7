"""Heads are found however their bytes come; what can be none is refused at once."""

from itertools import pairwise

import pytest
from hypothesis import given, strategies as st

from gateway.proxying.request_head import RequestRefused
from gateway.proxying.request_inbox import Inbox

HEAD = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"


@given(st.lists(st.integers(0, 60), max_size=10))
def test_heads_are_found_however_they_are_cut(marks: list[int]) -> None:
    data = b"\r\n" + HEAD + HEAD + b"rest"
    places = sorted({0, len(data), *(mark % len(data) for mark in marks)})
    inbox = Inbox(100)
    found = []
    for start, end in pairwise(places):
        inbox.feed(data[start:end])
        if head := inbox.take_head():
            found.append(head)
    while len(found) < 2 and (head := inbox.take_head()):
        found.append(head)
    assert found == [HEAD, HEAD]
    assert inbox.take_all() == b"rest"
    assert inbox.data == b""


@pytest.mark.parametrize(
    ("pieces", "status"),
    [
        ([b"x" * 101], 431),
        ([b"x" * 60, b"x" * 60], 431),
        ([b"x" * 101 + b"\r\n\r\n"], 431),
        ([b"GET / HTTP/1.1\n"], 400),
        ([b"GET / HTTP/1.1\r", b"X"], 400),
        ([b"GET / HTTP/1.1", b"\n"], 400),
        ([b"GET / HTTP/1.1\r\nA: b", b"\n\r\n"], 400),
        ([b"\x16\x03\x01"], 400),
        ([b"\n"], 400),
        ([b" GET"], 400),
    ],
)
def test_what_can_become_no_head(pieces: list[bytes], status: int) -> None:
    inbox = Inbox(100)
    *earlier, last = pieces
    for piece in earlier:
        inbox.feed(piece)
        assert inbox.take_head() is None
    inbox.feed(last)
    with pytest.raises(RequestRefused) as refused:
        inbox.take_head()
    assert refused.value.status == status
