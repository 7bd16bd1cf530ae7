"""Sharing with nobody: where there is one process."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from gateway.sessions.first_uses import FirstUses
from gateway.sessions.session import Session


class OneProcess:
    """Where there is no other process.

    *saved* waits until all that was ended is on disk, and returns whether.
    """

    def __init__(self, saved: Callable[[], Awaitable[bool]]) -> None:
        self._saved = saved
        self._used = FirstUses()
        self._turns = Turns()

    async def start(self) -> None:
        """Do nothing: there is nobody to hear of."""

    async def close(self) -> None:
        """Do nothing."""

    async def first_use(self, name: str, until: float, now: float) -> bool:
        """Return whether *name* is used for the first time."""
        return self._used.first_use(name, until, now)

    @asynccontextmanager
    async def turn(self, session: Session) -> AsyncIterator[Session]:
        """Give the right to ask about *session*: nobody else knows more of it."""
        async with self._turns.of(session.id):
            yield session

    async def keep(
        self, before: Session, renewed: Session, until: float, now: float
    ) -> None:
        """Do nothing: the session store of this process keeps it."""

    async def told(self) -> bool:
        """Wait until all is on disk."""
        return await self._saved()


class Turns:
    """One holder at a time for each name, in this process; first come, first served."""

    def __init__(self) -> None:
        self._locks: dict[str, tuple[asyncio.Lock, set[object]]] = {}

    @asynccontextmanager
    async def of(self, name: str) -> AsyncIterator[None]:
        """Hold the turn for *name*."""
        lock, wanted_by = self._locks.setdefault(name, (asyncio.Lock(), set()))
        me = object()
        wanted_by.add(me)
        try:
            async with lock:
                yield
        finally:
            wanted_by.discard(me)
            if not wanted_by:
                del self._locks[name]

    def __len__(self) -> int:
        return len(self._locks)
