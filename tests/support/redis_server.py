"""A real redis-server for tests: on a socket of its own, killed and started again."""

import asyncio
import contextlib
import os
import shutil
import signal
import socket
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import ConnectionError as NotThere, RedisError

from tests.support.certificates import Certificate
from tests.support.programs import program

WAIT = 10.0  # seconds


class RedisServer:
    """One redis-server, working in *folder*, with more *options*."""

    def __init__(
        self, folder: Path, options: Mapping[str, str | Sequence[str]], port: int
    ) -> None:
        self.folder = folder
        self.port = port
        self.socket = folder / "redis.sock"
        self._options = dict(options)
        self._process: asyncio.subprocess.Process | None = None

    @property
    def url(self) -> str:
        """Where it is, for ``session.redis_url``."""
        return f"unix://{self.socket}"

    @property
    def session(self) -> str:
        """The keys of ``[session]`` that have a gateway use it."""
        return f'store = "redis"\nredis_url = "{self.url}"'

    async def start(self) -> None:
        """Start it, and wait until it answers.  Raises OSError where it ends."""
        options: dict[str, str | Sequence[str]] = {
            "port": "0",
            "unixsocket": str(self.socket),
            "dir": str(self.folder),
            "save": "",
            "daemonize": "no",
            **self._options,
        }
        arguments: list[str] = []
        for name, value in options.items():
            values = [value] if isinstance(value, str) else value
            arguments += [f"--{name}", *values]
        self._process = await asyncio.create_subprocess_exec(
            program("redis-server"),
            *arguments,
            stdout=asyncio.subprocess.DEVNULL,
        )
        async with asyncio.timeout(WAIT):
            while True:
                try:
                    await self.ask("PING")
                except NotThere:
                    if self._process.returncode is not None:
                        raise OSError("redis-server ended") from None
                    await asyncio.sleep(0.01)
                except RedisError:  # it answers, and does not know us
                    return
                else:
                    return

    async def kill(self) -> None:
        """Kill it, as a power cut would."""
        assert self._process is not None
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()

    def pause(self) -> None:
        """Have it hang: connections stay, and nothing is answered."""
        assert self._process is not None
        os.kill(self._process.pid, signal.SIGSTOP)

    def resume(self) -> None:
        """Have it go on."""
        assert self._process is not None
        os.kill(self._process.pid, signal.SIGCONT)

    async def ask(self, *command: str | int | bytes) -> Any:  # noqa: ANN401 - as Redis
        """Return its answer to *command*."""
        async with Redis(unix_socket_path=str(self.socket), protocol=2) as client:
            return await client.execute_command(*command)  # type: ignore[no-untyped-call] # of redis-py

    async def count(self, command: str) -> int:
        """Return how often *command* was called since it started."""
        told = await self.ask("INFO", "commandstats")
        return int(told.get(f"cmdstat_{command}", {}).get("calls", 0))

    async def keys(self, pattern: str = "*") -> list[str]:
        """Return the names of all keys that match *pattern*."""
        found: list[bytes] = await self.ask("KEYS", pattern)
        return sorted(one.decode() for one in found)

    async def dump(self) -> bytes:
        """Return all that it holds, in one piece: names and values."""
        async with Redis(unix_socket_path=str(self.socket), protocol=2) as client:
            parts: list[Any] = []
            for key in await client.keys("*"):
                parts.append(key)
                match await client.type(key):
                    case b"hash":
                        found = await client.hgetall(key)
                        parts += [part for pair in found.items() for part in pair]
                    case b"zset":
                        parts += await client.zrange(key, 0, -1)
                    case _:
                        parts.append(await client.get(key))
            return b"\n".join(parts)


@asynccontextmanager
async def redis_server(
    *, tls: Certificate | None = None, tcp: bool = False, **options: str | Sequence[str]
) -> AsyncIterator[RedisServer]:
    """Run one; options with ``_`` for ``-``.  With *tcp* or *tls* it has a port."""
    folder = Path(tempfile.mkdtemp(prefix="redis-"))
    chosen = {name.replace("_", "-"): value for name, value in options.items()}
    try:
        server = await _started(folder, chosen, tls, tcp=tcp)
        try:
            yield server
        finally:
            await server.kill()
    finally:
        shutil.rmtree(folder)


async def _started(
    folder: Path,
    options: Mapping[str, str | Sequence[str]],
    tls: Certificate | None,
    *,
    tcp: bool,
) -> RedisServer:
    """Start one; on another port where somebody took the first."""
    for tries_left in (2, 1, 0):
        port = _free_port() if tcp or tls else 0
        chosen = dict(options)
        if tls is not None:
            chosen |= {
                "tls-port": str(port),
                "tls-cert-file": str(tls.certificate),
                "tls-key-file": str(tls.key),
                "tls-auth-clients": "no",
            }
        elif tcp:
            chosen["port"] = str(port)
        server = RedisServer(folder, chosen, port)
        try:
            await server.start()
        except OSError:
            if not port or not tries_left:
                raise
        else:
            return server
    raise AssertionError("unreachable")


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as bound:
        port: int = bound.getsockname()[1]
        return port
