from ipaddress import ip_network

import pytest

from gateway.fields import Fields
from gateway.routing.client_address import (
    ClientAddress,
    client_address,
    effective_host,
)

TRUSTED = (ip_network("10.0.0.0/8"), ip_network("fd00::/8"))


def forwarded_for(*entries: bytes) -> Fields:
    return [(b"X-Forwarded-For", entry) for entry in entries]


@pytest.mark.parametrize(
    ("peer", "fields", "expected"),
    [
        pytest.param("203.0.113.7", [], ("203.0.113.7", b"203.0.113.7"), id="direct"),
        pytest.param(
            "203.0.113.7",
            forwarded_for(b"198.51.100.1"),
            ("203.0.113.7", b"203.0.113.7"),
            id="attack-07-forged",
        ),
        pytest.param(
            "::ffff:203.0.113.7",
            [],
            ("203.0.113.7", b"203.0.113.7"),
            id="ipv4-mapped",
        ),
        pytest.param("2001:DB8::1", [], ("2001:db8::1", b"2001:db8::1"), id="ipv6"),
        pytest.param("fe80::1%eth0", [], ("fe80::1", b"fe80::1"), id="ipv6-zone"),
        pytest.param("nonsense", [], ("unknown", b"unknown"), id="no-address"),
    ],
)
def test_from_other_peers_the_field_is_replaced(
    peer: str, fields: Fields, expected: tuple[str, bytes]
) -> None:
    address, sent = expected
    found = client_address(peer, fields, TRUSTED, trust_unix=True)
    assert found == ClientAddress(address, sent, trusted=False)


@pytest.mark.parametrize(
    ("fields", "address", "sent"),
    [
        pytest.param([], "10.0.0.1", b"10.0.0.1", id="absent"),
        pytest.param(forwarded_for(b" "), "10.0.0.1", b"10.0.0.1", id="blank"),
        pytest.param(
            forwarded_for(b"203.0.113.7"),
            "203.0.113.7",
            b"203.0.113.7, 10.0.0.1",
            id="one",
        ),
        pytest.param(
            forwarded_for(b"1.1.1.1, 203.0.113.7"),
            "203.0.113.7",
            b"1.1.1.1, 203.0.113.7, 10.0.0.1",
            id="attack-07-what-the-client-wrote-itself",
        ),
        pytest.param(
            forwarded_for(b"1.1.1.1", b"203.0.113.7,10.9.9.9"),
            "203.0.113.7",
            b"1.1.1.1, 203.0.113.7,10.9.9.9, 10.0.0.1",
            id="several-fields-and-proxies",
        ),
        pytest.param(
            forwarded_for(b"10.0.0.3, 10.0.0.2"),
            "10.0.0.3",
            b"10.0.0.3, 10.0.0.2, 10.0.0.1",
            id="all-trusted",
        ),
        pytest.param(
            forwarded_for(b"::ffff:10.0.0.2"),
            "10.0.0.2",
            b"::ffff:10.0.0.2, 10.0.0.1",
            id="ipv4-mapped-is-trusted",
        ),
        pytest.param(
            forwarded_for(b"203.0.113.7:4711"),
            "203.0.113.7",
            b"203.0.113.7:4711, 10.0.0.1",
            id="port",
        ),
        pytest.param(
            forwarded_for(b"[2001:db8::1]:4711, fd00::1"),
            "2001:db8::1",
            b"[2001:db8::1]:4711, fd00::1, 10.0.0.1",
            id="ipv6-with-port",
        ),
        pytest.param(
            forwarded_for(b"203.0.113.7, unknown, 10.0.0.2"),
            "10.0.0.2",
            b"203.0.113.7, unknown, 10.0.0.2, 10.0.0.1",
            id="nothing-is-believed-beyond-garbage",
        ),
        pytest.param(
            forwarded_for(b"203.0.113.7, "),
            "10.0.0.1",
            b"203.0.113.7, , 10.0.0.1",
            id="empty-entry",
        ),
        *(
            pytest.param(
                forwarded_for(b"203.0.113.7, " + entry),
                "10.0.0.1",
                b"203.0.113.7, " + entry + b", 10.0.0.1",
                id=name,
            )
            for name, entry in {
                "octet-too-high": b"1.2.3.256",
                "leading-zero": b"010.0.0.2",
                "short": b"10.2",
                "zone": b"fe80::1%1",
                "quoted": b'"10.0.0.2"',
                "not-ascii": "\N{ARABIC-INDIC DIGIT ONE}0.0.0.2".encode(),
                "name": b"localhost",
                "port-garbage": b"10.0.0.2:x",
                "huge": b"1" * 60_000,
            }.items()
        ),
    ],
)
def test_from_a_trusted_peer_the_client_is_the_rightmost_untrusted(
    fields: Fields, address: str, sent: bytes
) -> None:
    found = client_address("10.0.0.1", fields, TRUSTED, trust_unix=False)
    assert found == ClientAddress(address, sent, trusted=True)


