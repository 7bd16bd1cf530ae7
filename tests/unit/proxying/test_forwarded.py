"""The forwarding fields, and the trace."""

import pytest

from gateway.proxying.forwarded import forwarded, forwarding_fields
from gateway.proxying.trace import is_traceparent, new_traceparents


@pytest.mark.parametrize(
    ("addresses", "host", "expected"),
    [
        (b"192.0.2.1", b"a.example", b"for=192.0.2.1;host=a.example;proto=https"),
        (b"192.0.2.1", b"a:8080", b'for=192.0.2.1;host="a:8080";proto=https'),
        (b"2001:db8::1", b"a", b'for="[2001:db8::1]";host=a;proto=https'),
        (
            b"192.0.2.1, 2001:db8::1,10.0.0.1",
            b"a",
            b'for=192.0.2.1, for="[2001:db8::1]", for=10.0.0.1;host=a;proto=https',
        ),
        (b"unknown", b"a", b"for=unknown;host=a;proto=https"),
        (b"", b"a", b"for=unknown;host=a;proto=https"),
        (b'x";for=evil', b"a", b'for="x\\";for=evil";host=a;proto=https'),
        (b"192.0.2.1:1", b"a", b'for="192.0.2.1:1";host=a;proto=https'),
    ],
)
def test_forwarded(addresses: bytes, host: bytes, expected: bytes) -> None:
    assert forwarded(addresses, host, b"https") == expected


def test_the_fields() -> None:
    assert forwarding_fields(b"192.0.2.1", b"a", b"http", b"8080") == (
        (b"X-Forwarded-For", b"192.0.2.1"),
        (b"X-Forwarded-Host", b"a"),
        (b"X-Forwarded-Proto", b"http"),
        (b"X-Forwarded-Port", b"8080"),
        (b"Forwarded", b"for=192.0.2.1;host=a;proto=http"),
    )


TRACE, PARENT = b"a" * 32, b"b" * 16


@pytest.mark.parametrize(
    ("value", "valid"),
    [
        (b"00-%b-%b-01" % (TRACE, PARENT), True),
        (b"00-%b-%b-01-x" % (TRACE, PARENT), False),
        (b"01-%b-%b-01-x" % (TRACE, PARENT), True),
        (b"01-%b-%b-01x" % (TRACE, PARENT), False),
        (b"ff-%b-%b-01" % (TRACE, PARENT), False),
        (b"00-%b-%b-01" % (b"0" * 32, PARENT), False),
        (b"00-%b-%b-01" % (TRACE, b"0" * 16), False),
        (b"00-%b-%b-01" % (TRACE.upper(), PARENT), False),
        (b"00-%b-%b-0" % (TRACE, PARENT), False),
        (b"00_%b_%b_01" % (TRACE, PARENT), False),
        (b"", False),
    ],
)
def test_what_is_a_traceparent(value: bytes, *, valid: bool) -> None:
    assert is_traceparent(value) is valid


def test_a_new_trace_is_valid_and_sampled() -> None:
    made, other = new_traceparents(lambda size: bytes(range(1, size + 1)), 2)
    assert made == b"00-0102030405060708090a0b0c0d0e0f10-1112131415161718-01"
    assert other == b"00-191a1b1c1d1e1f202122232425262728-292a2b2c2d2e2f30-01"
    assert is_traceparent(made)
