"""What a connection's bytes are read as does not depend on what came before."""

import asyncio
import re
from collections.abc import Iterator
from itertools import pairwise

import pytest
from aiohttp.base_protocol import BaseProtocol
from hypothesis import given, strategies as st

from gateway.proxying.known_heads import KnownHeads
from gateway.proxying.request_head import RequestRefused
from gateway.proxying.request_reader import RequestReader

GET = b"GET /a HTTP/1.1\r\nHost: a\r\n\r\n"
OTHER = b"GET /b HTTP/1.1\r\nHost: b\r\n\r\n"
POST = b"POST /c HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % len(GET)
CHUNKED = b"POST /d HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
BROKEN = b"GET /e HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n"
STREAM = b"".join(
    (
        GET, GET, OTHER, POST, GET, GET, CHUNKED,
        b"%x\r\n%b\r\n0\r\n\r\n" % (len(OTHER), OTHER), OTHER, b"\r\n", GET, BROKEN,
    )
)  # fmt: skip
ENDS = [match.end() for match in re.finditer(b"\r\n\r\n", STREAM[:-1])]  # of heads
READ = [b"/a", b"/a", b"/b", b"/c", b"/a", b"/d", b"/b", b"/a", "refused"]


@pytest.fixture(scope="module")
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    with asyncio.Runner() as runner:
        yield runner.get_loop()


def reader_with(
    heads: KnownHeads, loop: asyncio.AbstractEventLoop
) -> tuple[RequestReader, BaseProtocol]:
    return RequestReader(loop, heads, 1024), BaseProtocol(loop)


def answered(
    reader: RequestReader, protocol: BaseProtocol, piece: bytes
) -> Iterator[bytes]:
    """Yield the targets of the requests that *piece* completes, answered at once."""
    is_over = reader.body is None or reader.body.complete
    head = reader.known_head(piece) if is_over else None
    if head is None:
        reader.feed(piece)
    else:
        yield head.target
    while reader.body is None or reader.body.complete:
        if (head := reader.read_head(protocol)) is None:
            return
        yield head.target


def read(
    heads: KnownHeads, loop: asyncio.AbstractEventLoop, pieces: list[bytes]
) -> list[bytes | str]:
    reader, protocol = reader_with(heads, loop)
    targets: list[bytes | str] = []
    try:
        for piece in pieces:
            targets.extend(answered(reader, protocol, piece))
    except RequestRefused:
        targets.append("refused")
    return targets


@given(st.sets(st.integers(1, len(STREAM) - 1) | st.sampled_from(ENDS)))
def test_however_it_is_cut_it_is_the_same_requests(
    loop: asyncio.AbstractEventLoop, marks: set[int]
) -> None:
    places = sorted({0, len(STREAM), *marks})
    pieces = [STREAM[start:end] for start, end in pairwise(places)]
    heads = KnownHeads(200, 1024)
    for _ in range(3):  # the third time all of it is known
        assert read(heads, loop, pieces) == READ


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(POST, id="a body follows"),
        pytest.param(CHUNKED, id="chunks follow"),
        pytest.param(GET + b"G", id="another begins"),
        pytest.param(b"\r\n" + GET, id="behind an empty line"),
        pytest.param(GET[:-1], id="not its end"),
        pytest.param(BROKEN, id="refused"),
    ],
)
def test_what_is_more_or_less_than_a_head_is_read_as_a_whole(
    loop: asyncio.AbstractEventLoop, data: bytes
) -> None:
    heads = KnownHeads(200, 1024)
    for _ in range(2):
        read(heads, loop, [STREAM])
    read(heads, loop, [data, data])
    reader, _ = reader_with(heads, loop)
    assert reader.known_head(data) is None


def test_a_known_head_behind_other_bytes_is_not_read_before_them(
    loop: asyncio.AbstractEventLoop,
) -> None:
    heads = KnownHeads(200, 1024)
    for _ in range(2):
        heads.read(GET)
    reader, protocol = reader_with(heads, loop)
    reader.feed(b"GET /")
    assert reader.known_head(GET) is None
    reader.feed(GET)
    with pytest.raises(RequestRefused):  # spaces in its target
        reader.read_head(protocol)
