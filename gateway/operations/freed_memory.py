"""Gives memory back to the system once a crowd has gone.

What thousands of connections took is free when they have gone, but Python and the C
library keep it for the next ones: in lists of objects to use again, and in blocks that
a few survivors share with nobody.  A collection empties the lists, and with them most
of the blocks.
"""

import asyncio
import ctypes
import gc
import sys
from collections.abc import Callable

MANY = 1000  # connections that must have gone, and half of all: it is not for nothing
QUIET = 1.0  # seconds from then on: more of them may go, and few come meanwhile


def is_over(most: int, count: int) -> bool:
    """Return whether a crowd of *most* has gone, if *count* are left of it."""
    return most - count >= MANY and count <= most // 2


def collect_and_trim() -> None:
    """Collect garbage, and give back what is free: milliseconds, and more for a crowd.

    Where the C library cannot (glibc's malloc_trim), the first half is done.
    """
    gc.collect()
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim is not None:
            trim(0)


Later = Callable[[float, Callable[[], None]], object]
"""Calls something after so many seconds."""


def _later(seconds: float, call: Callable[[], None]) -> None:
    asyncio.get_running_loop().call_later(seconds, call)


class FreedMemory:
    """Calls *give_back* a moment after most of many connections have gone."""

    __slots__ = ("_count", "_give_back", "_is_due", "_later", "_most")

    def __init__(
        self, give_back: Callable[[], None] = collect_and_trim, later: Later = _later
    ) -> None:
        self._give_back = give_back
        self._later = later
        self._count = 0
        self._most = 0  # at a time, since memory was last given back
        self._is_due = False

    def now(self, count: int) -> None:
        """Take note that *count* connections are open now."""
        self._count = count
        if count > self._most:
            self._most = count
        elif not self._is_due and is_over(self._most, count):
            self._is_due = True
            self._later(QUIET, self._look)

    def _look(self) -> None:
        self._is_due = False
        if is_over(self._most, self._count):
            self._most = self._count
            self._give_back()
