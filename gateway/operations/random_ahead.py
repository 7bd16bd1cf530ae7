"""Ids made of random bytes, many at a time.

To ask the system costs microseconds, whatever it is asked for.  Only for what may be
known to others once it is used: ids of requests and traces, never keys or nonces.
"""

from collections.abc import Callable
from typing import Generic, TypeVar

AT_ONCE = 128
REQUEST_ID = 12  # bytes

T = TypeVar("T")


class Ahead(Generic[T]):
    """Returns one of what *make* makes, each of them once.

    *make* is asked for AT_ONCE when there are none left.  A process that was forked
    needs one of its own.
    """

    __slots__ = ("_made", "_make")

    def __init__(self, make: Callable[[int], list[T]]) -> None:
        self._make = make
        self._made: list[T] = []

    def next(self) -> T:
        """Return one that nobody had before."""
        if not self._made:
            self._made = self._make(AT_ONCE)
        return self._made.pop()


def request_ids(random_bytes: Callable[[int], bytes], count: int) -> list[str]:
    """Return *count* ids of requests: 24 digits of *random_bytes* each."""
    return random_bytes(count * REQUEST_ID).hex(" ", REQUEST_ID).split()
