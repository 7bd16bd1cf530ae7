"""A proxy in a process of its own, whose memory can be looked at.

Run as a program it takes the upstream's address and prints its port.
"""

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import uvloop

from tests.support.proxy_server import proxying

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class ProxyProcess:
    """Where it listens, and who it is."""

    port: int
    pid: int

    def peak_memory(self) -> int:
        """Return the most memory it ever held, in bytes."""
        return self._memory("VmHWM")

    def memory(self) -> int:
        """Return the memory it holds, in bytes."""
        return self._memory("VmRSS")

    def _memory(self, name: str) -> int:
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith(name):
                return int(line.split()[1]) * 1024
        raise LookupError(name)


@contextlib.asynccontextmanager
async def proxy_process(upstream: str) -> AsyncIterator[ProxyProcess]:
    """Yield a proxy in front of *upstream*."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.support.proxy_process",
        upstream,
        cwd=ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stdin is not None
    try:
        port = int(await process.stdout.readline())
        yield ProxyProcess(port, process.pid)
    finally:
        process.stdin.close()
        await process.wait()


async def _main(upstream: str) -> None:
    async with proxying(upstream) as proxy:
        print(proxy.port, flush=True)  # noqa: T201
        await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_main(sys.argv[1]))