@pytest.mark.parametrize(
    ("fields", "trust_unix", "expected"),
    [
        pytest.param([], False, ("unknown", b"unknown"), id="untrusted"),
        pytest.param(
            forwarded_for(b"1.1.1.1"), False, ("unknown", b"unknown"), id="forged"
        ),
        pytest.param([], True, ("unknown", b"unknown"), id="trusted-without-field"),
        pytest.param(
            forwarded_for(b"1.1.1.1, 10.0.0.2"),
            True,
            ("1.1.1.1", b"1.1.1.1, 10.0.0.2"),
            id="trusted",
        ),
        pytest.param(
            forwarded_for(b"garbage"), True, ("unknown", b"garbage"), id="garbage"
        ),
    ],
)
def test_a_peer_on_a_unix_socket_has_no_address(
    fields: Fields, *, trust_unix: bool, expected: tuple[str, bytes]
) -> None:
    address, sent = expected
    found = client_address(None, fields, TRUSTED, trust_unix=trust_unix)
    assert found == ClientAddress(address, sent, trusted=trust_unix)


def test_an_empty_trust_list_trusts_nobody() -> None:
    found = client_address("127.0.0.1", forwarded_for(b"1.1.1.1"), (), trust_unix=False)
    assert found == ClientAddress("127.0.0.1", b"127.0.0.1", trusted=False)


@pytest.mark.parametrize(
    ("fields", "trusted", "host"),
    [
        pytest.param([(b"Host", b"app")], False, b"app", id="host"),
        pytest.param([], False, None, id="absent"),
        pytest.param(
            [(b"Host", b"app"), (b"host", b"app")], False, None, id="attack-12-two"
        ),
        pytest.param(
            [(b"Host", b"a"), (b"HOST", b"b"), (b"X-Forwarded-Host", b"c")],
            True,
            None,
            id="attack-12-two-hosts-from-a-trusted-peer",
        ),
        pytest.param(
            [(b"Host", b"app"), (b"X-Forwarded-Host", b"evil")],
            False,
            b"app",
            id="attack-07-forged",
        ),
        pytest.param(
            [(b"Host", b"in"), (b"X-Forwarded-Host", b"App:443")],
            True,
            b"App:443",
            id="trusted",
        ),
        pytest.param([(b"Host", b"app")], True, b"app", id="trusted-without-field"),
        pytest.param(
            [(b"Host", b"in"), (b"X-Forwarded-Host", b"app, APP:443")],
            True,
            b"app",
            id="the-same-host-twice",
        ),
        pytest.param(
            [(b"Host", b"in"), (b"X-Forwarded-Host", b"app, evil")],
            True,
            None,
            id="hosts-that-differ",
        ),
        pytest.param(
            [
                (b"Host", b"in"),
                (b"X-Forwarded-Host", b"app"),
                (b"x-forwarded-host", b"evil"),
            ],
            True,
            None,
            id="fields-that-differ",
        ),
        pytest.param(
            [(b"Host", b"in"), (b"X-Forwarded-Host", b"")], True, None, id="empty"
        ),
        pytest.param(
            [(b"Host", b"in"), (b"X-Forwarded-Host", b"app,")],
            True,
            None,
            id="empty-among-others",
        ),
    ],
)
def test_the_host_is_the_one_the_client_used(
    fields: Fields, *, trusted: bool, host: bytes | None
) -> None:
    assert effective_host(fields, trusted=trusted) == host
