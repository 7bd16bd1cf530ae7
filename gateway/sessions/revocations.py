"""Who is out before their time: sessions that ended, and people who were revoked.

A session that lives in a cookie cannot be deleted.  What can be remembered is that it
ended, or that whoever signed in before a certain moment is out.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from math import floor

from gateway.sessions.remembered import Remembered
from gateway.sessions.session import CLOCK_LEEWAY, Session

MOST_ENDED = 100_000  # about twenty megabytes; each took a sign-in of its own
MOST_MARKS = 20_000  # about ten megabytes


class Whose(StrEnum):
    """Which sessions a mark ends."""

    SESSION = "session"  # the one with this id
    SID = "sid"  # those of this session at Logto
    WITHOUT_SID = "without-sid"  # those of this subject that name no such session
    SUBJECT = "subject"
    X_ID = "x-id"
    EVERYBODY = "everybody"


@dataclass(frozen=True, slots=True)
class Mark:
    """Sessions of *whose* *value* that were signed in at *at* or before are over.

    Times in unix seconds; after *until* they would be over anyway.
    """

    whose: Whose
    value: str
    at: float
    until: float


def falls_under(session: Session) -> list[tuple[Whose, str]]:
    """Return whose marks end *session*, but for one of its own."""
    identity = session.identity
    at_logto = (
        (Whose.SID, session.sid)
        if session.sid is not None
        else (Whose.WITHOUT_SID, identity.sub)
    )
    keys = [(Whose.SUBJECT, identity.sub), at_logto, (Whose.EVERYBODY, "")]
    if identity.x_id is not None:
        keys.append((Whose.X_ID, identity.x_id))
    return keys


class Revocations:
    """What has been ended; *max_age* is that of a session, in seconds.

    The memory is bounded and its bound fails closed: where one mark too many comes,
    whoever signed in before the oldest is out.
    """

    def __init__(
        self, max_age: float, *, most_ended: int = MOST_ENDED, most: int = MOST_MARKS
    ) -> None:
        self._lasting = max_age + CLOCK_LEEWAY
        self._ended = Remembered(most_ended)
        self._marks: OrderedDict[tuple[Whose, str], Mark] = OrderedDict()  # by `at`
        self._most = most
        self._listeners: list[Callable[[Mark], None]] = []
        self._of_here: list[Callable[[Mark], None]] = []
        self._forgetting: list[Callable[[Mark], None]] = []

    def watch(self, listener: Callable[[Mark], None], *, own: bool = False) -> None:
        """Have *listener* hear of each new mark, once it counts.

        With *own* only of what was ended here, not of what :meth:`take` brings.
        """
        (self._of_here if own else self._listeners).append(listener)

    def forget_with(self, forget: Callable[[Mark], None]) -> None:
        """Have *forget* hear of every mark, restored ones too, once it counts.

        For whoever remembers that somebody is not over.
        """
        self._forgetting.append(forget)

    def end(self, session: Session, now: float) -> None:
        """Have *session* be over from *now* on (unix seconds), whatever comes."""
        self.end_id(session.id, session.signed_in_at, now)

    def end_id(self, session_id: str, signed_in_at: float, now: float) -> None:
        """Have the session *session_id*, of a sign-in at *signed_in_at*, be over."""
        if self._ended.holds(session_id, now):
            return
        until = self.until(signed_in_at)
        self._tell(Mark(Whose.SESSION, session_id, now, until), now)

    def until(self, signed_in_at: float) -> float:
        """Return when a session of a sign-in at *signed_in_at* is over anyway."""
        return signed_in_at + self._lasting

    def revoke(self, whose: Whose, value: str, now: float) -> None:
        """Have the sessions of *whose* *value* be over, signed in before *now*."""
        self._tell(Mark(whose, value, now, now + self._lasting), now)

    def take(self, mark: Mark, now: float) -> None:
        """Have a *mark* count that another process made; *now* in unix seconds."""
        self.restore(mark, now)
        for listener in self._listeners:
            listener(mark)

    def restore(self, mark: Mark, now: float) -> None:
        """Take in a *mark* of earlier, as :meth:`marks` gave it; nobody is told."""
        if now >= mark.until:
            return
        if mark.whose is Whose.SESSION:
            self._ended.add(mark.value, mark.until, now)
        else:
            self._add(mark, now)
        for forget in self._forgetting:
            forget(mark)

    def is_over(self, session: Session, now: float) -> bool:
        """Tell whether *session* was ended or revoked before *now* (unix seconds)."""
        return self._ended.holds(session.id, now) or (
            bool(self._marks) and session.signed_in_at <= self._last_mark(session)
        )

    def begun(self, session: Session, now: float) -> Session:
        """Return *session*, whose sign-in came back at *now*, as one that may begin.

        Sessions count whole seconds.  One that begins within the second of a
        revocation, but after it, is given the next; where the revocation came
        meanwhile, the session is over before it begins.
        """
        last = self._last_mark(session)
        if now <= last:
            return session
        begins = max(session.signed_in_at, floor(last) + 1 if last else 0)
        return replace(session, signed_in_at=begins)

    def marks(self, now: float) -> Iterator[Mark]:
        """Yield all that counts at *now* (unix seconds), the oldest first."""
        for session_id, until in self._ended.items(now):
            yield Mark(Whose.SESSION, session_id, now, until)
        for mark in self._marks.values():
            if now < mark.until:
                yield mark

    def _tell(self, mark: Mark, now: float) -> None:
        self.take(mark, now)
        for listener in self._of_here:
            listener(mark)

    def _last_mark(self, session: Session) -> float:
        """Return the time of the newest mark that *session* falls under, or 0."""
        found = (self._marks.get(key) for key in falls_under(session))
        return max((mark.at for mark in found if mark is not None), default=0)

    def _add(self, mark: Mark, now: float) -> None:
        key = mark.whose, mark.value
        known = self._marks.get(key)
        if known is None or known.at < mark.at:
            self._marks[key] = mark
            self._marks.move_to_end(key)
        self._forget(now)

    def _forget(self, now: float) -> None:
        """Drop what is over anyway, and make one of the two oldest where too many."""
        while self._marks:
            oldest = next(iter(self._marks.values()))
            if now < oldest.until and len(self._marks) <= self._most:
                return
            self._marks.popitem(last=False)
            if now < oldest.until:
                _, second = self._marks.popitem(last=False)
                everybody = replace(second, whose=Whose.EVERYBODY, value="")
                key = everybody.whose, everybody.value
                if key not in self._marks:  # else there is a newer one
                    self._marks[key] = everybody
                    self._marks.move_to_end(key, last=False)
