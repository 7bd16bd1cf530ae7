"""What gateways that share a Redis must know of one another's sessions."""

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from hashlib import sha256

from gateway.sessions.in_redis import scripts
from gateway.sessions.in_redis.changes import Changes
from gateway.sessions.in_redis.condition import StoreAway
from gateway.sessions.in_redis.known_sessions import KnownSessions
from gateway.sessions.in_redis.messages import Changed, Message
from gateway.sessions.in_redis.places import TURN, USED
from gateway.sessions.in_redis.records import Records
from gateway.sessions.revocations import Mark, Revocations, Whose
from gateway.sessions.session import Session

LATE_FOR = 120.0  # seconds that the token of who signed out meanwhile is there
LOOK_AGAIN = 0.05  # seconds between two looks at whether it is our turn
SEND_AGAIN = 1.0  # seconds between two tries to tell the others
MOST_WAITING = 20_000  # marks that wait for Redis to come back

_Sessions = Callable[[], Iterable[Session]]


def _none() -> Iterable[Session]:
    return ()


@dataclass(slots=True)
class RedisSharing:
    """The seam between processes (:mod:`gateway.sessions.sharing`) over Redis.

    *lasting* is how long one may have the turn, in seconds: longer than calls to Logto
    take.  *in_use* returns the sessions of which something is open here, *now* unix
    seconds.
    """

    records: Records
    changes: Changes
    known: KnownSessions
    revocations: Revocations
    lasting: float
    random_text: Callable[[], str]
    now: Callable[[], float]
    in_use: _Sessions = _none
    _waiting: deque[Mark] = field(default_factory=lambda: deque(maxlen=MOST_WAITING))
    _sending: asyncio.Task[None] | None = None
    _failed: bool = False
    _again: asyncio.TimerHandle | None = None

    async def start(self) -> None:
        """Begin to hear of the others, as soon as Redis can be reached."""
        self.revocations.watch(self._ended_here, own=True)
        await self.changes.start(self)

    async def close(self) -> None:
        """Tell what is left to tell, and close all connections."""
        await self.told()
        if self._again is not None:
            self._again.cancel()
        await self.changes.close()
        await self.records.server.close()

    async def first_use(self, name: str, until: float, now: float) -> bool:
        """Return whether *name* is used for the first time, in whatever process."""
        key = USED + sha256(name.encode("utf-8", "surrogatepass")).hexdigest()
        milliseconds = max(1, int((until - now) * 1000))
        return await self.records.server.claim(key, "1", milliseconds)

    @asynccontextmanager
    async def turn(self, session: Session) -> AsyncIterator[Session]:
        """Give the right to ask Logto about *session* to one holder at a time."""
        key, token = TURN + session.id, self.random_text()
        await self._claim(key, token)
        try:
            found, lives = await self.records.read_for_turn(session)
            if not lives:
                self._gone([session])
            yield found or session
        finally:
            with contextlib.suppress(StoreAway):  # then it is over by itself
                await self.records.server.write(scripts.RELEASE, [key], token)

    async def keep(
        self, before: Session, renewed: Session, until: float, now: float
    ) -> None:
        """Have all find *renewed*; who signed out meanwhile, its token to revoke.

        Where Redis is away the store of this process keeps it, and writes it later.
        """
        left_for = min(until - now, LATE_FOR)
        with contextlib.suppress(StoreAway):
            await self.records.update(before, renewed, now, left_for=left_for)

    async def told(self) -> bool:
        """Wait until all that was ended here is ended in Redis; False where not."""
        while self._waiting or self._sending is not None:
            if self._sending is None:
                self._send()
            if self._sending is not None:
                await asyncio.wait([self._sending])
            if self._failed:
                return False
        return True

    def heard(self, message: Message) -> None:
        """Hear what another gateway says."""
        match message:
            case Mark(whose, value):
                if whose is Whose.SESSION:
                    self.known.drop(value)
                self.revocations.take(message, self.now())
            case Changed(session_id):
                self.known.drop(session_id)

    async def hears_again(self) -> None:
        """Learn who was revoked while nothing was heard, and whose session ended."""
        now = self.now()
        for mark in await self.records.marks(now):
            self.revocations.take(mark, now)
        sessions = {session.id: session for session in self.in_use()}
        there = await self.records.are_there(list(sessions))
        pairs = zip(sessions.values(), there, strict=True)
        self._gone([session for session, is_there in pairs if not is_there])

    def _gone(self, sessions: Iterable[Session]) -> None:
        """Have *sessions* be over here: Redis has them no more, which all know."""
        now = self.now()
        for session in sessions:
            self.known.drop(session.id)
            until = self.revocations.until(session.signed_in_at)
            self.revocations.take(Mark(Whose.SESSION, session.id, now, until), now)

    async def _claim(self, key: str, token: str) -> None:
        """Wait for the turn; whoever has it loses it by and by.  Raises StoreAway."""
        clock = asyncio.get_running_loop().time
        end, milliseconds = clock() + self.lasting + 1, int(self.lasting * 1000)
        while not await self.records.server.claim(key, token, milliseconds):
            if clock() >= end:
                raise StoreAway("others ask about the session for too long")
            await asyncio.sleep(LOOK_AGAIN)

    def _ended_here(self, mark: Mark) -> None:
        if mark.whose is Whose.SESSION:
            self.known.drop(mark.value)
        self._waiting.append(mark)
        if self._sending is None:
            self._send()

    def _send(self) -> None:
        self._failed = False
        self._sending = asyncio.get_running_loop().create_task(self._tell_all())

    async def _tell_all(self) -> None:
        try:
            while self._waiting:
                await self.records.tell(self._waiting[0], self.now())
                self._waiting.popleft()
        except StoreAway:
            self._failed = True
            loop = asyncio.get_running_loop()
            self._again = loop.call_later(SEND_AGAIN, self._try_again)
        finally:
            self._sending = None

    def _try_again(self) -> None:
        if self._waiting and self._sending is None:
            self._send()
