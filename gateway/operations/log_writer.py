"""Writes log lines from a thread of its own, in batches.

A request must neither wait for whoever reads the log nor fail with it: a reader that
stalls fills a bounded queue, and what does not fit is counted instead of kept; a
reader that has gone costs its lines and nothing else.
"""

import os
import select
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import TextIO

from gateway.operations.log_sharing import LogSharing

MOST_WAITING = 4 * 1024 * 1024  # characters of lines that wait to be written
GATHER = 0.02  # seconds in which lines come together to one write


class LogWriter:
    """Writes lines to *stream*; None drops them.

    *on_lost* is called, in the writer's thread, with how many lines went missing,
    once writing works again.  With *sharing* other processes write there as well.
    """

    def __init__(
        self,
        stream: TextIO | None,
        on_lost: Callable[[int], None] | None = None,
        sharing: LogSharing | None = None,
    ) -> None:
        self.lost = 0  # lines since the start
        self._told = 0
        self._on_lost = on_lost
        self._sharing = sharing
        self._descriptor = _descriptor(stream)
        self._torn = False  # the last write left a part of a line
        self._lines: list[str] = []  # always the same list: see write()
        self._given = 0  # characters that came so far
        self._taken = 0  # those of them that the thread has taken
        self._resting = False  # the thread waits for lines, or has ended
        self._busy = False
        self._closing = False
        self._ended = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(
            target=self._run, name="log-writer", daemon=True
        )
        self._thread.start()

    def write(self, line: str) -> None:
        """Take *line* (without its end) to be written soon.  Never waits or raises.

        Without a lock (hot path): to append is one step, and so is each with which the
        thread takes from the other end.  It says that it rests before it looks for
        lines a last time; who looks whether it rests has handed in a line before.
        Where two threads write at once, the bound may be off by one of their lines.
        """
        given = self._given + len(line)
        if given - self._taken > MOST_WAITING:
            self._lose()
            return
        self._given = given
        self._lines.append(line)
        if self._resting:
            self._rouse()

    def flush(self, seconds: float) -> bool:
        """Wait until everything is written, *seconds* at the most.  Return whether."""
        with self._changed:
            return self._changed.wait_for(self._is_idle, seconds)

    def close(self, seconds: float) -> None:
        """Write what there is within *seconds*, and take no more from then on."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        self._thread.join(seconds)

    def _is_idle(self) -> bool:
        return not self._lines and not self._busy

    def _rouse(self) -> None:
        with self._changed:
            if self._ended:
                self._lose_rest()
            else:
                self._resting = False
                self._changed.notify_all()

    def _lose(self) -> None:
        with self._changed:
            self.lost += 1

    def _lose_rest(self) -> None:
        """Count what came too late."""
        self.lost += len(self._take())

    def _take(self) -> list[str]:
        lines = self._lines[:]
        del self._lines[: len(lines)]
        return lines

    def _run(self) -> None:
        while self._await_lines():
            lines = self._take()
            self._taken += sum(map(len, lines))
            self._write(lines)
            del lines  # else they are kept until there are others
        if self._descriptor is not None:
            os.close(self._descriptor)

    def _await_lines(self) -> bool:
        """Wait until there are lines, and a moment for more.  Return False at the end.

        The thread is busy from then on until the next time.
        """
        with self._changed:
            self._busy = False
            self._changed.notify_all()
            self._resting = True
            self._changed.wait_for(lambda: self._lines or self._closing)
            self._resting = False
            self._changed.wait_for(lambda: self._closing, GATHER)
            self._busy = True
            if not self._lines:
                self._end()
            return self._busy

    def _end(self) -> None:
        self._busy, self._resting, self._ended = False, True, True
        self._lose_rest()
        self._changed.notify_all()

    def _write(self, lines: list[str]) -> None:
        alone: AbstractContextManager[None] = nullcontext()
        if self._sharing is not None:
            lines = [self._sharing.signed(line) for line in lines]
            alone = self._sharing.alone()
        pieces, data = deque(self._pieces(lines)), memoryview(b"")
        if self._torn:
            pieces.appendleft(b"\n")
        try:
            with alone:
                while pieces:
                    data = memoryview(pieces.popleft())
                    while data:
                        data = data[self._write_some(data) :]
                        self._torn = True
        except OSError:
            unwritten = b"".join((data, *pieces)).removeprefix(b"\n")
            with self._changed:
                self.lost += max(1, unwritten.count(b"\n"))
            return
        self._torn = False
        self._tell()

    def _pieces(self, lines: Sequence[str]) -> Iterator[bytes]:
        """Yield what is written at once: all *lines*, or as many as are never torn."""
        text = "\n".join(lines) + "\n"
        data = text.encode("utf-8", "backslashreplace")
        if self._sharing is None:
            yield data
        else:
            yield from self._sharing.pieces(data)

    def _write_some(self, data: memoryview) -> int:
        """Return how many bytes of *data* could be written.  Raises OSError."""
        if self._descriptor is None:
            raise BrokenPipeError
        try:
            return os.write(self._descriptor, data)
        except BlockingIOError:  # somebody made our standard output non-blocking
            select.select([], [self._descriptor], [], 1.0)
            return 0

    def _tell(self) -> None:
        missing = self.lost - self._told
        if missing and self._on_lost is not None:
            self._told += missing
            self._on_lost(missing)


def keep_standard_streams() -> None:
    """Open those of the standard streams that are closed, to nowhere.

    Else the next socket gets such a number, and libuv aborts the process over it.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free


def _descriptor(stream: TextIO | None) -> int | None:
    """Return a descriptor of our own for *stream*, with what it has buffered written.

    Whoever closes the stream must not have us write into what takes its number next.
    """
    if stream is None:
        return None
    try:
        stream.flush()
        return os.dup(stream.fileno())
    except (OSError, ValueError):
        return None
