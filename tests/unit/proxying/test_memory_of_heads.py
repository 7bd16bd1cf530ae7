"""What is remembered of hostile heads is bounded, whatever stands in them."""

from collections.abc import Callable

import pytest

from config.origin import Origin
from gateway.known import MOST as MOST_KNOWN
from gateway.proxying.field_lines import serialise
from gateway.proxying.forwarded import forwarding_fields
from gateway.proxying.hop_by_hop import end_to_end
from gateway.proxying.known_heads import MOST as MOST_HEADS, KnownHeads
from gateway.proxying.request_head import parse_request_head
from gateway.proxying.upstream.response_head import parse_response_head
from gateway.routing.received import Publication, sender
from tests.support.heads_again import read_again
from tests.support.traced_memory import traced_memory

COUNT = 20
MOST = 1024 * 1024  # bytes; each case took twice that and more once


def _many_names(number: int) -> bytes:
    return b",".join(b"%x-%x" % (each, number) for each in range(7000))[:60_000]


def _connection(number: int) -> None:
    parse_request_head(
        b"GET / HTTP/1.1\r\nHost: a\r\nConnection: " + _many_names(number), 200
    )


def _nominated(number: int) -> None:
    end_to_end([(b"Connection", _many_names(2 * COUNT + number))])


def _answered(number: int) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: " + _many_names(
        COUNT + number
    )
    parse_response_head(head, "GET", 200)


def _forwarded(number: int) -> None:
    addresses = b", ".join(b"10.0.%d.%d" % (number, each % 250) for each in range(5000))
    forwarding_fields(addresses, b"a", b"https", b"443")


@pytest.mark.parametrize("meet", [_connection, _nominated, _answered, _forwarded])
def test_long_values_are_forgotten(meet: Callable[[int], None]) -> None:
    with traced_memory() as traced:
        for number in range(COUNT):
            meet(number)
    assert traced.held < MOST


def test_the_oldest_of_many_lines_are_forgotten() -> None:
    with traced_memory() as traced:
        for number in range(0, 12_000, 100):
            lines = (b"X: %0200d" % each for each in range(number, number + 100))
            head = b"GET / HTTP/1.1\r\nHost: a\r\n" + b"\r\n".join(lines)
            parse_request_head(head, 200)
    assert traced.held < 2 * MOST  # it took nine times that


def _costly(number: int, target: bytes, fields: int) -> bytes:
    """Return a head of 4 KiB that takes more memory than others: of short fields."""
    filling = b"-" * ((4096 - len(target) - 12 * fields) // fields - 4)
    lines = (b"%x-%x:%b" % (number, each, filling) for each in range(fields - 1))
    return b"GET /%b HTTP/1.1\r\nHost:a\r\n%b\r\n\r\n" % (target, b"\r\n".join(lines))


@pytest.mark.parametrize("fields", [16, 64, 180])
def test_many_different_heads_take_the_memory_that_is_said(fields: int) -> None:
    heads = KnownHeads(200, 4096)
    with traced_memory() as traced:
        for number in range(2 * MOST_HEADS):
            read_again(heads, _costly(number, b"t" * 900, fields))
        for number in range(2 * MOST_HEADS, 3 * MOST_HEADS):  # of which only the fields
            read_again(heads, _costly(number, b"t" * 1024, fields))
    assert traced.held < 24 * 1024 * 1024


def _of_one_request(salt: int) -> None:
    """Have the same fields come from many addresses, as whoever has a /64 can."""
    cookies = b"\r\n".join(b"Cookie: %d=%b" % (salt, b"c" * 2000) for _ in "ab")
    head = parse_request_head(b"GET / HTTP/1.1\r\nHost: a.example\r\n" + cookies, 200)
    published = Publication(Origin("https", "a.example", 443), (), trust_unix=False)
    for number in range(200):
        peer = f"2001:db8::{number:x}"
        head.notes.keep((published, peer), sender(head.fields, peer, published))


def _of_one_response(salt: int) -> None:
    """Have the same answer go to who spells the host in many ways."""
    head = parse_response_head(
        b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nX: " % salt + b"x" * 4000, "GET", 9
    )
    assert head.notes is not None
    for number in range(200):
        start = serialise(b"", head.fields)
        head.notes.keep(b"%d" % number, start)


@pytest.mark.parametrize("meet", [_of_one_request, _of_one_response])
def test_what_follows_from_all_heads_for_many_clients_is_bounded(
    meet: Callable[[int], None],
) -> None:
    meet(1)  # what is remembered whatever comes
    with traced_memory() as traced:
        meet(2)
    assert traced.peak * MOST_KNOWN < 48 * 1024 * 1024  # it was up to 140 MiB
