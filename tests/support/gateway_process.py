"""`gateway serve` as people run it: a process of its own, and what it says."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from tests.support.project import ROOT
from tests.support.running_gateway import KEY
from tests.support.secrets_in_logs import secrets_in

WAIT = 20.0  # seconds after which something that should come is missed
FILE = """
[server]
listen = {listen}
public_url = "{public_url}"
{server}
[admin]
listen = "{admin}"
[logto]
endpoint = "{logto}"
app_id = "demo-app"
app_secret = "demo-secret"
{logto_keys}
[session]
keys = ["{key}"]
{session}
{routes}
"""


def write_configuration(  # noqa: PLR0913 - the tables of a file, each by its name
    folder: Path,
    routes: str,
    *,
    listen: str = '"127.0.0.1:0"',
    public_url: str = "http://127.0.0.1:8080",
    server: str = 'shutdown_timeout = "10s"',
    admin: str = "127.0.0.1:0",
    logto: str = "http://127.0.0.1:9",
    logto_keys: str = "",
    session: str = "",
) -> Path:
    """Write a gateway.toml to *folder*; *listen* is TOML, the rest plain text."""
    path = folder / "gateway.toml"
    path.write_text(
        FILE.format(
            listen=listen,
            public_url=public_url,
            server=server,
            admin=admin,
            logto=logto,
            logto_keys=logto_keys,
            session=session,
            key=KEY,
            routes=routes,
        )
    )
    return path


def public(upstream: str, more: str = "") -> str:
    """Return the TOML of a route to *upstream* that is open to everyone."""
    return f'[[routes]]\nupstream = "{upstream}"\naccess = "public"\n{more}\n'


class GatewayProcess:
    """A running gateway; its log is read line by line."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.lines: list[dict[str, Any]] = []

    @property
    def stdout(self) -> asyncio.StreamReader:
        assert self.process.stdout is not None
        return self.process.stdout

    async def line(self, event: str, **expected: object) -> dict[str, Any]:
        """Return the next log line of that *event* with the *expected* values."""
        async with asyncio.timeout(WAIT):
            while line := await self.stdout.readline():
                told: dict[str, Any] = json.loads(line)
                self.lines.append(told)
                if told["event"] == event and expected.items() <= told.items():
                    return told
        raise AssertionError(f"no {event} line; {self.lines}; {await self.errors()}")

    async def errors(self) -> str:
        """Return what it says on stderr, to the end."""
        assert self.process.stderr is not None
        async with asyncio.timeout(WAIT):
            return (await self.process.stderr.read()).decode()

    async def listening(self) -> tuple[int, int]:
        """Return the ports of the gateway and of the admin listener, once they are."""
        line = await self.line("listening")
        ports = [
            int(address.rpartition(":")[2]) if address[:4] != "unix" else 0
            for address in (*line["addresses"][:1], *line["admin"][:1])
        ]
        return ports[0], ports[1] if len(ports) > 1 else 0

    def send(self, number: signal.Signals) -> None:
        """Send it a signal."""
        self.process.send_signal(number)

    async def ended(self) -> int:
        """Return its exit code once it has ended; read the rest of its log."""
        async with asyncio.timeout(WAIT):
            if self.process.stdout is not None:
                rest = await self.process.stdout.read()
                self.lines += [json.loads(line) for line in rest.splitlines()]
            return await self.process.wait()

    async def stopped(self) -> int:
        """Send SIGTERM, and return the exit code."""
        self.send(signal.SIGTERM)
        return await self.ended()


@asynccontextmanager
async def gateway_process(
    configuration: Path,
    *,
    environ: Mapping[str, str] | None = None,
    before: Sequence[str] = (),
    command: Sequence[str] = ("-m", "gateway"),
    stdout: int = asyncio.subprocess.PIPE,
) -> AsyncIterator[GatewayProcess]:
    """Start `gateway serve`; *before* is a command that starts another.

    With a file descriptor as *stdout* nobody reads the log but the test.
    """
    inherited = {"PATH": os.defpath, "PYTHONPATH": str(ROOT), "LC_ALL": "C.UTF-8"}
    if "log_level" not in configuration.read_text("utf-8"):  # noqa: ASYNC240
        inherited["GATEWAY_SERVER_LOG_LEVEL"] = "debug"  # no secret at any level
    process = await asyncio.create_subprocess_exec(
        *before,
        sys.executable,
        *command,
        "serve",
        "--config",
        str(configuration),
        cwd=configuration.parent,
        env={**inherited, **(environ or {})},
        stdout=stdout,
        stderr=asyncio.subprocess.PIPE,
    )
    running = GatewayProcess(process)
    try:
        yield running
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
    told = [json.dumps(running.lines), await _unread(process.stdout)]
    told.append(await _unread(process.stderr))
    found = [secret for text in told for secret in secrets_in(text)]
    assert not found, found


async def _unread(stream: asyncio.StreamReader | None) -> str:
    """Return what a process that has ended said, and nobody has read."""
    return "" if stream is None else (await stream.read()).decode("utf-8", "replace")


async def refusal(
    configuration: Path, *, environ: Mapping[str, str] | None = None
) -> tuple[int, str]:
    """Return exit code and words of a gateway that does not start."""
    async with gateway_process(configuration, environ=environ) as gateway:
        words = await gateway.errors()
        return await gateway.ended(), words
