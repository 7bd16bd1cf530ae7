"""Chunks are taken apart however they are cut, and refused when they are ambiguous."""

from itertools import pairwise

import pytest
from hypothesis import given, strategies as st

from gateway.proxying.chunked import ChunkedDecoder, chunk, last_chunk
from gateway.proxying.field_lines import FieldsInvalid

TRAILERS = [(b"X-Sum", b"1"), (b"X-Sum", b"2")]


def cut(data: bytes, marks: list[int]) -> list[bytes]:
    places = sorted({0, len(data), *(mark % (len(data) + 1) for mark in marks)})
    return [data[a:b] for a, b in pairwise(places)]


def feed_all(decoder: ChunkedDecoder, pieces: list[bytes]) -> None:
    for piece in pieces:
        decoder.feed(piece)


@given(
    st.lists(st.binary(min_size=1, max_size=50), max_size=6),
    st.lists(st.integers(0, 1000), max_size=12),
    st.booleans(),
)
def test_any_body_survives_any_cutting(
    parts: list[bytes],
    marks: list[int],
    trailing: bool,  # noqa: FBT001
) -> None:
    trailers = TRAILERS if trailing else []
    body = b"".join(map(chunk, parts)) + last_chunk(trailers)
    decoder = ChunkedDecoder(extensions=False)
    got = b""
    for piece in cut(body + b"next", marks):
        if decoder.complete:
            decoder.rest += piece
        else:
            got += decoder.feed(piece)
    assert got == b"".join(parts)
    assert decoder.complete
    assert decoder.trailers == trailers
    assert decoder.rest == b"next"


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"\r\n", id="no size"),
        pytest.param(b"g\r\n", id="not hexadecimal"),
        pytest.param(b"-1\r\n", id="negative"),
        pytest.param(b" 1\r\n", id="space before"),
        pytest.param(b"1_0\r\n", id="underscore"),
        pytest.param(b"1\n", id="bare LF"),
        pytest.param(b"1\r\naX\r\n", id="longer than its size"),
        pytest.param(b"1\r\na\n0\r\n\r\n", id="ends with LF"),
        pytest.param(b"1" * 16 + b"\r\n", id="too large"),
        pytest.param(b"1" * 5000, id="endless size"),
        pytest.param(b"0\r\nX: y\r\n z\r\n\r\n", id="folded trailer"),
        pytest.param(b"0\r\nX" + b"y" * 20_000, id="endless trailer"),
        pytest.param(b"0\r\n" + b"X: y\r\n" * 100 + b"\r\n", id="many trailers"),
    ],
)
@pytest.mark.parametrize("extensions", [False, True])
def test_what_is_refused(data: bytes, *, extensions: bool) -> None:
    pieces = cut(data, list(range(0, len(data), 7)))
    with pytest.raises(FieldsInvalid):
        feed_all(ChunkedDecoder(extensions=extensions), pieces)
    with pytest.raises(FieldsInvalid):
        ChunkedDecoder(extensions=extensions).feed(data)


@pytest.mark.parametrize("line", [b"3;a", b'3;a="b"', b"3 ", b"3 ;a", b"3\t"])
def test_extensions_are_skipped_or_refused(line: bytes) -> None:
    data = line + b"\r\nabc\r\n0\r\n\r\n"
    decoder = ChunkedDecoder(extensions=True)
    assert decoder.feed(data) == b"abc"
    assert decoder.complete
    with pytest.raises(FieldsInvalid):
        ChunkedDecoder(extensions=False).feed(data)
