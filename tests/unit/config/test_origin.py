"""Addresses: what is accepted, how it is normalised, and what is refused."""

import pytest
from hypothesis import given, strategies as st

from config.origin import Origin, parse_host, parse_origin
from config.problem import Wrong
from tests.support.configuration import sentence, settings, written

GOOD = [
    ("https://app.example.com", Origin("https", "app.example.com", 443)),
    ("https://app.example.com/", Origin("https", "app.example.com", 443)),
    ("HTTPS://App.Example.com.:443", Origin("https", "app.example.com", 443)),
    ("https://app.example.com:8443", Origin("https", "app.example.com", 8443)),
    ("http://127.0.0.1:8080", Origin("http", "127.0.0.1", 8080)),
    ("http://[0:0::1]:80", Origin("http", "[::1]", 80)),
    ("http://app.localhost", Origin("http", "app.localhost", 80)),
]


@pytest.mark.parametrize(("text", "origin"), GOOD)
def test_an_origin_is_normalised(text: str, origin: Origin) -> None:
    assert parse_origin(text) == origin
    assert parse_origin(str(origin)) == origin


@given(st.text())
def test_no_text_breaks_the_parser_or_passes_unread(text: str) -> None:
    for value in (text, f"https://{text}"):
        try:
            origin = parse_origin(value)
        except Wrong:
            continue
        assert parse_origin(str(origin)) == origin
        assert not set(origin.host) & set("/?#@\\ %")


@pytest.mark.parametrize(
    "host",
    ["127.1", "2130706433", "0x7f.1", "0x7f000001", "a.0x1", "1.2.3.4.5", "01.2.3.4"],
)
def test_a_number_that_resolvers_take_for_an_address_is_refused(host: str) -> None:
    with pytest.raises(Wrong):
        parse_host(host)


ADDRESSES = [
    pytest.param("app.example.com", "with its scheme", id="no scheme"),
    pytest.param("//app.example.com", "with its scheme", id="no scheme, slashes"),
    pytest.param("ftp://app.example.com", "http:// or https://", id="other scheme"),
    pytest.param("https://", "the host is missing", id="no host"),
    pytest.param("https://:8080", "the host is missing", id="only a port"),
    pytest.param("https://app.example/a", "without a path", id="a path"),
    pytest.param("https://app.example//", "without a path", id="two slashes"),
    pytest.param("https://app.example\\\\a", "without a path", id="a backslash"),
    pytest.param("https://app.example?x", "without a query", id="a query"),
    pytest.param("https://app.example/?", "without a query", id="an empty query"),
    pytest.param("https://app.example#x", "without a fragment", id="a fragment"),
    pytest.param("https://u@app.example", "without a user name", id="a user"),
    pytest.param("https://u:p@app.example", "without a user name", id="a password"),
    pytest.param("https://app.example:x", "a port from 1", id="a port of letters"),
    pytest.param("https://app.example:0", "a port from 1", id="port zero"),
    pytest.param("https://app.example:65536", "a port from 1", id="a port too large"),
    pytest.param("https://app.example:", "a port from 1", id="an empty port"),
    pytest.param("https://a b.example", "expected a host", id="a space"),
    pytest.param("https://bücher.example", "xn--", id="a host that is not ASCII"),
    pytest.param("https://a..example", "expected a host", id="an empty label"),
    pytest.param("https://127.1", "IPv4 address", id="a short address"),
    pytest.param("https://[::1", "IPv6", id="a bracket left open"),
    pytest.param("https://[fe80::1%25eth0]", "IPv6", id="a zone"),
    pytest.param("https://app.example\\n", "expected", id="a line feed"),
]


@pytest.mark.parametrize(("address", "expected"), ADDRESSES)
@pytest.mark.parametrize(
    ("table", "key"),
    [("server", "public_url"), ("logto", "endpoint"), ("routes", "upstream")],
)
def test_an_address_that_is_no_origin(
    address: str, expected: str, table: str, key: str
) -> None:
    found = sentence(written(**{table: {key: f'"{address}"'}}))
    name = "routes[0]" if table == "routes" else table
    if table == "routes" and "scheme" in expected:
        expected = 'expected "http://host:port", "https://host" or "unix:/path"'
    assert found.startswith(f"{name}.{key}: ")
    assert expected in found


@pytest.mark.parametrize(
    ("table", "key"), [("server", "public_url"), ("logto", "endpoint")]
)
@pytest.mark.parametrize("host", ["app.example.com", "10.0.0.1", "localhost.example"])
def test_plain_http_off_loopback(table: str, key: str, host: str) -> None:
    found = sentence(written(**{table: {key: f'"http://{host}:8080"'}}))
    assert found.startswith(
        f"{table}.{key}: expected https: over plain http only a loopback address"
    )


def test_an_endpoint_with_a_slash_at_the_end() -> None:
    found = settings(logto={"endpoint": '"https://Tenant.logto.app/"'})
    assert found.logto.endpoint == "https://tenant.logto.app"
