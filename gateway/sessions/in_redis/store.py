"""The store of sessions that live in Redis: what the cookie store is without it."""

from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any

from gateway.sessions.codec import KeyRing
from gateway.sessions.cookie_store import RENEWED_AFTER
from gateway.sessions.cookies import OwnCookies, SetCookies
from gateway.sessions.in_redis.browser import browser_name
from gateway.sessions.in_redis.condition import StoreAway
from gateway.sessions.in_redis.known_sessions import KnownSessions
from gateway.sessions.in_redis.records import Records, Written
from gateway.sessions.in_redis.reference import KEY_SIZE, Reference
from gateway.sessions.in_redis.reference_cookies import ReferenceCookies
from gateway.sessions.in_redis.sharing import RedisSharing
from gateway.sessions.last_seen import LastSeen
from gateway.sessions.note import Note
from gateway.sessions.renewed import KEPT, RenewedSessions
from gateway.sessions.revocations import Revocations
from gateway.sessions.session import Session
from gateway.sessions.settings import SessionSettings
from gateway.sessions.store import NOT_AT_HAND, NotAtHand
from gateway.sessions.stored import Stored

NOT_TOLD = "it was not told in time"

Begin = Callable[[Coroutine[Any, Any, None]], object]


class RedisStore:
    """Reads the sessions that cookies refer to, and gives out references.

    *keys*, *secure* and *random_bytes* as for the cookie store; *begin* begins work
    that nobody waits for.  Where Redis must be asked and cannot be, StoreAway is
    raised: nobody is served for what was known before.
    """

    def __init__(  # noqa: PLR0913 - as the cookie store, and what Redis takes
        self,
        settings: SessionSettings,
        keys: KeyRing,
        *,
        secure: bool,
        random_bytes: Callable[[int], bytes],
        revocations: Revocations,
        records: Records,
        known: KnownSessions,
        sharing: RedisSharing,
        begin: Begin,
    ) -> None:
        self.own = OwnCookies(settings.cookie_name.encode("ascii"))
        self._settings = settings
        self._cookies = ReferenceCookies(
            self.own, SetCookies(secure, settings.same_site), keys, random_bytes
        )
        self._random_bytes = random_bytes
        self._revocations = revocations
        self._records = records
        self._known = known
        self._sharing = sharing
        self._begin = begin
        self._renewed = RenewedSessions()
        self._touched = LastSeen(settings.idle_timeout)
        self._touched_after = min(settings.idle_timeout / 20, RENEWED_AFTER)

    def known(self, _cookie: bytes, /) -> None:
        """Return nothing: Redis may have changed what was known."""

    def at_hand(
        self, cookie: bytes, host: str, now: float
    ) -> Session | NotAtHand | None:
        """Return what :meth:`find` does, if Redis need not be asked for it."""
        reference = self._cookies.read(cookie, host)
        if reference is None:
            return None
        session = self._known.get(reference.id)
        return NOT_AT_HAND if session is None else self._look(session, reference, now)

    async def find(self, cookie: bytes, host: str, now: float) -> Session | None:
        """Return the live session of the Cookie field *cookie*, or None.

        *host* is the canonical host of the request, *now* in unix seconds.  Raises
        StoreAway.
        """
        reference = self._cookies.read(cookie, host)
        if reference is None:
            return None
        session = self._known.get(reference.id) or await self._fetch(reference, now)
        return session and self._look(session, reference, now)

    def _look(
        self, session: Session, reference: Reference, now: float
    ) -> Session | None:
        if session.current_cookie is not reference.current:
            session = replace(session, current_cookie=reference.current)
        session = self.newest(session, now)
        if not self._is_live(session, now):
            return None
        if now >= session.seen_at + self._touched_after:
            self.in_use(session, now)
        return session

    async def find_opened(self, cookie: bytes, host: str) -> Session | None:
        """Return the session that *cookie* refers to, though it may be over.

        Raises StoreAway.
        """
        reference = self._cookies.read(cookie, host)
        return None if reference is None else await self._records.read(reference)

    def due(self, session: Session, _now: float) -> bool:
        """Tell whether the cookie is to be written again: there is a newer key."""
        return not session.current_cookie

    def newest(self, session: Session, now: float) -> Session:
        """Return what became of *session* here, or itself."""
        newer = self._renewed.newer(session, now)
        if newer is not None:
            cookie = session.current_cookie
            seen_at = max(newer.seen_at, session.seen_at)
            session = replace(newer, seen_at=seen_at, current_cookie=cookie)
        touched_at = self._touched.at(session.id)
        if touched_at <= session.seen_at:
            return session
        return replace(session, seen_at=touched_at)

    def in_use(self, session: Session, now: float) -> None:
        """Hear that *session* is in use at *now*: Redis hears of that now and then."""
        session = self.newest(session, now)
        if now < session.seen_at + self._touched_after:
            return
        self._touched.saw(session.id, now)
        session = session.seen(now)
        self._begin(self._write(session, session, now))

    def renew(self, before: Session, renewed: Session, now: float) -> float:
        """Have all who come here with *before* get *renewed*; return until when.

        Redis is told by ``sharing.keep``.  Times in unix seconds.
        """
        until = now + KEPT
        if renewed.refresh_token != before.refresh_token:
            until = max(until, renewed.signed_in_at + self._settings.max_age)
        self._renewed.keep(renewed, until, now)
        self._known.replace(renewed)
        return until

    def has_ended(self, session: Session, now: float) -> bool:
        """Tell whether *session* is over before its time, at *now* (unix seconds)."""
        return self._revocations.is_over(session, now)

    def is_over(self, session: Session, now: float) -> bool:
        """Tell whether what is under way with *session* must end at *now*."""
        return session.has_run_out(
            now, self._settings.max_age
        ) or self._revocations.is_over(session, now)

    async def begin(
        self, session: Session, host: str, now: float, cookie: bytes, user_agent: str
    ) -> list[bytes]:
        """Keep *session*, a new one, and return the Set-Cookie values that refer to it.

        The one that came in *cookie* is replaced, and dead.  None where the person was
        revoked meanwhile.  Raises StoreAway.
        """
        key = self._random_bytes(KEY_SIZE)
        stored = Stored(key, browser_name(user_agent), host)
        session = replace(session, stored=stored)
        if self._revocations.is_over(session, now):
            return []
        replaced = await self.find_opened(cookie, host)
        if not await self._records.begin(session, now):
            return []
        if replaced is not None and replaced.id != session.id:
            self.end(replaced, now)
        return self.write(session, host, now, cookie)

    def write(
        self, session: Session, host: str, now: float, cookie: bytes
    ) -> list[bytes]:
        """Return the Set-Cookie values that refer to *session*, sealed anew.

        They also expire what else of a session is in *cookie*.
        """
        if session.stored is None or self._revocations.is_over(session, now):
            return []
        reference = Reference(session.id, session.stored.key)
        seconds = int(session.signed_in_at + self._settings.max_age - now)
        return self._cookies.write(reference, host, cookie, seconds)

    def clear(self, cookie: bytes) -> list[bytes]:
        """Return the Set-Cookie values that leave nothing of a session."""
        return self._cookies.clear(cookie)

    def end(self, session: Session, now: float) -> None:
        """Have *session* be over from *now* on (unix seconds), whatever comes."""
        self._revocations.end(session, now)

    def check(self) -> None:
        """Raise StoreAway where nobody could be signed in now."""
        self._records.server.condition.check_writes()

    async def settled(self) -> None:
        """Wait until what was ended here is ended in Redis.  Raises StoreAway."""
        if not await self._sharing.told():
            raise StoreAway(self._records.server.condition.trouble or NOT_TOLD)

    async def shown_to(self, subject: str) -> list[Note]:
        """Return what the person *subject* is shown of their sessions."""
        return await self._records.of_subject(subject)

    async def end_of(self, subject: str, session_id: str, now: float) -> bool:
        """End the session *session_id*, if it is of *subject*; tell whether it was.

        Raises StoreAway.
        """
        for note in await self._records.of_subject(subject):
            if note.id == session_id:
                self._revocations.end_id(session_id, note.signed_in_at, now)
                await self.settled()
                return True
        return False

    async def _fetch(self, reference: Reference, now: float) -> Session | None:
        heard = self._known.heard()
        session = await self._records.read(reference)
        if session is None:
            return None
        self._known.put(session, heard)
        self._renewed.received(session, now)
        newest = self.newest(session, now)
        if newest.generation > session.generation:  # renewed while Redis was away
            self._begin(self._write(session, newest, now))
        return session

    async def _write(self, before: Session, session: Session, now: float) -> None:
        try:
            written = await self._records.update(before, session, now)
        except StoreAway:
            return  # another request brings it back
        if written is Written.DONE:
            self._known.replace(session)
        else:
            self._known.drop(session.id)

    def _is_live(self, session: Session, now: float) -> bool:
        idle_timeout, max_age = self._settings.idle_timeout, self._settings.max_age
        lives = session.is_live(now, idle_timeout=idle_timeout, max_age=max_age)
        return lives and not self._revocations.is_over(session, now)
