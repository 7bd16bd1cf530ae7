"""Connections of clients leave file descriptors for everything else."""

import sys

import pytest
from hypothesis import given, strategies as st

from gateway.operations.limits.open_files import OWN, raise_limit, room_for_clients


@pytest.mark.parametrize(
    ("open_files", "upstreams", "room"),
    [
        pytest.param(20_000, 1000, 18_936, id="plenty"),
        pytest.param(1024, 1000, 448, id="upstreams get half"),
        pytest.param(1024, 10, 950, id="upstreams that need less"),
        pytest.param(64, 1000, 1, id="too few for anything"),
    ],
)
def test_how_much_room_there_is(open_files: int, upstreams: int, room: int) -> None:
    assert room_for_clients(open_files, upstreams) == room


@given(st.integers(OWN * 2 + 2, 2_000_000), st.integers(1, 100_000))
def test_never_more_than_there_are(open_files: int, upstreams: int) -> None:
    taken = room_for_clients(open_files, upstreams) + min(upstreams, open_files // 2)
    assert taken + OWN <= open_files


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limit")
def test_the_limit_is_raised_as_far_as_it_may_be() -> None:
    import resource  # noqa: PLC0415 - not on Windows

    open_files = raise_limit()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    assert open_files == soft
    assert soft == hard or soft >= 1024 * 1024
