"""Sessions that ended before their time: a late answer must not bring them back."""

from gateway.sessions.remembered import Remembered

MOST_REMEMBERED = 100_000  # about twenty megabytes; each took a sign-in of its own


class EndedSessions:
    """The ids of sessions that were signed out or replaced, in this process."""

    __slots__ = ("_ids",)

    def __init__(self, limit: int = MOST_REMEMBERED) -> None:
        self._ids = Remembered(limit)

    def add(self, session_id: str, until: float, now: float) -> None:
        """Remember *session_id* until the session is over anyway (unix seconds)."""
        self._ids.add(session_id, until, now)

    def has(self, session_id: str, now: float) -> bool:
        """Tell whether *session_id* ended before *now* (unix seconds)."""
        return self._ids.holds(session_id, now)
