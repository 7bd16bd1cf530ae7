"""When a session was last in use, where no cookie tells: something of it is open.

A browser that only holds a WebSocket or an event stream open sends nothing that could
bring a newer cookie back.  What it sends next comes with the cookie of the beginning.
"""

from collections import OrderedDict
from collections.abc import Callable

MOST_SEEN = 20_000  # sessions, about three megabytes


class LastSeen:
    """The sessions that were in use lately, in this process.

    What was not in use for *lasting* seconds is forgotten, and the longest ago where
    there would be more than *limit*.  *told* hears which are in use, and when.
    """

    __slots__ = ("_at", "_lasting", "_limit", "_told")

    def __init__(
        self,
        lasting: float,
        limit: int = MOST_SEEN,
        *,
        told: Callable[[str, int], None] | None = None,
    ) -> None:
        self._lasting = lasting
        self._limit = limit
        self._told = told
        self._at: OrderedDict[str, int] = OrderedDict()

    def saw(self, session_id: str, now: float) -> None:
        """Hear that the session *session_id* is in use at *now* (unix seconds)."""
        self._at[session_id] = at = max(int(now), self.at(session_id))
        self._at.move_to_end(session_id)
        if self._told is not None:
            self._told(session_id, at)
        while self._at:
            oldest, at = next(iter(self._at.items()))
            if now < at + self._lasting and len(self._at) <= self._limit:
                return
            del self._at[oldest]

    def at(self, session_id: str) -> int:
        """Return when *session_id* was last in use (unix seconds); 0: not known."""
        return self._at.get(session_id, 0)

    def since(self, moment: float) -> list[tuple[str, int]]:
        """Return which were in use at *moment* (unix seconds) or later, and when."""
        found = []
        for session_id, at in reversed(self._at.items()):
            if at < int(moment):
                break
            found.append((session_id, at))
        return found

    def __len__(self) -> int:
        return len(self._at)
