"""A worker's line to its supervisor: what it is told to do, and what it shares."""

import asyncio
import socket
from collections.abc import Callable, Coroutine
from typing import Any, Protocol

from gateway.operations.owned_tasks import OwnedTasks
from gateway.operations.workers.channel import Channel
from gateway.operations.workers.fellow_workers import FellowWorkers
from gateway.operations.workers.figures import Family
from gateway.operations.workers.messages import (
    AskFigures,
    AskPulse,
    Done,
    Figures,
    FromSupervisor,
    FromWorker,
    HandBack,
    Order,
    Pulse,
    Ready,
    Stop,
    StopAtOnce,
    TakeOver,
    Trouble,
)
from gateway.operations.workers.writing import from_supervisor
from gateway.sessions.last_seen import LastSeen
from gateway.sessions.revocations import Revocations, Whose
from gateway.sessions.sharing import Sharing

LAST_WORDS = 1.0  # seconds for what was begun


class Obedient(Protocol):
    """What does as the supervisor says."""

    def figures(self) -> tuple[Family, ...]:
        """Return the metrics as they are now."""
        ...

    async def revoke(self, whose: Whose, value: str) -> bool:
        """Revoke sessions, and return whether that is kept."""
        ...

    async def take_over(self, listeners: int) -> None:
        """Accept from the listeners of that worker as well."""

    async def hand_back(self, listeners: int) -> None:
        """Leave them to their worker again."""


class LineToSupervisor:
    """Hears the supervisor; *gone* is called where it is not there any more.

    *at_once* ends the process.  *hold* is how long one may have the turn, in seconds.
    """

    def __init__(
        self, *, gone: Callable[[], None], at_once: Callable[[], None], hold: float
    ) -> None:
        self._gone = gone
        self._at_once = at_once
        self._hold = hold
        self._channel: Channel[FromSupervisor] | None = None
        self._fellows: FellowWorkers | None = None
        self._obedient: Obedient | None = None
        self._tasks = OwnedTasks()
        self._stop: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def open(self, end: socket.socket) -> None:
        """Begin to hear what comes over *end*."""
        self._channel = await Channel.over(
            end, from_supervisor, self._heard, self._gone
        )

    def sharing(self, revocations: Revocations, now: Callable[[], float]) -> Sharing:
        """Return what the workers share, with *revocations* for who is out."""
        self._fellows = FellowWorkers(self._send, revocations, now=now, hold=self._hold)
        return self._fellows

    def share_use(self, last_seen: LastSeen, every: float) -> None:
        """Have all workers know which sessions are in use, where they share that."""
        if self._fellows is not None:
            self._fellows.share_use(last_seen, every)

    def serve(self, obedient: Obedient) -> None:
        """Say that this worker is ready; *obedient* does from now on what is said."""
        self._obedient = obedient
        self._send(Ready())

    def say_trouble(self, reason: str | None) -> None:
        """Say why people cannot be served here; None where they can."""
        self._send(Trouble(reason or ""))

    async def until_stopped(self) -> None:
        """Wait until the supervisor says that it is enough."""
        await asyncio.shield(self._stop)

    async def close(self) -> None:
        """Finish what was begun."""
        await self._tasks.close(LAST_WORDS)

    def _send(self, message: FromWorker) -> None:
        if self._channel is not None:
            self._channel.send(message)

    def _heard(self, message: FromSupervisor) -> None:
        if self._fellows is not None:
            self._fellows.heard(message)
        match message:
            case Stop():
                if not self._stop.done():
                    self._stop.set_result(None)
            case StopAtOnce():
                self._at_once()
            case _ if self._obedient is not None:
                self._obey(message, self._obedient)
            case _:
                pass

    def _obey(self, message: FromSupervisor, obedient: Obedient) -> None:
        match message:
            case AskPulse(ask):
                self._send(Pulse(ask))
            case AskFigures(ask):
                self._send(Figures(ask, obedient.figures()))
            case Order(ask, whose, value):
                self._tasks.begin(self._carry_out(ask, obedient.revoke(whose, value)))
            case TakeOver(listeners):
                self._tasks.begin(obedient.take_over(listeners))
            case HandBack(listeners):
                self._tasks.begin(obedient.hand_back(listeners))
            case _:
                pass

    async def _carry_out(self, ask: int, order: Coroutine[Any, Any, bool]) -> None:
        self._send(Done(ask, await order))
