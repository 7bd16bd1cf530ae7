"""What the workers share, in the supervisor: it knows what each of them must know.

It waits for no worker: one that hangs stops nobody but itself, and who has not heard
for too long of somebody who is out is named by :meth:`Hub.look`.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from itertools import islice

from gateway.operations.owned_tasks import OwnedTasks
from gateway.operations.workers.acknowledgements import Acknowledgements
from gateway.operations.workers.messages import (
    Answer,
    AskTold,
    AskTurn,
    Begin,
    Ended,
    EndTurn,
    FirstUse,
    FromSupervisor,
    FromWorker,
    Heard,
    Hello,
    InUse,
    Keep,
    Known,
    SeenInUse,
    Told,
    Turn,
)
from gateway.operations.workers.turns import Claim, Turns
from gateway.sessions.first_uses import FirstUses
from gateway.sessions.last_seen import LastSeen
from gateway.sessions.renewed import RenewedSessions
from gateway.sessions.revocations import Mark, Revocations

DEAF = 5.0  # seconds for a worker to confirm that somebody is out
_AT_A_TIME = 1000  # marks or sessions in one message

Send = Callable[[FromSupervisor], None]


@dataclass(frozen=True, slots=True)
class Lasting:
    """For how many seconds one may have a *turn*, and a session is kept *unused*."""

    turn: float
    unused: float


class Hub:
    """Answers workers, each by the number of its process.

    *saved* waits until all that *revocations* heard of is on disk, and returns whether.
    *now* gives unix seconds, *monotonic* others.
    """

    def __init__(
        self,
        revocations: Revocations,
        saved: Callable[[], Awaitable[bool]],
        *,
        now: Callable[[], float],
        monotonic: Callable[[], float],
        lasting: Lasting,
    ) -> None:
        self._revocations = revocations
        self._saved = saved
        self._now = now
        self._monotonic = monotonic
        self._members: dict[int, Send] = {}
        self._turns = Turns(lasting.turn)
        self._renewed = RenewedSessions()
        self._used = FirstUses()
        self._in_use = LastSeen(lasting.unused)
        self._heard = Acknowledgements()
        self._telling = OwnedTasks()
        self._waiting: list[tuple[int, asyncio.Future[None]]] = []

    def heard(  # noqa: C901, PLR0912 - a case each
        self, member: int, send: Send, message: FromWorker
    ) -> None:
        """Take in a *message* of *member*, whom *send* answers.

        What is not about sharing is somebody else's.
        """
        match message:
            case Hello():
                self._join(member, send)
            case FirstUse(ask, name, until):
                send(Answer(ask, self._used.first_use(name, until, self._now())))
            case AskTurn(ask, session_id):
                claim = Claim(member, ask, session_id)
                self._grant(self._turns.ask(claim, self._monotonic()))
            case EndTurn(ask):
                self._grant(self._turns.end(member, ask, self._monotonic()))
            case Keep():
                self._keep(message)
            case InUse(uses):
                self._see_in_use(member, uses)
            case Ended(mark):
                self._ended(member, mark)
            case AskTold(ask):
                self._telling.begin(self._tell(ask, send))
            case Heard(number):
                self._heard.heard(member, number, self._monotonic())
                self._settle()
            case _:
                pass

    def left(self, member: int) -> None:
        """Hear that *member* is gone: what it held is free."""
        self._members.pop(member, None)
        self._heard.left(member)
        self._grant(self._turns.left(member, self._monotonic()))
        self._settle()

    def look(self) -> list[int]:
        """Take away what is held for too long, and return whom to end: they are deaf.

        Whoever does not hear that somebody is out must serve nobody.  To be called
        about every second.
        """
        now = self._monotonic()
        self._grant(self._turns.overdue(now))
        return self._heard.deaf(DEAF, now)

    async def close(self, seconds: float) -> None:
        """Answer what was asked, within *seconds*."""
        await self._telling.close(seconds)

    def _join(self, member: int, send: Send) -> None:
        self._members[member] = send
        self._heard.joined(member)
        marks = self._revocations.marks(self._now())
        while some := tuple(islice(marks, _AT_A_TIME)):
            send(Known(some))
        uses = iter(self._in_use.since(0))
        while more := tuple(islice(uses, _AT_A_TIME)):
            send(SeenInUse(more))
        send(Begin())

    def _grant(self, claims: Iterable[Claim]) -> None:
        for claim in claims:
            send = self._members.get(claim.member)
            if send is not None:
                send(Turn(claim.ask, self._renewed.of(claim.name, self._now())))

    def _keep(self, kept: Keep) -> None:
        known = self._renewed.of(kept.session.id, self._now())
        if known is None or known.generation <= kept.session.generation:
            self._renewed.keep(kept.session, kept.until, self._now())

    def _see_in_use(self, member: int, uses: Iterable[tuple[str, int]]) -> None:
        """Tell all but *member* which sessions are in use, if they do not know it."""
        news = tuple(one for one in uses if one[1] > self._in_use.at(one[0]))
        for session_id, at in news:
            self._in_use.saw(session_id, at)
        for other, send in self._members.items():
            if news and other != member:
                send(SeenInUse(news))

    def _ended(self, source: int, mark: Mark) -> None:
        self._revocations.take(mark, self._now())
        for member in self._heard.mark(source, self._monotonic()):
            self._members[member](Told(self._heard.last, mark))

    async def _tell(self, ask: int, send: Send) -> None:
        """Answer once all members know what was over when they were *ask*-ed."""
        number = self._heard.last
        kept = await self._saved()
        if not self._heard.all_heard(number):
            heard: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting.append((number, heard))
            await heard
        send(Answer(ask, kept))

    def _settle(self) -> None:
        """Wake those who waited for what all have heard now."""
        waiting, self._waiting = self._waiting, []
        for number, heard in waiting:
            if heard.done():
                continue
            if self._heard.all_heard(number):
                heard.set_result(None)
            else:
                self._waiting.append((number, heard))
