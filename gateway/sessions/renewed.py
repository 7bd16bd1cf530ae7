"""What sessions became, for those who still send an older cookie.

A client that sent several requests at once, or left before the answer, comes again with
the cookie it has.  Its refresh token may be used up: to use it again would end the
grant.
"""

from collections import OrderedDict

from gateway.sessions.session import Session

KEPT = 600.0  # seconds for late-comers
MOST_KEPT = 10_000  # a few kilobytes each


class RenewedSessions:
    """The newest generation of sessions that were renewed lately, in this process.

    At most *limit* of them: where one more comes, the oldest is forgotten.
    """

    __slots__ = ("_kept", "_limit")

    def __init__(self, limit: int = MOST_KEPT) -> None:
        self._limit = limit
        self._kept: OrderedDict[str, tuple[Session, float]] = OrderedDict()

    def keep(self, session: Session, until: float, now: float) -> None:
        """Remember *session*, just renewed, until *until*; unix seconds."""
        self._kept[session.id] = session, until
        self._kept.move_to_end(session.id)
        while self._kept:
            oldest, (_, ends) = next(iter(self._kept.items()))
            if now < ends and len(self._kept) <= self._limit:
                return
            del self._kept[oldest]

    def received(self, session: Session, now: float) -> None:
        """Hear that *session* came in a cookie at *now*: its client has it for sure."""
        kept = self._kept.get(session.id)
        if kept is not None and kept[0].generation <= session.generation:
            self._kept[session.id] = kept[0], min(kept[1], now + KEPT)

    def newer(self, session: Session, now: float) -> Session | None:
        """Return what became of *session*; None where nothing newer is known."""
        if session.id not in self._kept:
            return None  # as nearly always (hot path)
        kept = self.of(session.id, now)
        if kept is None or kept.generation <= session.generation:
            return None
        return kept

    def of(self, session_id: str, now: float) -> Session | None:
        """Return the newest that is known of *session_id*; None for nothing."""
        kept = self._kept.get(session_id)
        return None if kept is None or now >= kept[1] else kept[0]

    def __len__(self) -> int:
        return len(self._kept)
