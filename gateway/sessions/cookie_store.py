"""Sessions that live in the browser's cookies alone, sealed."""

from collections.abc import Callable
from dataclasses import replace

from gateway.sessions import chunks
from gateway.sessions.codec import NONCE_SIZE, KeyRing, Purpose
from gateway.sessions.cookies import OwnCookies, SetCookies
from gateway.sessions.last_seen import LastSeen
from gateway.sessions.left_overs import LeftOvers
from gateway.sessions.opened import Opened, OpenedSessions
from gateway.sessions.renewal import undue_until
from gateway.sessions.renewed import KEPT, RenewedSessions
from gateway.sessions.revocations import Revocations
from gateway.sessions.session import Session, encode
from gateway.sessions.settings import SessionSettings
from gateway.sessions.too_large import SessionTooLarge

__all__ = ["CookieStore", "SessionTooLarge"]

RENEWED_AFTER = 300  # seconds


class CookieStore:
    """Reads sessions from Cookie fields, and writes them as Set-Cookie values.

    *secure* where the public address is https; *random_bytes* returns as many as
    it is asked for; *revocations* knows who is out before their time.  A cookie that
    comes again is not opened again, and looked at again when that may tell anything.
    """

    def __init__(
        self,
        settings: SessionSettings,
        keys: KeyRing,
        *,
        secure: bool,
        random_bytes: Callable[[int], bytes],
        revocations: Revocations | None = None,
    ) -> None:
        self.own = OwnCookies(settings.cookie_name.encode("ascii"))
        self._settings = settings
        self._keys = keys
        self._set = SetCookies(secure, settings.same_site)
        self._left_overs = LeftOvers(self.own, self._set)
        self._random_bytes = random_bytes
        self._opened = OpenedSessions(self.own, keys)
        self.known = self._opened.get
        self._revocations = revocations or Revocations(settings.max_age)
        self._revocations.forget_with(self._opened.ended)
        self._renewed = RenewedSessions()
        self.last_seen = LastSeen(settings.idle_timeout, told=self._opened.in_use)
        self._idle_timeout, self._max_age = settings.idle_timeout, settings.max_age
        # An answer that sets a cookie cannot be cached, so this is seldom; and it
        # is often enough: who comes back within 95 % of the timeout is never out.
        self._renewed_after = min(settings.idle_timeout / 20, RENEWED_AFTER)

    async def find(self, cookie: bytes, host: str, now: float) -> Session | None:
        """Return the live session of *cookie*, as every store does."""
        return self.read(cookie, host, now)

    async def find_opened(self, cookie: bytes, host: str) -> Session | None:
        """Return the session of *cookie*, though it may be over."""
        return self.opened(cookie, host)

    async def begin(
        self, session: Session, host: str, now: float, cookie: bytes, _user_agent: str
    ) -> list[bytes]:
        """Return what :meth:`write` does: a new session is like any other."""
        return self.write(session, host, now, cookie)

    def check(self) -> None:
        """Do nothing: cookies are always there."""

    async def settled(self) -> None:
        """Do nothing: what is ended here is ended."""

    def read(self, cookie: bytes, host: str, now: float) -> Session | None:
        """Return the live session of the Cookie field *cookie*, or None.

        *host* is the canonical host of the request, *now* in unix seconds.
        """
        opened = self._opened.of(cookie, host)
        if opened is None:
            return None
        return opened.session if opened.is_quiet(now) else self._look(opened, now)

    at_hand = read

    def opened(self, cookie: bytes, host: str) -> Session | None:
        """Return the session that was sealed as *cookie*, though it may be over.

        For signing out, which revokes the grant of a session that is over, too.
        """
        opened = self._opened.of(cookie, host)
        return None if opened is None else opened.session

    def due(self, session: Session, now: float) -> bool:
        """Tell whether *session* is to be written again at *now* (unix seconds).

        That is when it was last sealed long enough ago for its idle limit, when it
        was renewed, and when a newer key has come.
        """
        session = self.newest(session, now)
        if not session.current_cookie:
            return True
        return now >= session.seen_at + self._renewed_after

    def newest(self, session: Session, now: float) -> Session:
        """Return what became of *session*, whose cookie may be old; or itself.

        With something of it open its cookie may be much older than its last use.
        """
        newer = self._renewed.newer(session, now)
        if newer is not None:
            seen_at = max(newer.seen_at, session.seen_at)
            session = replace(newer, seen_at=seen_at, current_cookie=False)
        in_use_at = self.last_seen.at(session.id)
        if in_use_at < session.seen_at + self._renewed_after:
            return session
        return replace(session, seen_at=in_use_at, current_cookie=False)

    def in_use(self, session: Session, now: float) -> None:
        """Hear that something of *session* is open at *now* (unix seconds).

        That counts as activity, which the cookie of its browser does not tell.
        """
        self.last_seen.saw(session.id, now)

    def renew(self, before: Session, renewed: Session, now: float) -> float:
        """Have all who come with *before* get *renewed*, and return until when.

        Where the refresh token was replaced, until the client has it: to use the
        former again would end the grant.  Times in unix seconds.
        """
        until = now + KEPT
        if self.last_seen.at(renewed.id):  # its browser need not come for long
            until = max(until, now + self._settings.idle_timeout)
        if renewed.refresh_token != before.refresh_token:
            until = max(until, renewed.signed_in_at + self._settings.max_age)
        self._renewed.keep(renewed, until, now)
        self._opened.forget(renewed.id)
        return until

    def has_ended(self, session: Session, now: float) -> bool:
        """Tell whether *session* is over before its time, at *now* (unix seconds)."""
        return self._revocations.is_over(session, now)

    def is_over(self, session: Session, now: float) -> bool:
        """Tell whether what is under way with *session* must end at *now*.

        What is open counts as activity, so the idle limit has no part in it.
        """
        return session.has_run_out(now, self._max_age) or self._revocations.is_over(
            session, now
        )

    def write(
        self, session: Session, host: str, now: float, cookie: bytes
    ) -> list[bytes]:
        """Return the Set-Cookie values that give *session* to the client.

        They also expire what an earlier session left in the request's *cookie*.
        Another session that came in it is replaced: its id is dead from *now* on
        (unix seconds).  For a session that ended itself there is nothing to write:
        an answer that comes late neither brings it back nor takes its successor's
        cookie away.  Of one that was renewed meanwhile the newest is written.  Raises
        SessionTooLarge.
        """
        if self._revocations.is_over(session, now):
            return []
        session = self.newest(session, now)
        name = self.own.name
        text = self._seal(session, host)
        cookies = chunks.split(name, text)
        seconds = int(session.signed_in_at + self._settings.max_age - now)
        values = [self._set.keep(each, part, seconds) for each, part in cookies]
        size, limit = chunks.size(values), self._settings.max_cookie_size
        if size > limit or len(cookies) > chunks.MOST_COOKIES:
            raise SessionTooLarge(size, limit)
        replaced = self.opened(cookie, host)
        if replaced is not None and replaced.id != session.id:
            self.end(replaced, now)
        kept = {part_name for part_name, _ in cookies}
        # Where sessions may be cut, answers that overtake one another may leave
        # parts behind that this request did not see.
        many = limit > chunks.LONGEST_COOKIE
        return [
            *values,
            *self._left_overs.expire(cookie, but=kept, all_possible=many),
        ]

    def clear(self, cookie: bytes) -> list[bytes]:
        """Return the Set-Cookie values that leave nothing of a session.

        All names that a session can take, and what else of it is in *cookie*.
        """
        return self._left_overs.expire(cookie, all_possible=True)

    def end(self, session: Session, now: float) -> None:
        """Have *session* be over from *now* on (unix seconds), whatever comes."""
        self._revocations.end(session, now)

    def _look(self, opened: Opened, now: float) -> Session | None:
        """Return what became of *opened*, if that is live, and learn how long it is."""
        self._renewed.received(opened.session, now)
        session = self.newest(opened.session, now)
        if not self._is_live(session, now):
            return None
        if not opened.came_before:
            opened.came_before = True  # who comes once needs no more than this
        elif session is opened.session and session.current_cookie:
            until = self._quiet_until(session, now)
            if now < until:
                self._opened.keep_quiet(opened, now, until)
        return session

    def _quiet_until(self, session: Session, now: float) -> float:
        """Return until when a live *session* is so, and nothing is due, by time alone.

        Its idle limit comes later than when its cookie is due.
        """
        until = min(
            session.seen_at + self._renewed_after, session.signed_in_at + self._max_age
        )
        if session.refresh_token is None:
            return min(until, session.expires_at)
        return min(until, undue_until(session, self._settings.revalidate, now))

    def _is_live(self, session: Session, now: float) -> bool:
        return session.is_live(
            now,
            idle_timeout=self._idle_timeout,
            max_age=self._max_age,
        ) and not self._revocations.is_over(session, now)

    def _seal(self, session: Session, host: str) -> bytes:
        sealed = self._keys.seal(
            encode(session),
            purpose=Purpose.SESSION,
            cookie_name=self.own.name.decode("ascii"),
            host=host,
            nonce=self._random_bytes(NONCE_SIZE),
        )
        return sealed.encode("ascii")
