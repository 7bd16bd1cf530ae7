"""Has each revocation written down, in the order in which they came.

They count at once; writing goes on in a thread, one batch after the other, and
whoever must be sure waits for it.
"""

import asyncio
from collections.abc import Callable, Iterable

import structlog

from gateway.operations.revocation_file import RevocationFile
from gateway.sessions.revocations import Mark, Revocations

TRY_AGAIN = 5.0  # seconds after a write that failed
SLACK = 1000  # lines that the file may hold beyond twice those that count

log = structlog.get_logger("gateway.sessions")


class RevocationJournal:
    """Keeps what *revocations* hears of in *file*; nowhere without a file.

    What the file holds is taken in now; *now* gives unix seconds.  Raises StartFailed
    where it is damaged, or cannot be written.
    """

    def __init__(
        self,
        revocations: Revocations,
        file: RevocationFile | None,
        now: Callable[[], float],
    ) -> None:
        self._revocations = revocations
        self._file = file
        self._now = now
        self._waiting: list[Mark] = []
        self._writing: asyncio.Future[None] | None = None
        self._retry: asyncio.TimerHandle | None = None
        self._broken = False  # the file's end is in doubt
        self._lines = 0
        if file is not None:
            for mark in file.load():
                revocations.restore(mark, now())
            file.start(self._all())
            revocations.watch(self._heard)

    async def saved(self) -> bool:
        """Wait until all that was heard is on disk.  Return False where it is not.

        True at once where nothing is kept.
        """
        while self._waiting or self._writing:
            if self._writing is None:
                self._write()
            if self._writing is not None:
                await asyncio.wait([self._writing])
            if self._broken:
                return False
        return True

    async def close(self) -> None:
        """Write what is waiting, or give up."""
        await self.saved()
        if self._retry is not None:
            self._retry.cancel()

    def _heard(self, mark: Mark) -> None:
        self._waiting.append(mark)
        if self._writing is None:
            self._write()

    def _write(self) -> None:
        """Begin to write what is waiting."""
        if self._file is None:
            return
        batch, self._waiting = self._waiting, []
        loop = asyncio.get_running_loop()
        if self._broken or self._lines > SLACK:
            self._writing = loop.run_in_executor(None, self._file.rewrite, self._all())
        else:
            self._lines += len(batch)
            self._writing = loop.run_in_executor(None, self._file.append, batch)
        self._writing.add_done_callback(lambda done: self._written(done, batch))

    def _written(self, done: asyncio.Future[None], batch: Iterable[Mark]) -> None:
        self._writing = None
        error = None if done.cancelled() else done.exception()
        self._broken = done.cancelled() or error is not None
        if self._broken:
            self._waiting = [*batch, *self._waiting]
            log.error("revocations_not_kept", reason=str(error))
            if self._retry is not None:
                self._retry.cancel()
            self._retry = asyncio.get_running_loop().call_later(TRY_AGAIN, self._again)
        elif self._waiting:
            self._write()

    def _again(self) -> None:
        if self._waiting and self._writing is None:
            self._write()

    def _all(self) -> list[Mark]:
        marks = list(self._revocations.marks(self._now()))
        self._lines = -len(marks)  # so many more lines count
        return marks
