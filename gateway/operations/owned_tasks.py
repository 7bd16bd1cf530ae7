"""Work that outlives the request that asked for it.

A code exchange, a refresh or a revocation must reach its end even when the
client has gone: a token that nobody received ends the grant.  Such work runs
here, owned by the process; the request only waits for it.
"""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

import structlog

T = TypeVar("T")
LAST_WORDS = 1.0  # seconds for cancelled work to clean up after itself
log = structlog.get_logger("gateway")


class OwnedTasks:
    """Runs coroutines to their end, whoever stops waiting for them."""

    def __init__(self) -> None:
        self._running: set[asyncio.Task[Any]] = set()
        self._unheard: set[asyncio.Task[Any]] = set()  # whoever waited has left

    @property
    def count(self) -> int:
        """How many are running."""
        return len(self._running)

    async def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Return the result of *work*, or raise what it raised.

        Cancelling the caller cancels the waiting only; *work* goes on.
        """
        task = self._start(work)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            if not task.done():
                self._unheard.add(task)
            raise

    def begin(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Begin *work*, and return its task, for waiting with ``asyncio.wait`` only.

        What it raises is logged: nobody need be there to hear it.
        """
        task = self._start(work)
        self._unheard.add(task)
        return task

    def _start(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        task = asyncio.get_running_loop().create_task(work)
        self._running.add(task)
        task.add_done_callback(self._finished)
        return task

    def _finished(self, task: asyncio.Task[Any]) -> None:
        self._running.discard(task)
        unheard = task in self._unheard
        self._unheard.discard(task)
        if task.cancelled():
            return
        error = task.exception()  # seen: no warning for a waiter that left
        if error is not None and unheard:
            log.warning("owned_work_failed", exc_info=error)

    async def close(self, deadline: float) -> None:
        """Wait until all work is done, *deadline* seconds at the most; then cancel."""
        loop = asyncio.get_running_loop()
        end = loop.time() + deadline
        while self._running and loop.time() < end:  # work may begin more work
            await asyncio.wait(self._running, timeout=end - loop.time())
        late = list(self._running)
        if not late:
            return
        log.warning("owned_work_abandoned", tasks=len(late), deadline=deadline)
        for task in late:
            task.cancel()
        await asyncio.wait(late, timeout=LAST_WORDS)
