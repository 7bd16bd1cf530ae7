"""One response is read out of bytes, however they come."""

from itertools import pairwise

import pytest
from hypothesis import given, strategies as st

from gateway.proxying.field_lines import FieldsInvalid
from gateway.proxying.upstream.response_head import Framing, ResponseHead
from gateway.proxying.upstream.response_reader import (
    HeadLimits,
    HeadTooLarge,
    ResponseReader,
)

LIMITS = HeadLimits(1000, 20)


def reader(method: str = "GET", *, upgrade: bool = False) -> ResponseReader:
    one = ResponseReader(LIMITS)
    one.begin(method, lambda _head: None, upgrade=upgrade)
    return one


@pytest.mark.parametrize(
    ("method", "response", "framing", "complete"),
    [
        ("GET", b"200 x\r\nContent-Length: 2\r\n\r\nab", Framing.LENGTH, True),
        ("GET", b"200 x\r\nContent-Length: 3\r\n\r\nab", Framing.LENGTH, False),
        ("GET", b"200 x\r\nContent-Length: 0\r\n\r\n", Framing.NONE, True),
        ("HEAD", b"200 x\r\nContent-Length: 9\r\n\r\n", Framing.NONE, True),
        ("GET", b"204\r\n\r\n", Framing.NONE, True),
        ("GET", b"304 x\r\nContent-Length: 9\r\n\r\n", Framing.NONE, True),
        (
            "GET",
            b"200 x\r\nTransfer-Encoding: Chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n",
            Framing.CHUNKED,
            True,
        ),
        ("GET", b"200 x\r\n\r\nab", Framing.UNTIL_CLOSE, False),
        ("HEAD", b"200 x\r\nTransfer-Encoding: chunked\r\n\r\n", Framing.NONE, True),
    ],
)
@given(marks=st.lists(st.integers(0, 100), max_size=8))
def test_responses_however_they_are_cut(
    method: str, response: bytes, framing: Framing, marks: list[int], *, complete: bool
) -> None:
    data = b"HTTP/1.1 " + response
    places = sorted({0, len(data), *(mark % len(data) for mark in marks)})
    one = reader(method)
    got = b"".join(one.feed(data[start:end]) for start, end in pairwise(places))
    assert one.head is not None
    assert (one.head.framing, one.complete) == (framing, complete)
    assert got == (b"" if framing is Framing.NONE else b"ab")
    assert one.extra == b""


EARLY = b"HTTP/1.1 103 x\r\n\r\n"
RESPONSES = {
    b"HTTP/1.1 200 x\r\nContent-Length: 2\r\n\r\nab": b"ab",
    b"HTTP/1.1 204 x\r\n\r\n": b"",
    b"HTTP/1.1 200 x\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"1\r\na\r\n0\r\nT: u\r\n\r\n": b"a",
    10 * EARLY + b"HTTP/1.1 200 x\r\nContent-Length: 1\r\n\r\nc": b"c",
}


@given(
    st.lists(
        st.tuples(st.sampled_from(sorted(RESPONSES)), st.integers(0, 300)), max_size=6
    )
)
def test_one_response_after_the_other(each: list[tuple[bytes, int]]) -> None:
    one = ResponseReader(LIMITS)
    for data, mark in each:
        one.begin("GET", lambda _head: None, upgrade=False)
        assert one.is_due
        assert not one.has_begun
        place = mark % len(data)
        assert one.feed(data[:place]) + one.feed(data[place:]) == RESPONSES[data]
        assert one.trailers == ([(b"T", b"u")] if b"chunked" in data else [])
        assert one.end()
        assert not one.is_due


@pytest.mark.parametrize(
    "data",
    [
        b"HTTP/1.1 200 x\r\nContent-Length: 2\r\n\r\na",
        b"HTTP/1.1 200 x\r\nContent-Length: 2\r\n\r\nabc",
        b"HTTP/1.1 200 x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
        b"HTTP/1.1 200 x\r\n\r\nab",
        b"HTTP/1.1 100 x\r\n\r\n",
        b"H",
    ],
)
def test_after_what_is_not_whole_and_clean_nothing_follows(data: bytes) -> None:
    one = reader()
    one.feed(data)
    assert one.has_begun
    assert not one.end()


