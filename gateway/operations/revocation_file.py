"""Revocations on disk, so that a restart lets nobody back in.

One line for each mark, with a checksum.  What is damaged is not guessed at: the
gateway does not start.  Only an end that was never written whole is left away: that
is what a power cut leaves behind of a mark that nobody was told is kept.

Everything here blocks.
"""

import json
import os
from collections.abc import Iterable
from pathlib import Path
from zlib import crc32

from gateway.operations.start_failed import StartFailed
from gateway.sessions.revocations import Mark, Whose

NAME = "revocations"
_HEADER = b"gateway revocations 1\n"
_LARGEST = 64 * 1024 * 1024  # bytes; several times what a full memory takes
_ONLY_US = 0o600


class RevocationFile:
    """The file of one gateway's revocations in the directory *directory*."""

    def __init__(self, directory: str) -> None:
        self._directory = Path(directory)
        self._path = self._directory / NAME

    def load(self) -> list[Mark]:
        """Return the marks that were kept; none where there is no file yet.

        Raises StartFailed where the file is damaged or cannot be read.
        """
        try:
            with self._path.open("rb") as file:
                content = file.read(_LARGEST + 1)
        except FileNotFoundError:
            return []
        except OSError as error:
            raise StartFailed(
                f"cannot read {self._path}: {(error.strerror or str(error)).lower()}. "
                "server.state_directory must be a folder of the user that the gateway "
                "runs as"
            ) from None
        if len(content) > _LARGEST or not content.startswith(_HEADER):
            raise self._failed("is no file of revocations")
        lines = content.removeprefix(_HEADER).split(b"\n")[:-1]
        return [self._mark(line, number) for number, line in enumerate(lines, 2)]

    def rewrite(self, marks: Iterable[Mark]) -> None:
        """Put *marks* in the place of all that was kept, or leave it as it is.

        Raises OSError.
        """
        new = self._path.with_suffix(".new")
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _ONLY_US)
        with os.fdopen(descriptor, "wb") as file:
            file.write(_HEADER)
            file.writelines(_line(mark) for mark in marks)
            file.flush()
            os.fsync(file.fileno())
        new.replace(self._path)
        directory = os.open(self._directory, os.O_RDONLY)
        try:
            os.fsync(directory)  # the name is part of what is kept
        finally:
            os.close(directory)

    def append(self, marks: Iterable[Mark]) -> None:
        """Add *marks*.  Raises OSError: then the file needs to be written anew."""
        descriptor = os.open(self._path, os.O_WRONLY | os.O_APPEND)
        with os.fdopen(descriptor, "ab") as file:
            file.writelines(_line(mark) for mark in marks)
            file.flush()
            os.fsync(file.fileno())

    def start(self, marks: Iterable[Mark]) -> None:
        """Write *marks* for the first time.  Raises StartFailed where it cannot."""
        try:
            self.rewrite(marks)
        except OSError as error:
            raise StartFailed(
                f"cannot write to server.state_directory {self._directory}: "
                f"{(error.strerror or str(error)).lower()}. It must be a folder "
                "that the gateway's user can write to, with room in it"
            ) from None

    def _mark(self, line: bytes, number: int) -> Mark:
        try:
            return _parse(line)
        except (ValueError, TypeError, RecursionError):
            raise self._failed(f"is damaged on line {number}") from None

    def _failed(self, what: str) -> StartFailed:
        return StartFailed(
            f"{self._path} {what}. It says who was signed out or revoked. Bring it "
            "back from a copy; or move it away and change session.keys, which signs "
            "everybody out"
        )


def _line(mark: Mark) -> bytes:
    values = [mark.whose, mark.value, mark.at, mark.until]
    text = json.dumps(values, separators=(",", ":")).encode("ascii")
    return b"%08x %b\n" % (crc32(text), text)


def _parse(line: bytes) -> Mark:
    """Return the mark of *line*.  Raises ValueError or TypeError for anything else."""
    checksum, _, text = line.partition(b" ")
    if checksum != b"%08x" % crc32(text):
        raise ValueError("the checksum differs")
    whose, value, at, until = json.loads(text)
    if not isinstance(value, str):
        raise TypeError("not a text")
    return Mark(Whose(whose), value, float(at), float(until))
