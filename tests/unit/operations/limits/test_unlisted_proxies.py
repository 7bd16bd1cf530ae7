"""A private peer that speaks for others: which network to list, said once an hour."""

import pytest

from gateway.fields import Fields
from gateway.operations.limits.unlisted_proxies import EVERY, MOST, UnlistedProxies

FORWARDED: Fields = [(b"Host", b"a"), (b"x-Forwarded-For", b"203.0.113.9")]
DIRECT: Fields = [(b"Host", b"a")]


@pytest.mark.parametrize(
    ("peer", "network"),
    [
        pytest.param("10.1.2.3", "10.1.2.0/24", id="private"),
        pytest.param("172.17.0.5", "172.17.0.0/24", id="a container"),
        pytest.param("100.64.3.2", "100.64.3.0/24", id="shared address space"),
        pytest.param("127.0.0.1", "127.0.0.1", id="this machine"),
        pytest.param("::1", "::1", id="this machine, IPv6"),
        pytest.param("fd00:1:2:3:4:5:6:7", "fd00:1:2:3::/64", id="unique local"),
        pytest.param("8.8.8.8", None, id="public"),
        pytest.param("2606:4700::1", None, id="public, IPv6"),
        pytest.param("unknown", None, id="a Unix socket"),
    ],
)
def test_which_network_to_list(peer: str, network: str | None) -> None:
    unlisted = UnlistedProxies()
    assert unlisted.meet(peer, FORWARDED, 0) == network
    assert unlisted.know(peer, 0) is (network is not None)


def test_a_private_peer_that_speaks_for_itself_is_a_client() -> None:
    unlisted = UnlistedProxies()
    assert unlisted.meet("10.1.2.3", DIRECT, 0) is None
    assert not unlisted.know("10.1.2.3", 0)


def test_a_network_is_told_once_an_hour() -> None:
    unlisted = UnlistedProxies()
    told = [
        unlisted.meet(peer, FORWARDED, at)
        for peer, at in [
            ("10.0.0.1", 0), ("10.0.0.1", 1), ("10.0.0.2", 2), ("10.0.1.1", 3),
            ("10.0.0.1", EVERY - 1), ("10.0.0.1", EVERY),
        ]
    ]  # fmt: skip
    assert told == ["10.0.0.0/24", None, None, "10.0.1.0/24", None, "10.0.0.0/24"]


def test_a_peer_is_known_for_an_hour_after_it_was_seen() -> None:
    unlisted = UnlistedProxies()
    unlisted.meet("10.0.0.1", FORWARDED, 0)
    unlisted.meet("10.0.0.1", FORWARDED, 1000)
    assert unlisted.know("10.0.0.1", EVERY + 999)
    assert not unlisted.know("10.0.0.1", EVERY + 1000)
    assert not unlisted.know("10.0.0.2", 1000)


def test_not_more_of_them_are_remembered_than_so_many() -> None:
    unlisted = UnlistedProxies()
    for number in range(MOST + 1):
        unlisted.meet(f"10.0.{number >> 8}.{number & 255}", FORWARDED, number)
    assert not unlisted.know("10.0.0.0", MOST)
    assert unlisted.know("10.0.0.1", MOST)
