"""Sessions that came in cookies: opened once, and not looked at more than they must be.

Whether a session is live, revoked, renewed or due follows from its cookie, from the
time, and from what happened to it.  So when somebody looked at all of that and there
was nothing to do, the next request needs no other look until a moment that is known
then; unless something happens before, which whoever makes it happen says here.  Who
that is, and what else has to be said here, stands in docs/adr, number 10.
"""

from collections import OrderedDict
from dataclasses import dataclass, replace

from gateway.known import Known, Notes
from gateway.sessions import chunks
from gateway.sessions.codec import KeyRing, Purpose
from gateway.sessions.cookies import OwnCookies
from gateway.sessions.revocations import Mark, Whose
from gateway.sessions.session import Session, decode

MOST_OPENED = 2048  # sessions kept open, a few kilobytes each
_PAST = 0.0  # seconds: before every request
_NO_NOTES = Notes()  # most sessions of a crowd never need their own


@dataclass(slots=True, eq=False)
class Opened:
    """The *session* that a cookie holds for *host*.

    It is quiet from *quiet_from* on and before *quiet_until* (unix seconds).
    *came_before* says whether it was found live before; *notes* are what later steps
    work out of the session alone.
    """

    host: str
    session: Session
    notes: Notes
    quiet_from: float = _PAST
    quiet_until: float = _PAST
    came_before: bool = False

    def is_quiet(self, now: float) -> bool:
        """Tell whether there is nothing to find out or to do about it at *now*.

        It is live, its cookie is not to be written again, and Logto not to be asked.
        """
        return self.quiet_from <= now < self.quiet_until

    def note(self, key: object, value: object) -> None:
        """Keep *value* for *key* among the notes."""
        if self.notes is _NO_NOTES:
            self.notes = Notes()
        self.notes.keep(key, value)


class OpenedSessions:
    """The sessions that *keys* opened, from the cookies that are our *own*.

    *get* finds one by its whole Cookie field, where nothing else is in that which an
    answer sees to.  Whoever asks it looks at the host, and whether it is quiet.
    """

    __slots__ = ("_by_cookie", "_by_text", "_keys", "_own", "_quiet", "get")

    def __init__(self, own: OwnCookies, keys: KeyRing) -> None:
        self._own = own
        self._keys = keys
        self._by_cookie: Known[Opened] = Known()
        self._by_text: OrderedDict[tuple[str, bytes], Opened] = OrderedDict()
        # By the session's id; see Known for why it is no dict.
        self._quiet: OrderedDict[str, Opened] = OrderedDict()
        self.get = self._by_cookie.get

    def of(self, cookie: bytes, host: str) -> Opened | None:
        """Return what was sealed as *cookie* for *host*, though it may be over."""
        known = self.get(cookie)
        if known is not None and known.host == host:
            return known
        text = chunks.carried(self._own, cookie)
        if text is None:
            return None
        found = self._by_text.get((host, text))
        if found is None:
            found = self._open(text, host)
            if found is None:
                return None
        else:
            self._by_text.move_to_end((host, text))
        if self._own.arrival not in cookie:  # else the answer forgets the count
            self._by_cookie.add(cookie, found)
        return found

    def keep_quiet(self, opened: Opened, now: float, until: float) -> None:
        """Need no look at *opened* from *now* to *until*, unless something happens."""
        self.forget(opened.session.id)
        if len(self._quiet) >= MOST_OPENED:
            _, oldest = self._quiet.popitem(last=False)
            oldest.quiet_until = _PAST
        self._quiet[opened.session.id] = opened
        opened.quiet_from, opened.quiet_until = now, until

    def forget(self, session_id: str) -> None:
        """Hear that something happened to the session *session_id*."""
        opened = self._quiet.pop(session_id, None)
        if opened is not None:
            opened.quiet_until = _PAST

    def ended(self, mark: Mark) -> None:
        """Hear of a *mark*: whoever falls under it is out."""
        if mark.whose is Whose.SESSION:
            self.forget(mark.value)
            return
        for opened in self._quiet.values():
            opened.quiet_until = _PAST
        self._quiet.clear()

    def in_use(self, session_id: str, at: int) -> None:
        """Hear that the session was in use *at* that time (unix seconds).

        While it is quiet its cookie tells that well enough.
        """
        opened = self._quiet.get(session_id)
        if opened is not None and at >= opened.quiet_until:
            self.forget(session_id)

    def _open(self, text: bytes, host: str) -> Opened | None:
        payload = self._keys.open(
            text,
            purpose=Purpose.SESSION,
            cookie_name=self._own.name.decode("ascii"),
            host=host,
        )
        session = decode(payload) if payload is not None else None
        if session is None:
            return None
        session = replace(session, current_cookie=self._keys.is_current(text))
        opened = self._by_text[host, text] = Opened(host, session, _NO_NOTES)
        if len(self._by_text) > MOST_OPENED:
            self._by_text.popitem(last=False)
        return opened

    def __len__(self) -> int:
        return len(self._by_text)
