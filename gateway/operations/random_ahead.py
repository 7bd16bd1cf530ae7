"""Random bytes for ids, drawn from the system many at a time.

To ask the system costs microseconds, whatever it is asked for.  Only for what may be
known to others once it is used: ids of requests and traces, never keys or nonces.
"""

from collections.abc import Callable

DRAWN = 4096  # bytes at a time


class RandomAhead:
    """Returns as many random bytes as it is asked for, each of them once.

    *source* is asked for DRAWN bytes when there are too few left.  A process that was
    forked needs one of its own.
    """

    __slots__ = ("_at", "_drawn", "_source")

    def __init__(self, source: Callable[[int], bytes]) -> None:
        self._source = source
        self._drawn = b""
        self._at = 0

    def __call__(self, count: int) -> bytes:
        """Return *count* random bytes, at most DRAWN."""
        start, end = self._at, self._at + count
        if end > len(self._drawn):
            self._drawn = self._source(DRAWN)
            start, end = 0, count
        self._at = end
        return self._drawn[start:end]
