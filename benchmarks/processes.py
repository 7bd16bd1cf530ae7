"""Starts programs, asks the kernel what they cost, and ends them again."""

import asyncio
import os
import signal
import socket
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
_START = 20.0  # seconds for a program to listen
_END = 5.0  # seconds for a program to end
_GLANCE = 0.05


class NotStarted(Exception):  # noqa: N818 - says what is the case
    """A program that did not come up; the message holds what it said."""


def free_port() -> int:
    """Return a port of loopback that nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


class Program:
    """A program with all its children, in a process group of its own.

    Where its *output* is not asked for, nobody keeps it.
    """

    def __init__(
        self,
        command: Sequence[str],
        folder: Path,
        name: str,
        output: Path = Path(os.devnull),
    ) -> None:
        self._said = folder / f"{name}.log"
        with self._said.open("wb") as said, output.open("wb") as out:
            self._process = subprocess.Popen(  # noqa: S603 - named in this folder
                command, stdout=out, stderr=said, start_new_session=True
            )

    @property
    def pid(self) -> int:
        """The process id of its root."""
        return self._process.pid

    async def listens(self, port: int) -> None:
        """Wait until it accepts connections.  Raises NotStarted."""
        end = asyncio.get_running_loop().time() + _START
        while asyncio.get_running_loop().time() < end:
            if self._process.poll() is not None:
                break
            with suppress(OSError), socket.create_connection(("127.0.0.1", port)):
                return
            await asyncio.sleep(_GLANCE)
        await self.end()
        raise NotStarted(self._said.read_text(errors="replace").strip())

    async def end(self) -> None:
        """End it and its children."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            with suppress(ProcessLookupError):
                os.killpg(self.pid, number)
            with suppress(subprocess.TimeoutExpired):
                await asyncio.to_thread(self._process.wait, _END)
                return


def tree(pid: int) -> Iterator[int]:
    """Yield *pid* and the ids of all processes below it."""
    yield pid
    for task in Path(f"/proc/{pid}/task").iterdir():
        with suppress(OSError):
            for child in (task / "children").read_text().split():
                yield from tree(int(child))


def cpu_seconds(pid: int) -> float:
    """Return the CPU time of *pid* and all below it, those that have ended too."""
    return sum(map(_own_seconds, tree(pid)))


def _own_seconds(pid: int) -> float:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return 0.0
    # After the name, which may hold anything: the 14th to 17th fields (proc(5)) are
    # utime, stime, and both of the children that were waited for.
    fields = stat.rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / _TICKS


def pss(pid: int) -> int:
    """Return the proportional set size of *pid* and all below it, in KiB."""
    total = 0
    for each in tree(pid):
        with suppress(OSError):
            for line in Path(f"/proc/{each}/smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    total += int(line.split()[1])
    return total
