"""Work that outlives the request that asked for it.

A code exchange, a refresh or a revocation must reach its end even when the
client has gone: a token that nobody received ends the grant.  Such work runs
here, owned by the process; the request only waits for it.
"""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class OwnedTasks:
    """Runs coroutines to their end, whoever stops waiting for them."""

    def __init__(self) -> None:
        self._running: set[asyncio.Task[Any]] = set()

    async def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Return the result of *work*, or raise what it raised.

        Cancelling the caller cancels the waiting only; *work* goes on.
        """
        task = asyncio.get_running_loop().create_task(work)
        self._running.add(task)
        task.add_done_callback(self._finished)
        return await asyncio.shield(task)

    def _finished(self, task: asyncio.Task[Any]) -> None:
        self._running.discard(task)
        if not task.cancelled():
            task.exception()  # seen: a waiter that left must not make a warning

    async def close(self, deadline: float) -> None:
        """Wait until all work is done, *deadline* seconds at the most; then cancel."""
        if not self._running:
            return
        _done, late = await asyncio.wait(self._running, timeout=deadline)
        for task in late:
            task.cancel()
        if late:
            await asyncio.wait(late)
