"""Does somebody who holds thousands of connections keep others waiting?

    .venv/bin/python -m benchmarks.hold                # 5,000 idle, 1,000 slow heads
    .venv/bin/python -m benchmarks.hold --idle 300 --slow 60 --seconds 2

A gateway on its defaults is held from a hundred addresses of 127.0.0.0/8: connections
that say nothing, and heads that come a byte a second. Others ask meanwhile, each time
on a connection of its own. Their latency is printed beside that of the same run before
anybody held anything, and the memory that a held connection takes. It ends with 1 where
one of them was not served.
"""

import argparse
import asyncio
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from benchmarks.processes import Program, free_port, pss

ADDRESSES = 100
AT_ONCE = 100  # connections made at a time
ASKING = 4  # others, who ask one request after the other
PAUSE = 0.005  # seconds between two requests of one of them
WAIT = 20.0  # seconds
HOST = b" HTTP/1.1\r\nHost: 127.0.0.1\r\n"
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
CONFIGURATION = """
[server]
listen = "127.0.0.1:{port}"
public_url = "http://127.0.0.1:{port}"
shutdown_timeout = "1s"
[admin]
listen = ""
[logto]
endpoint = "http://127.0.0.1:9"
app_id = "hold"
app_secret = "nobody-s"
[session]
keys = ["MDEyMzQ1Njc4OWFiY2RlZmdoaWprbG1ub3BxcnN0dXY"]
[[routes]]
upstream = "http://127.0.0.1:{upstream}"
access = "public"
"""

Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass(frozen=True, slots=True)
class Served:
    """How long others waited, in seconds, and how many were not served."""

    seconds: Sequence[float]
    refused: int

    def at(self, hundredth: int) -> float:
        """Return what *hundredth* of a hundred did not wait longer than."""
        return statistics.quantiles(self.seconds, n=100)[hundredth - 1]


async def connect(port: int, source: str) -> Stream:
    """Return a connection from the address *source*.  Raises OSError, TimeoutError."""
    async with asyncio.timeout(WAIT):
        return await asyncio.open_connection("127.0.0.1", port, local_addr=(source, 0))


@asynccontextmanager
async def connected(port: int, source: str) -> AsyncIterator[Stream]:
    """Make a connection from *source*, and break it off.  Raises as connect does."""
    reader, writer = await connect(port, source)
    try:
        yield reader, writer
    finally:
        await _broken_off([writer])


async def _broken_off(writers: Sequence[asyncio.StreamWriter]) -> None:
    for writer in writers:
        writer.transport.abort()
    closed = (writer.wait_closed() for writer in writers)
    await asyncio.gather(*closed, return_exceptions=True)


async def hold(port: int, count: int, network: int) -> list[Stream]:
    """Return *count* connections, from ADDRESSES addresses of 127.*network*.0.0/16."""
    held: list[Stream] = []
    while len(held) < count:
        numbers = range(len(held), min(len(held) + AT_ONCE, count))
        sources = (f"127.{network}.0.{number % ADDRESSES + 1}" for number in numbers)
        held += await asyncio.gather(*(connect(port, source) for source in sources))
    return held


async def dribble(port: int, count: int, network: int) -> None:
    """Keep *count* heads coming, a byte a second each; begin those that are refused."""

    async def one(source: str) -> None:
        while True:
            with suppress(OSError, TimeoutError):
                async with connected(port, source) as (_, writer):
                    for byte in b"GET /" + b"x" * 1000:
                        writer.write(bytes((byte,)))
                        await writer.drain()
                        await asyncio.sleep(1)
            await asyncio.sleep(1)

    async with asyncio.TaskGroup() as group:
        for number in range(count):
            group.create_task(one(f"127.{network}.0.{number % ADDRESSES + 1}"))


