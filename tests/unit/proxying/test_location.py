"""Redirects of the upstream lead to the public address."""

import pytest

from gateway.proxying.location import (
    Addresses,
    public_reference,
    public_refresh,
    with_prefix,
    without_prefix,
)
from gateway.proxying.set_cookie import public_set_cookie

PLAIN = Addresses(
    b"https://app.example.com", b"app.example.com", b"http://10.0.0.1:3000", b""
)
PREFIXED = Addresses(
    b"https://app.example.com", b"app.example.com", b"http://10.0.0.1:3000", b"/p"
)
ODD_PORT = Addresses(b"http://localhost:8080", b"localhost", b"http://up:80", b"")


@pytest.mark.parametrize(
    ("addresses", "value", "expected"),
    [
        pytest.param(PLAIN, b"/x", b"/x", id="a path"),
        pytest.param(PLAIN, b"x/y", b"x/y", id="relative"),
        pytest.param(PLAIN, b"?q", b"?q", id="a query"),
        pytest.param(PLAIN, b"", b"", id="empty"),
        pytest.param(
            PLAIN,
            b"http://10.0.0.1:3000/x?y#z",
            b"https://app.example.com/x?y#z",
            id="the upstream",
        ),
        pytest.param(
            PLAIN, b"HTTP://10.0.0.1:3000", b"https://app.example.com", id="bare"
        ),
        pytest.param(
            PLAIN,
            b"http://10.0.0.1:3001/x",
            b"http://10.0.0.1:3001/x",
            id="another port",
        ),
        pytest.param(
            PLAIN,
            b"http://app.example.com/x",
            b"https://app.example.com/x",
            id="our host, wrong scheme",
        ),
        pytest.param(
            PLAIN,
            b"http://APP.example.com:80/x",
            b"https://app.example.com/x",
            id="our host, with port",
        ),
        pytest.param(
            PLAIN,
            b"http://app.example.com:9000/x",
            b"http://app.example.com:9000/x",
            id="another port of our host",
        ),
        pytest.param(
            PLAIN, b"https://evil.example/x", b"https://evil.example/x", id="elsewhere"
        ),
        pytest.param(PLAIN, b"//cdn.example/x", b"//cdn.example/x", id="no scheme"),
        pytest.param(
            PLAIN,
            b"https://x.example/?u=http://10.0.0.1:3000/",
            b"https://x.example/?u=http://10.0.0.1:3000/",
            id="in a query",
        ),
        pytest.param(
            PLAIN,
            b"http://10.0.0.1:3000@evil/",
            b"http://10.0.0.1:3000@evil/",
            id="as user name",
        ),
        pytest.param(
            PLAIN,
            b"http://10.0.0.1:3000.evil/",
            b"http://10.0.0.1:3000.evil/",
            id="as beginning of a name",
        ),
        pytest.param(PREFIXED, b"/x", b"/p/x", id="prefix"),
        pytest.param(PREFIXED, b"/p/x", b"/p/x", id="prefix is there"),
        pytest.param(PREFIXED, b"/px", b"/p/px", id="prefix of a name"),
        pytest.param(PREFIXED, b"/p?x", b"/p?x", id="prefix and query"),
        pytest.param(PREFIXED, b"x", b"x", id="relative below a prefix"),
        pytest.param(
            PREFIXED,
            b"http://10.0.0.1:3000",
            b"https://app.example.com/p/",
            id="prefix without path",
        ),
        pytest.param(
            PREFIXED,
            b"https://evil.example/x",
            b"https://evil.example/x",
            id="elsewhere with a prefix",
        ),
        pytest.param(PREFIXED, b"//cdn/x", b"//cdn/x", id="no scheme with a prefix"),
        pytest.param(
            ODD_PORT, b"http://up/x", b"http://localhost:8080/x", id="default port"
        ),
        pytest.param(
            ODD_PORT, b"http://localhost/x", b"http://localhost:8080/x", id="port lost"
        ),
        pytest.param(
            ODD_PORT,
            b"https://localhost:8080/x",
            b"http://localhost:8080/x",
            id="scheme wrong",
        ),
    ],
)
def test_references(addresses: Addresses, value: bytes, expected: bytes) -> None:
    assert public_reference(value, addresses) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (b"5", b"5"),
        (b"5; url=/x", b"5; url=/p/x"),
        (b"5;URL='http://10.0.0.1:3000/x'", b"5;URL='https://app.example.com/p/x'"),
        (b'0, url="/x"', b'0, url="/p/x"'),
        (b"5; url=https://other.example/", b"5; url=https://other.example/"),
        (b"5; other=/x", b"5; other=/x"),
    ],
)
def test_refresh(value: bytes, expected: bytes) -> None:
    assert public_refresh(value, PREFIXED) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (b"a=1; Path=/; HttpOnly", b"a=1; Path=/p/; HttpOnly"),
        (b"a=1;path=/x;Secure", b"a=1;path=/p/x;Secure"),
        (b"a=1; Path=/p", b"a=1; Path=/p"),
        (b"a=1; Path=x", b"a=1; Path=x"),
        (b"a=1", b"a=1"),
        (b"a=1; Domain=UP.example; Secure", b"a=1; Secure"),
        (b"a=1; domain=.up.example", b"a=1"),
        (b"a=1; Domain=example", b"a=1; Domain=example"),
        (b"a=Path=/; x", b"a=Path=/; x"),
        (b"a=\xff;  Path=/q ;b", b"a=\xff;  Path=/p/q;b"),
    ],
)
def test_set_cookie(value: bytes, expected: bytes) -> None:
    assert public_set_cookie(value, b"up.example", b"/p") == expected


def test_a_set_cookie_without_rules_keeps_its_bytes() -> None:
    value = b" a = 1 ;; Domain=x ; PATH=/ "
    assert public_set_cookie(value, b"", b"") == value


@pytest.mark.parametrize("path", [b"/x", b"/x?y", b"/", b"/?y", b"//x"])
def test_a_prefix_comes_off_and_on(path: bytes) -> None:
    assert without_prefix(with_prefix(path, b"/p"), b"/p") == path
