"""One log that several processes write: whole lines, and whose each is."""

import os
import select
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

PIECE = getattr(select, "PIPE_BUF", 512)  # bytes that a pipe takes whole or not at all


@dataclass(frozen=True, slots=True)
class LogSharing:
    """The process is the worker *number*, None for the supervisor.

    All of them lock the descriptor *lock* of one file while they write.
    """

    number: int | None
    lock: int

    def signed(self, line: str) -> str:
        """Return *line* with the number of the worker."""
        if self.number is None:
            return line
        if line.startswith("{"):
            return f'{line[:-1]}, "worker": {self.number}}}'
        return f"[{self.number}] {line}"

    def pieces(self, data: bytes) -> Iterator[bytes]:
        """Yield *data* in pieces that end with a line.

        Who is killed while it writes one leaves no half of a line, unless that line is
        longer than a piece.
        """
        start = 0
        while start < len(data):
            end = data.rfind(b"\n", start, start + PIECE) + 1
            if not end:
                end = data.index(b"\n", start) + 1
            yield data[start:end]
            start = end

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Hold back the other processes; a lock of one that dies is gone with it."""
        if sys.platform == "win32":
            yield
            return
        import fcntl  # noqa: PLC0415 - not on Windows

        fcntl.lockf(self.lock, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.lockf(self.lock, fcntl.LOCK_UN)


def new_lock() -> int:
    """Return the descriptor of a file that has no name, for :class:`LogSharing`."""
    if hasattr(os, "memfd_create"):
        return os.memfd_create("gateway-log")  # needs no folder that can be written
    import tempfile  # noqa: PLC0415 - not on Linux

    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())
