"""Sessions that were read from Redis a moment ago, so that it is not asked each time.

What is here counts only as long as it is certain that every change was heard of: while
it is not, and since the last time that it was not, Redis is asked.
"""

from collections import OrderedDict
from collections.abc import Callable

from gateway.sessions.session import Session

MOST_KNOWN = 4096  # sessions, a few kilobytes each
FRESH = 5.0  # seconds, for what is not told: eviction, a Redis that lost its data


class KnownSessions:
    """At most *limit* sessions by their id; *monotonic* gives seconds.

    *hearing* returns a number while every change is heard of, another one for each
    time that this began anew, and 0 while it is not so.
    """

    __slots__ = ("_drops", "_hearing", "_known", "_limit", "_monotonic")

    def __init__(
        self,
        monotonic: Callable[[], float],
        hearing: Callable[[], int],
        limit: int = MOST_KNOWN,
    ) -> None:
        self._monotonic = monotonic
        self._hearing = hearing
        self._limit = limit
        self._drops = 0
        self._known: OrderedDict[str, tuple[Session, int, float]] = OrderedDict()

    def get(self, session_id: str) -> Session | None:
        """Return the session, if what is known of it can be believed."""
        entry = self._known.get(session_id)
        if entry is None:
            return None
        session, heard, until = entry
        if heard == self._hearing() and self._monotonic() < until:
            self._known.move_to_end(session_id)
            return session
        del self._known[session_id]
        return None

    def heard(self) -> tuple[int, int]:
        """Return what was heard until now, to be compared: before Redis is asked."""
        return self._hearing(), self._drops

    def put(self, session: Session, heard: tuple[int, int]) -> None:
        """Keep *session*, as Redis had it when *heard* was what was heard.

        Not where more was heard meanwhile: that may have been about it.
        """
        if not heard[0] or heard != self.heard():
            return
        self._known[session.id] = session, heard[0], self._monotonic() + FRESH
        self._known.move_to_end(session.id)
        if len(self._known) > self._limit:
            self._known.popitem(last=False)

    def replace(self, session: Session) -> None:
        """Have *session* be what is known, for no longer than what was known before."""
        entry = self._known.get(session.id)
        if entry is not None:
            self._known[session.id] = session, *entry[1:]

    def drop(self, session_id: str) -> None:
        """Forget the session: it changed, or ended."""
        self._drops += 1
        self._known.pop(session_id, None)

    def __len__(self) -> int:
        return len(self._known)
