"""What a crowd had taken goes back to the system when it has gone, and not before."""

import gc
import weakref
from collections.abc import Callable

import pytest

from gateway.operations.freed_memory import (
    MANY,
    QUIET,
    FreedMemory,
    collect_and_trim,
    is_over,
)


@pytest.mark.parametrize(
    ("most", "count", "over"),
    [
        pytest.param(0, 0, False, id="nobody came"),
        pytest.param(MANY - 1, 0, False, id="too few"),
        pytest.param(MANY, 0, True, id="all of a crowd"),
        pytest.param(2 * MANY, MANY, True, id="half"),
        pytest.param(4 * MANY, 2 * MANY + 1, False, id="nearly half"),
        pytest.param(10 * MANY, 9 * MANY, False, id="many of very many"),
    ],
)
def test_when_a_crowd_has_gone(*, most: int, count: int, over: bool) -> None:
    assert is_over(most, count) is over


class Watched:
    """A FreedMemory whose timers a test lets pass."""

    def __init__(self) -> None:
        self.times = 0
        self.timers: list[Callable[[], None]] = []
        self.memory = FreedMemory(self._count, self._later)

    def _count(self) -> None:
        self.times += 1

    def _later(self, seconds: float, call: Callable[[], None]) -> None:
        assert seconds == QUIET
        self.timers.append(call)

    def pass_time(self) -> int:
        """Let the timers pass.  Return how often memory has been given back."""
        due, self.timers = self.timers, []
        for call in due:
            call()
        return self.times


def test_memory_is_given_back_once_for_a_crowd_that_went() -> None:
    watched = Watched()
    for count in [*range(3 * MANY), *range(3 * MANY, -1, -1)]:
        watched.memory.now(count)
    assert watched.pass_time() == 1
    for count in (1, 0, 1, 0):
        watched.memory.now(count)
    assert watched.pass_time() == 1


def test_the_next_crowd_counts_again() -> None:
    watched = Watched()
    for _ in range(2):
        watched.memory.now(2 * MANY)
        watched.memory.now(5)
        watched.pass_time()
    assert watched.times == 2


def test_a_crowd_that_comes_back_in_a_moment_keeps_its_memory() -> None:
    watched = Watched()
    watched.memory.now(2 * MANY)
    watched.memory.now(0)
    watched.memory.now(2 * MANY)
    assert watched.pass_time() == 0
    watched.memory.now(0)
    assert watched.pass_time() == 1


class Knot:
    """Refers to itself."""

    def __init__(self) -> None:
        self.me = self


def test_giving_back_collects_what_holds_itself() -> None:
    gc.disable()
    try:
        knot = weakref.ref(Knot())
        assert knot() is not None
        collect_and_trim()
        assert knot() is None
    finally:
        gc.enable()