@pytest.mark.parametrize(
    ("version", "fields", "keep_alive"),
    [
        (b"1.1", b"", True),
        (b"1.1", b"Connection: Close\r\n", False),
        (b"1.0", b"", False),
        (b"1.0", b"Connection: keep-alive\r\n", True),
    ],
)
def test_the_life_of_the_connection(
    version: bytes, fields: bytes, *, keep_alive: bool
) -> None:
    one = reader()
    one.feed(b"HTTP/" + version + b" 200 x\r\nContent-Length: 0\r\n" + fields + b"\r\n")
    assert one.head is not None
    assert one.head.keep_alive is keep_alive


def test_the_end_completes_only_what_ends_by_it() -> None:
    until_close, length = reader(), reader()
    until_close.feed(b"HTTP/1.1 200 x\r\n\r\nab")
    length.feed(b"HTTP/1.1 200 x\r\nContent-Length: 3\r\n\r\nab")
    for one in (until_close, length):
        one.feed_eof()
    assert until_close.complete
    assert not length.complete


def test_interim_responses_are_told_and_counted() -> None:
    told: list[ResponseHead] = []
    one = ResponseReader(LIMITS)
    one.begin("GET", told.append, upgrade=False)
    one.feed(
        b"HTTP/1.1 100 x\r\n\r\nHTTP/1.1 103 x\r\nLink: a\r\n\r\nHTTP/1.1 204 x\r\n\r\n"
    )
    assert [head.status for head in told] == [100, 103]
    assert one.complete
    with pytest.raises(FieldsInvalid):
        reader().feed(b"HTTP/1.1 100 x\r\n\r\n" * 17)


def test_what_stands_behind_a_response_is_kept_apart() -> None:
    one = reader()
    assert one.feed(b"HTTP/1.1 200 x\r\nContent-Length: 1\r\n\r\nabc") == b"a"
    assert one.feed(b"d") == b""
    assert one.extra == b"bcd"


def test_a_switch_must_have_been_asked_for() -> None:
    switching = b"HTTP/1.1 101 x\r\nUpgrade: websocket\r\n\r\nearly"
    with pytest.raises(FieldsInvalid):
        reader().feed(switching)
    one = reader(upgrade=True)
    assert one.feed(switching) == b""
    assert one.extra == b"early"
    assert not one.complete


@pytest.mark.parametrize(
    "data",
    [
        b"HTTP/1.1 200 x\r\nX: " + b"y" * 1000,
        b"HTTP/1.1 200 x\r\nX: " + b"y" * 1000 + b"\r\n\r\n",
    ],
)
def test_a_head_has_an_end(data: bytes) -> None:
    with pytest.raises(HeadTooLarge):
        reader().feed(data)


@given(st.binary(max_size=100))
def test_whatever_comes_is_read_or_refused(data: bytes) -> None:
    one = reader()
    try:
        one.feed(b"HTTP/1.1 " + data)
    except FieldsInvalid:
        assert not one.complete


@pytest.mark.parametrize(
    ("status", "kept"),
    [(b"200", True), (b"304", True), (b"204", False), (b"101", False)],
)
def test_a_length_that_belongs_to_no_body_is_not_passed_on(
    status: bytes, *, kept: bool
) -> None:
    """A 304 may say what a 200 would have had; a 204 may not (RFC 9110 §8.6)."""
    one = reader(upgrade=True)
    one.feed(b"HTTP/1.1 " + status + b" x\r\nA: b\r\ncontent-Length: 5\r\n\r\n")
    assert one.head is not None
    names = [name for name, _ in one.head.fields]
    assert names == ([b"A", b"content-Length"] if kept else [b"A"])
