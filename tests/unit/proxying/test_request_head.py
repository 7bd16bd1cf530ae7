"""A request head is read in one way or not at all."""

import contextlib

import pytest
from hypothesis import given, strategies as st

from gateway.proxying.request_head import RequestRefused, parse_request_head

HOST = b"\r\nHost: a"


@pytest.mark.parametrize(
    ("head", "status"),
    [
        pytest.param(b"GET / HTTP/1.1", 400, id="no Host"),
        pytest.param(b"GET / HTTP/1.1" + HOST + HOST, 400, id="two Hosts"),
        pytest.param(b"GET / HTTP/1.0" + HOST + HOST, 400, id="two Hosts in 1.0"),
        pytest.param(b"GET /" + HOST, 400, id="no version"),
        pytest.param(b"GET / HTTP/1.2" + HOST, 505, id="1.2"),
        pytest.param(b"GET / HTTP/3.0" + HOST, 505, id="3.0"),
        pytest.param(b"GET / XTTP/1.1" + HOST, 400, id="not HTTP"),
        pytest.param(b"GET  / HTTP/1.1" + HOST, 400, id="two spaces"),
        pytest.param(b" GET / HTTP/1.1" + HOST, 400, id="leading space"),
        pytest.param(b"G{T / HTTP/1.1" + HOST, 400, id="method"),
        pytest.param(b"A" * 33 + b" / HTTP/1.1" + HOST, 400, id="long method"),
        pytest.param(b"GET /\t HTTP/1.1" + HOST, 400, id="tab in target"),
        pytest.param(b"GET / HTTP/1.1" + HOST + b"\r\nX: a\x7f", 400, id="DEL"),
        pytest.param(b"GET / HTTP/1.1" + HOST + b"\r\n\tX: a", 400, id="obs-fold"),
        pytest.param(b"GET / HTTP/1.1" + HOST + b"\r\nX\t: a", 400, id="tab in name"),
        pytest.param(b"GET / HTTP/1.1" + HOST + b"\r\nX: 1" * 9, 431, id="ten fields"),
    ],
)
def test_what_is_refused(head: bytes, status: int) -> None:
    with pytest.raises(RequestRefused) as refused:
        parse_request_head(head, 9)
    assert refused.value.status == status


@pytest.mark.parametrize(
    ("fields", "length", "chunked"),
    [
        (b"", 0, False),
        (b"\r\nContent-Length: 0", 0, False),
        (b"\r\ncontent-length: 0042", 42, False),
        (b"\r\nTransfer-Encoding: chunked", 0, True),
        (b"\r\nTRANSFER-ENCODING:CHUNKED ", 0, True),
    ],
)
def test_the_framing(fields: bytes, length: int, *, chunked: bool) -> None:
    head = parse_request_head(b"POST / HTTP/1.1" + HOST + fields, 9)
    assert (head.length, head.chunked) == (length, chunked)


@pytest.mark.parametrize(
    ("version", "fields", "keep_alive"),
    [
        (b"1.1", b"", True),
        (b"1.1", b"\r\nConnection: x, Close", False),
        (b"1.1", b"\r\nConnection: x\r\nConnection: close", False),
        (b"1.0", b"", False),
        (b"1.0", b"\r\nConnection: Keep-Alive", True),
    ],
)
def test_the_life_of_the_connection(
    version: bytes, fields: bytes, *, keep_alive: bool
) -> None:
    head = parse_request_head(b"GET / HTTP/" + version + HOST + fields, 9)
    assert head.keep_alive is keep_alive


@pytest.mark.parametrize(
    ("line", "fields", "upgrade"),
    [
        (b"GET / HTTP/1.1", b"Connection: Upgrade\r\nUpgrade: WebSocket", True),
        (b"GET / HTTP/1.1", b"Connection: a, upgrade\r\nUpgrade: websocket", True),
        (b"GET / HTTP/1.1", b"Connection: close\r\nUpgrade: websocket", False),
        (b"GET / HTTP/1.1", b"Connection: Upgrade\r\nUpgrade: h2c", False),
        (b"GET / HTTP/1.1", b"Connection: Upgrade\r\nUpgrade: h2c, websocket", False),
        (b"POST / HTTP/1.1", b"Connection: Upgrade\r\nUpgrade: websocket", False),
        (b"GET / HTTP/1.0", b"Connection: Upgrade\r\nUpgrade: websocket", False),
        (
            b"GET / HTTP/1.1",
            b"Connection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: 1",
            False,
        ),
        (
            b"GET / HTTP/1.1",
            b"Connection: Upgrade\r\nUpgrade: websocket\r\nTransfer-Encoding: chunked",
            False,
        ),
    ],
)
def test_what_is_a_websocket_handshake(
    line: bytes, fields: bytes, *, upgrade: bool
) -> None:
    head = parse_request_head(line + HOST + b"\r\n" + fields, 9)
    assert head.wants_upgrade is upgrade


@pytest.mark.parametrize(
    ("version", "value", "expects"),
    [
        (b"1.1", b"100-continue", True),
        (b"1.1", b"100-Continue", True),
        (b"1.1", b"tea", False),
        (b"1.0", b"100-continue", False),
    ],
)
def test_the_expectation(version: bytes, value: bytes, *, expects: bool) -> None:
    head = parse_request_head(
        b"PUT / HTTP/" + version + HOST + b"\r\nExpect: " + value, 9
    )
    assert head.expects_continue is expects


NAMES = st.text("abcXYZ019-_.!", min_size=1, max_size=8).map(str.encode)
VALUES = st.binary(max_size=20).filter(
    lambda value: (
        value == value.strip(b" \t") and not any(b < 32 or b == 127 for b in value)
    )
)


@given(st.lists(st.tuples(NAMES, VALUES), max_size=8))
def test_whatever_is_a_field_comes_through(fields: list[tuple[bytes, bytes]]) -> None:
    lines = b"".join(b"\r\n%b: %b" % field for field in fields)
    head = parse_request_head(b"GET / HTTP/1.1" + HOST + lines, 99)
    assert head.fields == ((b"Host", b"a"), *fields)


@given(st.binary(max_size=60))
def test_whatever_is_sent_is_read_or_refused(data: bytes) -> None:
    with contextlib.suppress(RequestRefused):
        assert b" " not in parse_request_head(data, 9).target


def test_lines_that_were_seen_before_are_read_alike() -> None:
    head = b"GET / HTTP/1.1" + HOST + b"\r\nX: 1\r\nContent-Length: 3\r\nCookie: a=1"
    first, second = parse_request_head(head, 9), parse_request_head(head, 9)
    assert first == second
    for number in range(5000):  # more than are remembered
        parse_request_head(head + b"\r\nX: %d" % number, 9)
    assert parse_request_head(head, 9) == first