async def others(port: int, seconds: float) -> Served:
    """Ask for *seconds*, from addresses that hold nothing, and say how it went."""
    waited: list[float] = []
    refused = 0
    end = time.perf_counter() + seconds

    async def one(source: str) -> None:
        nonlocal refused
        while time.perf_counter() < end:
            began, answer = time.perf_counter(), b""
            with suppress(OSError, TimeoutError):
                async with connected(port, source) as (reader, writer):
                    writer.write(b"GET /x" + HOST + b"Connection: close\r\n\r\n")
                    async with asyncio.timeout(WAIT):
                        answer = await reader.read()
            if answer.startswith(b"HTTP/1.1 200 ") and answer.endswith(b"ok"):
                waited.append(time.perf_counter() - began)
            else:
                refused += 1
            await asyncio.sleep(PAUSE)

    async with asyncio.TaskGroup() as group:
        for number in range(ASKING):
            group.create_task(one(f"127.250.0.{number + 1}"))
    return Served(waited, refused)


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(asyncio.IncompleteReadError, ConnectionError):
        while await reader.readuntil(b"\r\n\r\n"):
            writer.write(ANSWER)
    await _broken_off([writer])


@asynccontextmanager
async def gateway(folder: Path) -> AsyncIterator[tuple[Program, int]]:
    """Run a gateway on its defaults before an upstream of ours; yield it and its port.

    Raises NotStarted.
    """
    upstream = await asyncio.start_server(_answer, "127.0.0.1", 0)
    port = free_port()
    text = CONFIGURATION.format(
        port=port, upstream=upstream.sockets[0].getsockname()[1]
    )
    file = folder / "gateway.toml"
    file.write_text(text, "utf-8")
    command = [sys.executable, "-m", "gateway", "serve", "--config", str(file)]
    program = Program(command, folder, "gateway")
    try:
        await program.listens(port)
        yield program, port
    finally:
        await program.end()
        upstream.close()
        await asyncio.sleep(PAUSE)  # its connections end with the gateway's


@dataclass(frozen=True, slots=True)
class Held:
    """What a run came to; *each* is the KiB of a held connection."""

    before: Served
    during: Served
    each: float
    idle: int  # connections that were still there at the end

    @property
    def all_were_served(self) -> bool:
        """Whether nobody was turned away, and somebody asked."""
        return bool(self.during.seconds) and not self.during.refused

    def lines(self) -> list[str]:
        """Return what to print."""
        served = len(self.during.seconds)
        said = [
            f"idle connections to the end: {self.idle}",
            f"memory of an idle connection: {self.each:.1f} KiB",
        ]
        for name, hundredth in (("median", 50), ("p99", 99)):
            before, during = self.before.at(hundredth), self.during.at(hundredth)
            said.append(
                f"{name} of others: {before * 1000:.2f} ms before, "
                f"{during * 1000:.2f} ms during: {during / before:.2f} times"
            )
        return [
            *said,
            f"worst of others: {max(self.during.seconds) * 1000:.0f} ms",
            f"others: {served} served, {self.during.refused} not served",
        ]


async def run(folder: Path, *, idle: int, slow: int, seconds: float) -> Held:
    """Hold *idle* connections and *slow* heads for *seconds*, and ask beside them."""
    async with gateway(folder) as (program, port):
        await others(port, seconds / 4)  # it warms up
        before = await others(port, seconds)
        memory = pss(program.pid)
        held = await hold(port, idle, 101)
        each = (pss(program.pid) - memory) / idle
        async with asyncio.TaskGroup() as group:
            slowly = group.create_task(dribble(port, slow, 102))
            await asyncio.sleep(min(2.0, seconds))  # they begin
            during = await others(port, seconds)
            slowly.cancel()
        left = sum(not reader.at_eof() for reader, _ in held)
        await _broken_off([writer for _, writer in held])
    return Held(before, during, each, left)


def main() -> int:
    """Run it from the command line.  Returns the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--idle", type=int, default=5000)
    parser.add_argument("--slow", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=10.0)
    asked = parser.parse_args()
    files = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))
    with tempfile.TemporaryDirectory() as folder:
        found = asyncio.run(
            run(Path(folder), idle=asked.idle, slow=asked.slow, seconds=asked.seconds)
        )
    print("\n".join(found.lines()))  # noqa: T201
    return 0 if found.all_were_served else 1


if __name__ == "__main__":
    sys.exit(main())
