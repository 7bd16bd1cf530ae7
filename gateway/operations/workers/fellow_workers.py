"""A worker's end of what all workers of a machine share."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

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
from gateway.operations.workers.questions import Questions, Unanswered
from gateway.sessions.last_seen import LastSeen
from gateway.sessions.revocations import Mark, Revocations
from gateway.sessions.session import Session
from gateway.sessions.sharing import SharingAway


@dataclass(frozen=True, slots=True)
class Patience:
    """How many seconds are waited for the supervisor.

    For all that counts, for what it knows by itself, and until all workers have heard:
    who does not hear is ended before.
    """

    begins: float = 30.0
    answers: float = 5.0
    reaches: float = 10.0


PATIENCE = Patience()


class FellowWorkers:
    """Sharing, by way of the supervisor, whom *send* reaches.

    *hold* is the longest that one holder may have a turn, in seconds; *now* gives unix
    seconds.
    """

    def __init__(
        self,
        send: Callable[[FromWorker], None],
        revocations: Revocations,
        *,
        now: Callable[[], float],
        hold: float,
        patience: Patience = PATIENCE,
    ) -> None:
        self._patience = patience
        self._send = send
        self._revocations = revocations
        self._now = now
        self._hold = hold
        self._answers: Questions[bool] = Questions()
        self._turns: Questions[Session | None] = Questions()
        self._begun: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._ended = 0  # marks that were made here, and how many of them all know
        self._known = 0
        self._last_seen: LastSeen | None = None
        self._told_at = 0.0
        self._telling: asyncio.TimerHandle | None = None
        revocations.watch(self._ended_here, own=True)

    def heard(self, message: FromSupervisor) -> None:  # noqa: C901, PLR0912 - a case each
        """Take in a *message* of the supervisor; what is not about sharing is not."""
        match message:
            case Answer(ask, yes):
                self._answers.answered(ask, yes)
            case Turn(ask, newest):
                self._turns.answered(ask, newest)
            case Known(marks):
                for mark in marks:
                    self._revocations.restore(mark, self._now())
            case Begin():
                if not self._begun.done():
                    self._begun.set_result(None)
            case SeenInUse(uses) if self._last_seen is not None:
                for session_id, at in uses:
                    self._last_seen.saw(session_id, at)
            case Told(number, mark):
                self._revocations.take(mark, self._now())
                self._send(Heard(number))
            case _:
                pass

    async def start(self) -> None:
        """Learn all that counts.  Raises SharingAway."""
        self._send(Hello())
        try:
            async with asyncio.timeout(self._patience.begins):
                await asyncio.shield(self._begun)
        except TimeoutError:
            raise SharingAway("The supervisor does not answer.") from None

    def share_use(self, last_seen: LastSeen, every: float) -> None:
        """Tell *every* so many seconds which sessions *last_seen* has in use here.

        A request may come to one worker while a WebSocket is open at another.
        """
        self._last_seen = last_seen
        news = tuple(last_seen.since(self._told_at))
        self._told_at = self._now()
        if news:
            self._send(InUse(news))
        self._telling = asyncio.get_running_loop().call_later(
            every, self.share_use, last_seen, every
        )

    async def close(self) -> None:
        """Wait for nothing more."""
        if self._telling is not None:
            self._telling.cancel()
        self._answers.close()
        self._turns.close()

    async def first_use(self, name: str, until: float, now: float) -> bool:  # noqa: ARG002 - the supervisor has a clock
        """Return whether *name* is used for the first time.  Raises SharingAway."""
        try:
            return await self._answers.ask(
                lambda ask: self._send(FirstUse(ask, name, until)),
                self._patience.answers,
            )
        except Unanswered as error:
            raise SharingAway(f"The supervisor: {error}.") from None

    @asynccontextmanager
    async def turn(self, session: Session) -> AsyncIterator[Session]:
        """Give the right to ask about *session*.  Raises SharingAway."""
        asked: list[int] = []

        def ask(number: int) -> None:
            asked.append(number)
            self._send(AskTurn(number, session.id))

        try:
            try:
                newest = await self._turns.ask(ask, self._hold + self._patience.answers)
            except Unanswered as error:
                raise SharingAway(f"The supervisor: {error}.") from None
            is_newer = newest is not None and newest.generation > session.generation
            yield newest if newest is not None and is_newer else session
        finally:
            for number in asked:
                self._send(EndTurn(number))

    async def keep(
        self,
        before: Session,  # noqa: ARG002 - it says how to seal it where it is sealed
        renewed: Session,
        until: float,
        now: float,  # noqa: ARG002 - the supervisor has a clock
    ) -> None:
        """Have the supervisor keep *renewed*; it knows before the turn ends."""
        self._send(Keep(renewed, until))

    async def told(self) -> bool:
        """Wait until all workers know of all that ended here, and it is on disk."""
        ended = self._ended
        if ended == self._known:
            return True
        try:
            kept = await self._answers.ask(
                lambda ask: self._send(AskTold(ask)), self._patience.reaches
            )
        except Unanswered:
            return False
        if kept:
            self._known = max(self._known, ended)
        return kept

    def _ended_here(self, mark: Mark) -> None:
        self._ended += 1
        self._send(Ended(mark))
