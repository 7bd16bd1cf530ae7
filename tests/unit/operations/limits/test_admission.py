"""Whose connection takes a place of whose share."""

from dataclasses import dataclass
from ipaddress import ip_network

import pytest

from gateway.authentication.allowance import one_client
from gateway.fields import Fields
from gateway.operations.limits.admission import Admission, Connection
from gateway.operations.limits.limited_log import LimitedLog
from gateway.operations.limits.shares import Shares
from gateway.operations.limits.unlisted_proxies import UnlistedProxies
from gateway.operations.metrics import Metrics

FORWARDED: Fields = [(b"X-Forwarded-For", b"203.0.113.9")]
TRUSTED = ip_network("192.0.2.0/24")


@dataclass(eq=False)
class Line:
    """A connection that knows whether it was broken off."""

    is_idle: bool = True
    aborted: bool = False

    def abort(self) -> None:
        self.aborted = True


def admission(in_all: int = 9, per_client: int = 1) -> Admission:
    shares: Shares[Connection] = Shares(in_all, per_client)
    told = LimitedLog(Metrics(), lambda: 0)
    return Admission(shares, UnlistedProxies(), [TRUSTED], one_client, told, lambda: 0)


@pytest.mark.parametrize(
    ("one", "other", "admitted"),
    [
        pytest.param("8.8.8.8", "8.8.8.8", False, id="one address"),
        pytest.param("8.8.8.8", "8.8.8.9", True, id="two addresses"),
        pytest.param("2a00::1", "2a00::2:3:4:5", False, id="one /64"),
        pytest.param("2a00::1", "2a00:0:0:1::1", True, id="two /64s"),
        pytest.param("8.8.8.8", "::ffff:8.8.8.8", False, id="one in two spellings"),
        pytest.param("::ffff:8.8.8.8", "::ffff:8.8.8.9", True, id="two mapped ones"),
        pytest.param("fe80::1%eth0", "fe80::1%eth0", False, id="with a zone"),
        pytest.param("192.0.2.7", "192.0.2.7", True, id="a trusted proxy"),
        pytest.param(None, None, True, id="a Unix socket"),
    ],
)
def test_who_is_one_client(
    *, one: str | None, other: str | None, admitted: bool
) -> None:
    door = admission()
    assert door.opened(Line(), one)
    assert door.opened(Line(), other) is admitted


def test_what_an_unlisted_proxy_has_open_already_counts_no_more() -> None:
    door, lines = admission(in_all=3, per_client=3), [Line(), Line(), Line()]
    for line in lines:
        door.opened(line, "10.0.0.1")
        door.introduced(line, "10.0.0.1", FORWARDED)
    assert door.shares.clients == 0
    assert not door.opened(Line(), "8.8.8.8")
    assert not any(line.aborted for line in lines)


def test_a_trusted_proxy_is_not_taken_for_an_unlisted_one() -> None:
    door, line = admission(), Line()
    door.opened(line, "192.0.2.7")
    door.introduced(line, "192.0.2.7", FORWARDED)
    assert not door.unlisted.know("192.0.2.7", 0)


def test_an_idle_connection_of_the_heaviest_client_makes_room() -> None:
    door = admission(in_all=3, per_client=3)
    busy, idle, newest = Line(is_idle=False), Line(), Line(is_idle=False)
    for line in (busy, idle, newest):
        door.opened(line, "8.8.8.8")
    assert door.opened(Line(), "8.8.4.4")
    assert [line.aborted for line in (busy, idle, newest)] == [False, True, False]
    door.closed(idle)  # as its socket tells later
    assert len(door.shares) == 3
