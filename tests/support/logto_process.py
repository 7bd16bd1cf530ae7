"""The emulated Logto as a program of its own, which can be killed and comes back.

What it has given out is on disk before it answers, as with Logto's database: who kills
it loses answers, and nothing else.  Run as a program it takes its options as JSON, and
prints the ports that it listens on.
"""

import asyncio
import json
import pickle
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from gateway.demo.clients import Client
from gateway.demo.grants import (
    ROTATION_AFTER,
    Approval,
    CodeBinding,
    Grants,
    InvalidGrantError,
)
from gateway.demo.listener import Listener
from gateway.demo.logto import EmulatedLogto
from gateway.demo.people import ADA, Person
from gateway.demo.signing_keys import SigningKey
from tests.support.project import ROOT

APP_ID, APP_SECRET = "demo-app", "demo-secret"


@dataclass(slots=True)
class Options:
    """How it is to behave; times in seconds, ports 0 for any."""

    file: str
    port: int = 0
    control: int = 0
    people: int = 2
    gateways: list[str] = field(default_factory=list)  # origins
    id_token: float = 3600.0
    refresh_token: float = 14 * 86400.0
    rotation: bool = True
    rotation_after: float = ROTATION_AFTER  # the part of a refresh token's life


def person(number: int) -> Person:
    """Return person *number*: "person-3" is one of subject "subject-3"."""
    return replace(
        ADA,
        key=f"person-{number}",
        sub=f"subject-{number}",
        name=f"Person {number}",
        x_id=str(1_000_000 + number),
        x_username=f"person_{number}",
    )


class KeptGrants(Grants):
    """Grants that are on disk before anybody hears of them, and are counted."""

    def __init__(self, logto: EmulatedLogto, file: Path) -> None:
        super().__init__(logto.tenant.now, logto.lifetimes)
        self.counts: Counter[str] = Counter()
        self._logto = logto
        self._file = file

    def redeem_code(self, code: str, binding: CodeBinding) -> Approval:
        with _Counted(self.counts, "sign_ins"):
            return super().redeem_code(code, binding)

    def issue_refresh_token(self, approval: Approval) -> str:
        token = super().issue_refresh_token(approval)
        self.save()
        return token

    def approved(self, token: str, client_id: str) -> Approval:
        with _Counted(self.counts, "refreshes"):
            return super().approved(token, client_id)

    def rotated(self, token: str, client_id: str, *, rotate: bool) -> str:
        newer = super().rotated(token, client_id, rotate=rotate)
        self.counts["rotations"] += newer != token
        return newer

    def revoke(self, token: str, client_id: str) -> None:
        self.counts["revocations"] += 1
        super().revoke(token, client_id)
        self.save()

    def save(self) -> None:
        """Write everything down, whole or not at all, and forget what is over."""
        now = self._now()
        self._codes = {k: c for k, c in self._codes.items() if now < c.expires_at}
        self._refresh = {k: t for k, t in self._refresh.items() if now < t.expires_at}
        self._access = {k: t for k, t in self._access.items() if now < t.expires_at}
        self._logto.requests.clear()
        key = self._logto.keys.current
        pem = key.private.private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
        )
        state = (
            (pem, key.kid),
            self._codes,
            self._refresh,
            self._logto.tenant.sessions,
            self.counts,
        )
        written = self._file.with_suffix(".new")
        written.write_bytes(pickle.dumps(state))
        written.replace(self._file)

    def load(self) -> None:
        """Go on where it was left, if it was there before."""
        if not self._file.exists():
            return
        state = pickle.loads(self._file.read_bytes())  # noqa: S301 - our own
        (pem, kid), self._codes, self._refresh, sessions, self.counts = state
        self._logto.tenant.sessions.update(sessions)
        private = load_pem_private_key(pem, None)
        assert isinstance(private, ec.EllipticCurvePrivateKey)
        self._logto.keys.keys = [SigningKey("ES384", private, kid)]


@dataclass(slots=True)
class _Counted:
    """Counts what goes well under a name, and what does not as invalid grants."""

    counts: Counter[str]
    name: str

    def __enter__(self) -> None:
        self.counts[self.name] += 1

    def __exit__(
        self, kind: type[BaseException] | None, error: object, _where: object
    ) -> None:
        if kind is InvalidGrantError:
            self.counts["invalid_grants"] += 1
            self.counts[f"refused: {error}"] += 1


@dataclass(slots=True)
class LogtoProcess:
    """A running Logto, and the hands on it."""

    options: Options
    process: asyncio.subprocess.Process

    @property
    def endpoint(self) -> str:
        """What ``[logto] endpoint`` must be."""
        return f"http://localhost:{self.options.port}"

    async def tell(self, **told: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
        """Change what ``suspended``, ``rotation`` or a lifetime is; return counts."""
        async with (
            aiohttp.ClientSession() as http,
            http.post(f"http://127.0.0.1:{self.options.control}/", json=told) as answer,
        ):
            counts: dict[str, Any] = await answer.json()
            return counts

    async def kill(self) -> None:
        """Kill it with SIGKILL, in whatever it is doing."""
        self.process.kill()
        await self.process.wait()

    async def start_again(self) -> None:
        """Start it anew, on the same ports, with what it knew."""
        self.process = await _spawn(self.options)


@asynccontextmanager
async def logto_process(folder: Path, **options: Any) -> AsyncIterator[LogtoProcess]:  # noqa: ANN401
    """Run one that keeps what it knows in *folder*; *options* are of `Options`."""
    wanted = Options(file=str(folder / "logto.state"), **options)
    running = LogtoProcess(wanted, await _spawn(wanted))
    try:
        yield running
    finally:
        with suppress(ProcessLookupError):
            running.process.kill()
        await running.process.wait()


async def _spawn(options: Options) -> asyncio.subprocess.Process:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.support.logto_process",
        json.dumps(asdict(options)),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    ports = (await process.stdout.readline()).split()
    options.port, options.control = map(int, ports)
    return process


async def _main(options: Options) -> None:
    people = [person(number) for number in range(options.people)]
    client = Client(app_id=APP_ID, app_secret=APP_SECRET)
    for origin in options.gateways:
        client.register_gateway(origin)
    async with EmulatedLogto.start(
        port=options.port, clients=[client], people=people
    ) as logto:
        grants = KeptGrants(logto, Path(options.file))
        logto.tenant.grants = grants
        grants.load()
        control = Listener(
            lambda: _control(logto, grants), "127.0.0.1", options.control
        )
        _change(logto, asdict(options))
        async with control:
            print(logto.listener.port, control.port, flush=True)  # noqa: T201
            await asyncio.Event().wait()


def _control(logto: EmulatedLogto, grants: KeptGrants) -> web.Application:
    async def tell(request: web.Request) -> web.Response:
        _change(logto, await request.json())
        logto.requests.clear()
        return web.json_response(grants.counts)

    application = web.Application()
    application.router.add_post("/", tell)
    return application


def _change(logto: EmulatedLogto, told: dict[str, Any]) -> None:
    for name in ("id_token", "refresh_token", "rotation_after"):
        if name in told:
            setattr(logto.lifetimes, name, told[name])
    logto.lifetimes.access_token = 4 * logto.lifetimes.id_token
    logto.client.rotate_refresh_token = told.get(
        "rotation", logto.client.rotate_refresh_token
    )
    for origin in told.get("gateways", ()):
        logto.client.register_gateway(origin)
    if "suspended" in told:
        logto.suspended.clear()
        logto.suspended.update(told["suspended"])


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        asyncio.run(_main(Options(**json.loads(sys.argv[1]))))
