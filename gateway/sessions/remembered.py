"""A bounded memory of short texts, each until a time of its own."""

from collections.abc import Iterator
from heapq import heappop, heappush


class Remembered:
    """Texts that were added and whose time has not come yet.

    At most *limit* of them: where one more comes, the one whose time comes first
    is forgotten early.  The memory is this process's own and ends with it.
    """

    __slots__ = ("_limit", "_queue", "_until")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._until: dict[str, float] = {}
        self._queue: list[tuple[float, str]] = []

    def add(self, text: str, until: float, now: float) -> None:
        """Remember *text* until the time *until*; *now* is the time (seconds)."""
        if until > max(now, self._until.get(text, now)):
            self._until[text] = until
            heappush(self._queue, (until, text))
        while self._queue and (
            self._queue[0][0] <= now or len(self._until) > self._limit
        ):
            ended, forgotten = heappop(self._queue)
            if self._until.get(forgotten) == ended:
                del self._until[forgotten]

    def holds(self, text: str, now: float) -> bool:
        """Tell whether *text* is remembered at the time *now* (seconds)."""
        until = self._until.get(text)
        return until is not None and now < until

    def items(self, now: float) -> Iterator[tuple[str, float]]:
        """Yield each text that is remembered at the time *now*, and until when."""
        return ((text, until) for text, until in self._until.items() if now < until)

    def __len__(self) -> int:
        return len(self._until)
