"""The count of sign-ins that did not arrive."""

import pytest
from hypothesis import given, strategies as st

from gateway.authentication.arrival import Arrival
from gateway.sessions.codec import KeyRing
from tests.support.browser_jar import BrowserJar
from tests.support.session_settings import Settings, counting_bytes

HOST, NOW = "app.example.com", 1_800_000_000.5
ARRIVAL = Arrival(
    Settings(), KeyRing([bytes(32)]), secure=True, random_bytes=counting_bytes()
)


def jar_with(count: int) -> BrowserJar:
    jar = BrowserJar()
    jar.receive([ARRIVAL.write(count, HOST, NOW)])
    return jar


@pytest.mark.parametrize(("count", "read"), [(0, 0), (1, 1), (3, 3), (10**30, 99)])
def test_it_says_what_was_written(count: int, read: int) -> None:
    cookie = jar_with(count).cookie()
    assert ARRIVAL.present(cookie)
    assert ARRIVAL.read(b"a=1; " + cookie, HOST, NOW) == read


@pytest.mark.parametrize(
    ("host", "now", "count"),
    [
        pytest.param(HOST, NOW + 599, 2, id="lately"),
        pytest.param(HOST, NOW + 600, 0, id="long ago"),
        pytest.param(HOST, NOW - 59, 2, id="a clock within the leeway"),
        pytest.param(HOST, NOW - 62, 0, id="from the future"),
        pytest.param("other.example.com", NOW, 0, id="another host"),
    ],
)
def test_it_counts_here_and_lately(host: str, now: float, count: int) -> None:
    assert ARRIVAL.read(jar_with(2).cookie(), host, now) == count


@given(st.binary(max_size=100))
def test_10_a_broken_count_is_none(junk: bytes) -> None:
    assert ARRIVAL.read(b"__Host-gateway-arrival=" + junk, HOST, NOW) == 0


def test_a_contradicted_count_is_none() -> None:
    both = jar_with(1).cookie() + b"; " + jar_with(2).cookie()
    assert ARRIVAL.read(both, HOST, NOW) == 0


def test_once_cleared_it_is_gone() -> None:
    jar = jar_with(2)
    jar.receive([ARRIVAL.clear()])
    assert jar.cookie() == b""
    assert not ARRIVAL.present(jar.cookie())
    assert not ARRIVAL.present(b"__Host-gateway=x")
