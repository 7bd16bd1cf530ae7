"""Sessions as Redis has them: written, read and found again, each in one step."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum

from gateway.sessions.in_redis import scripts
from gateway.sessions.in_redis.keys import OwnKeys, all_names
from gateway.sessions.in_redis.messages import (
    Changed,
    Message,
    open_message,
    open_note,
    seal_message,
    seal_note,
)
from gateway.sessions.in_redis.places import (
    INDEX,
    LATE,
    MARK,
    MARKS,
    SESSION,
    channel,
)
from gateway.sessions.in_redis.reference import (
    NONCE_SIZE,
    Reference,
    open_session,
    seal_session,
)
from gateway.sessions.in_redis.server import Argument, RedisServer
from gateway.sessions.note import Note
from gateway.sessions.revocations import MOST_MARKS, Mark, Whose, falls_under
from gateway.sessions.session import CLOCK_LEEWAY, Session
from gateway.sessions.settings import SessionSettings
from gateway.sessions.stored import Stored

AT_ONCE = 500  # sessions that one script ends: Redis does nothing else meanwhile
MOST_SHOWN, MOST_LOOKED_AT = 50, 500  # of one person
EVERYBODY = (str(Whose.EVERYBODY), "")


class Written(IntEnum):
    """What became of a session that was to be written."""

    ENDED = -1  # there is none any more
    OLD = 0  # there is a newer one
    DONE = 1


@dataclass(frozen=True, slots=True)
class Records:
    """The sessions in *server*; *sender* is what this process calls itself there.

    All that asks the server raises StoreAway.  Times in unix seconds.
    """

    server: RedisServer
    own: OwnKeys
    settings: SessionSettings
    database: int
    sender: str
    random_bytes: Callable[[int], bytes]

    async def begin(self, session: Session, now: float) -> bool:
        """Write *session*, a new one; False where its person was revoked meanwhile."""
        pairs = _pairs(session)
        keys = (
            *self._places(session),
            *(MARK + name for name in all_names(self.own, pairs)),
        )
        begun = await self.server.write(
            scripts.BEGIN, keys, *self._values(session, now, len(pairs))
        )
        return bool(begun)

    async def update(
        self, before: Session, session: Session, now: float, *, left_for: float = 0.0
    ) -> Written:
        """Write *session*, which *before* became, unless a newer one is there.

        Where it has ended it is left for *left_for* seconds, for
        :meth:`read_for_turn`.  Others hear of it where its tokens changed.
        """
        changed = session.generation != before.generation
        written = await self.server.write(
            scripts.UPDATE,
            (*self._places(session), LATE + session.id),
            *self._values(session, now, len(_pairs(session))),
            before.generation,
            int(left_for * 1000),
            channel(self.database),
            self._sealed(Changed(session.id)) if changed else b"",
        )
        return Written(written)

    async def read(self, reference: Reference) -> Session | None:
        """Return the session that *reference* names; None where there is none."""
        marks = [MARK + name for name in self.own.names(*EVERYBODY)]
        keys = (SESSION + reference.id, *marks)
        found = await self.server.read(scripts.READ, keys)
        if found is None:
            return None
        return self._opened(reference, found[0], found[1])

    async def read_for_turn(self, session: Session) -> tuple[Session | None, bool]:
        """Return the newest of *session*, and whether it has not ended."""
        if session.stored is None:
            return None, False
        reference = Reference(session.id, session.stored.key)
        keys = (SESSION + session.id, LATE + session.id)
        sealed, note, lives = await self.server.read(scripts.READ_FOR_TURN, keys)
        found = self._opened(reference, sealed, note)
        return found, bool(lives) and found is not None

    async def are_there(self, ids: Sequence[str]) -> list[bool]:
        """Tell of each of *ids* whether there is a session of that name."""
        found: list[bool] = []
        for start in range(0, len(ids), AT_ONCE):
            keys = [SESSION + one for one in ids[start : start + AT_ONCE]]
            told = await self.server.read(scripts.ARE_THERE, keys, anyway=True)
            found += map(bool, told)
        return found

    async def marks(self, now: float) -> list[Mark]:
        """Return who was revoked, as far as that still counts at *now*."""
        found = await self.server.read(scripts.MARKS, [MARKS], now, anyway=True)
        opened = (open_message(self.own, one) for one in found)
        messages = (one[1] for one in opened if one is not None)
        return [message for message in messages if isinstance(message, Mark)]

    async def of_subject(self, subject: str) -> list[Note]:
        """Return what the person *subject* is shown of their sessions, newest first."""
        names = [INDEX + name for name in self.own.names(str(Whose.SUBJECT), subject)]
        found = await self.server.read(scripts.LIST, names, SESSION, MOST_LOOKED_AT)
        pairs = zip(found[::2], found[1::2], strict=True)
        notes = (open_note(self.own, one.decode("ascii"), note) for one, note in pairs)
        by_id = {note.id: note for note in notes if note is not None}
        newest = sorted(by_id.values(), key=lambda note: -note.seen_at)
        return newest[:MOST_SHOWN]

    async def tell(self, mark: Mark, now: float) -> None:
        """End the sessions that *mark* is about, and have all gateways hear of it."""
        places: tuple[Argument, ...] = (channel(self.database), self._sealed(mark))
        if mark.whose is Whose.SESSION:
            keys = [SESSION + mark.value]
            await self.server.write(scripts.END, keys, mark.value, *places)
            return
        names = self.own.names(str(mark.whose), mark.value)
        keys = [*(MARK + name for name in names), *(INDEX + name for name in names)]
        lasting = max(1, int((mark.until - now) * 1000))
        more = True
        while more:
            more = await self.server.write(
                scripts.REVOKE,
                keys,
                mark.at,
                lasting,
                SESSION,
                AT_ONCE,
                *places,
                MARKS,
                MOST_MARKS,
                mark.until,
                now,
            )
            places = (places[0], b"")

    def _places(self, session: Session) -> tuple[str, ...]:
        pairs = _pairs(session)
        return (
            SESSION + session.id,
            *(INDEX + self.own.names(*pair)[0] for pair in pairs),
        )

    def _values(
        self, session: Session, now: float, indexes: int
    ) -> tuple[Argument, ...]:
        stored = session.stored
        if stored is None:
            raise ValueError("a session that was not read from Redis, nor begun there")
        max_age = self.settings.max_age
        ends = min(
            session.seen_at + self.settings.idle_timeout, session.signed_in_at + max_age
        )
        return (
            session.id,
            seal_session(session, stored.key, self.random_bytes(NONCE_SIZE)),
            session.generation,
            session.signed_in_at,
            seal_note(self.own, session, self.random_bytes(NONCE_SIZE)),
            max(1, int((ends - now) * 1000)),
            int((max_age + CLOCK_LEEWAY) * 1000),
            now - max_age - CLOCK_LEEWAY,
            indexes,
        )

    def _opened(
        self, reference: Reference, sealed: bytes, note: bytes | None
    ) -> Session | None:
        session = open_session(sealed, reference)
        if session is None:
            return None
        shown = open_note(self.own, session.id, note or b"")
        browser, host = (shown.browser, shown.host) if shown else ("", "")
        return replace(session, stored=Stored(reference.key, browser, host))

    def _sealed(self, message: Message) -> bytes:
        nonce = self.random_bytes(NONCE_SIZE)
        return seal_message(self.own, message, self.sender, nonce)


def _pairs(session: Session) -> list[tuple[str, str]]:
    return [(str(whose), value) for whose, value in falls_under(session)]
