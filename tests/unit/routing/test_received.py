"""The first look at a request: one host, one target, one client, or a refusal."""

from ipaddress import ip_network

import pytest

from config.origin import Origin
from gateway.fields import Field
from gateway.routing.received import (
    Malformed,
    MethodRefused,
    Publication,
    Received,
    receive,
    sender,
)

PUBLICATION = Publication(
    Origin("https", "app.example.com", 443),
    [ip_network("10.0.0.0/8")],
    trust_unix=False,
)
HOST: Field = (b"Host", b"App.Example.com.:443")


def received(
    *fields: Field, target: bytes = b"/a?b", peer: str = "192.0.2.1"
) -> object:
    return receive("GET", target, sender(fields, peer, PUBLICATION))


def test_a_request_yields_its_canonical_host_origin_client_and_cookies() -> None:
    found = received(HOST, (b"Cookie", b"a=1"), (b"cookie", b"b=2"))
    assert isinstance(found, Received)
    assert found.host == "app.example.com"
    assert found.host_field == b"App.Example.com.:443"
    assert found.origin == "https://app.example.com"
    assert found.client.address == "192.0.2.1"
    assert found.cookie == b"a=1; b=2"
    assert (found.target.path, found.target.query) == (b"/a", b"b")


@pytest.mark.parametrize("method", ["TRACE", "TRACK", "CONNECT", "trace", "Connect"])
def test_methods_that_echo_or_tunnel_are_refused_whatever_the_route(
    method: str,
) -> None:
    assert receive(method, b"/", sender([HOST], None, PUBLICATION)) == MethodRefused()


@pytest.mark.parametrize(
    ("fields", "target"),
    [
        pytest.param([], b"/", id="no Host"),
        pytest.param([HOST, HOST], b"/", id="Host twice"),
        pytest.param([(b"Host", b"a b")], b"/", id="a Host that is none"),
        pytest.param([(b"Host", b"me@app.example.com")], b"/", id="userinfo in Host"),
        pytest.param([HOST], b"http://other.example/", id="another absolute-form host"),
        pytest.param([HOST], b"/a/../b", id="a dot segment"),
        pytest.param([HOST], b"app.example.com:443", id="authority-form"),
    ],
)
def test_what_has_no_single_reading_is_malformed(
    fields: list[Field], target: bytes
) -> None:
    assert isinstance(received(*fields, target=target), Malformed)


def test_an_absolute_form_target_of_the_same_host_is_its_path() -> None:
    found = received(HOST, target=b"https://APP.example.com/x?y")
    assert isinstance(found, Received)
    assert found.target.raw == b"/x?y"


def test_scheme_and_port_come_from_the_public_url_never_from_a_header() -> None:
    found = received(
        (b"Host", b"app.example.com:8080"),
        (b"X-Forwarded-Proto", b"http"),
        (b"X-Forwarded-Port", b"81"),
        peer="10.1.2.3",
    )
    assert isinstance(found, Received)
    assert found.origin == "https://app.example.com"


@pytest.mark.parametrize(
    ("peer", "host"),
    [
        pytest.param("10.1.2.3", "other.example", id="a trusted peer is believed"),
        pytest.param("192.0.2.1", "app.example.com", id="anybody else is not"),
    ],
)
def test_x_forwarded_host_counts_from_a_trusted_peer_only(peer: str, host: str) -> None:
    found = received(HOST, (b"X-Forwarded-Host", b"other.example"), peer=peer)
    assert isinstance(found, Received)
    assert found.host == host
