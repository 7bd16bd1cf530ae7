"""A gateway of several workers as people run it, with a Logto and an application."""

import asyncio
import json
import os
import signal
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from gateway.demo.clients import Client
from gateway.demo.logto import EmulatedLogto
from tests.support.gateway_process import (
    WAIT,
    GatewayProcess,
    gateway_process,
    write_configuration,
)
from tests.support.raw_client import RawClient, RawResponse, connected
from tests.support.recording_upstream import RecordingUpstream, recording_upstream
from tests.support.sample_routes import WITH_PUBLIC
from tests.support.virtual_browser import VirtualBrowser

URL = "http://127.0.0.1:8080"  # what people type; browsers are told where it really is
COOKIE = "gateway-8080"


class Log:
    """What a gateway says, line by line, as it comes."""

    def __init__(self, running: GatewayProcess) -> None:
        self.lines = running.lines
        self._running = running
        self._came = asyncio.Event()

    async def read(self) -> None:
        """Read to the end."""
        while line := await self._running.stdout.readline():
            self.lines.append(json.loads(line))
            self._came.set()
            self._came = asyncio.Event()

    async def line(
        self, event: str, *, after: int = 0, **its: object
    ) -> dict[str, Any]:
        """Return the first line of *event* with *its* values, *after* so many lines."""
        async with asyncio.timeout(WAIT):
            while True:
                came = self._came
                for line in self.lines[after:]:
                    if line["event"] == event and its.items() <= line.items():
                        return line
                await came.wait()

    def all(self, event: str, **its: object) -> list[dict[str, Any]]:
        """Return the lines of *event* with *its* values so far."""
        return [
            line
            for line in self.lines
            if line["event"] == event and its.items() <= line.items()
        ]


@dataclass(slots=True)
class LogtoClock:
    """The real one, so many seconds *behind*; the gateway bears with a minute."""

    behind: float = 0.0

    def __call__(self) -> float:
        return time.time() - self.behind  # noqa: TID251 - that of the workers


@dataclass(slots=True)
class Workers:
    """A running gateway; *port* is where it listens, *admin* its admin listener."""

    process: GatewayProcess
    log: Log
    logto: EmulatedLogto
    upstream: RecordingUpstream
    port: int
    admin: int
    stack: AsyncExitStack
    numbers: Any = field(default_factory=count)

    async def browser(self) -> VirtualBrowser:
        """Return a new browser."""
        browser = await self.stack.enter_async_context(VirtualBrowser())
        browser.published[URL] = f"http://127.0.0.1:{self.port}"
        return browser

    async def signed_in(self, person: str = "ada") -> VirtualBrowser:
        """Return a browser in which *person* is signed in."""
        browser = await self.browser()
        page = await browser.sign_in(URL + "/", person)
        assert (page.url, page.status) == (URL + "/", 200), page
        return browser

    async def signed_in_before(self, person: str = "ada") -> VirtualBrowser:
        """Return a browser whose refresh token Logto will replace when it is used."""
        clock, lifetimes = self.logto.tenant.now, self.logto.lifetimes
        assert isinstance(clock, LogtoClock)
        clock.behind, lifetimes.refresh_token = 50, 70
        browser = await self.signed_in(person)
        clock.behind, lifetimes.refresh_token = 0, 14 * 86400
        return browser

    async def client(self, worker: int) -> RawClient:
        """Return a connection that *worker* accepted."""
        for _ in range(200):
            client = await self.stack.enter_async_context(connected(self.port))
            if await self.worker_of(client) == worker:
                return client
            client.abort()
        raise AssertionError(f"nothing comes to worker {worker}")

    async def worker_of(self, client: RawClient) -> int:
        """Return the number of the worker that *client* is connected to."""
        path = f"/public/{next(self.numbers)}"
        assert (await self.ask(client, path)).status == 200
        number: int = (await self.log.line("request", path=path))["worker"]
        return number

    async def ask(
        self, client: RawClient, path: str = "/", cookie: str = "", more: str = ""
    ) -> RawResponse:
        """Return the answer to a GET of a script, with *cookie* and *more* fields."""
        client.send(request(path, cookie, more))
        return await client.read_final()

    async def sign_out(self, client: RawClient, cookie: str) -> RawResponse:
        """Return the answer to pressing "Sign out" with *cookie*."""
        client.send(sign_out(cookie))
        return await client.read_final()

    async def reached(self, path: str, times: int) -> None:
        """Wait until the application was asked for *path* so many times."""
        async with asyncio.timeout(WAIT):
            while self.upstream.targets.count(path) < times:  # noqa: ASYNC110
                await asyncio.sleep(0.01)

    def cookie(self, browser: VirtualBrowser) -> str:
        """Return the Cookie field of *browser*."""
        return browser.cookie_header(URL + "/")

    def pid(self, worker: int) -> int:
        """Return the process of *worker*."""
        number: int = self.log.all("worker_ready", worker=worker)[-1]["pid"]
        return number

    async def kill(self, worker: int, number: int = signal.SIGKILL) -> None:
        """Send *worker* a signal, and wait until there is another one for it."""
        so_far = len(self.log.lines)
        os.kill(self.pid(worker), number)
        await self.log.line("worker_ready", after=so_far, worker=worker)

    @property
    def refreshes(self) -> list[str]:
        """The refresh tokens that Logto was asked with, in order."""
        return [
            one.parameters["refresh_token"]
            for one in self.logto.requests.of("token", grant_type="refresh_token")
        ]


def request(path: str = "/", cookie: str = "", more: str = "") -> bytes:
    """Return a GET as a script of our own origin sends it."""
    field = f"Cookie: {cookie}\r\n" if cookie else ""
    return (
        f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nAccept: */*\r\n"
        f"Sec-Fetch-Site: same-origin\r\nSec-Fetch-Mode: cors\r\n"
        f"Sec-Fetch-Dest: empty\r\n{field}{more}\r\n"
    ).encode()


def sign_out(cookie: str) -> bytes:
    """Return what a browser sends for "Sign out" with *cookie*."""
    return (
        f"POST /.gateway/sign-out HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n"
        f"Origin: {URL}\r\nSec-Fetch-Site: same-origin\r\n"
        f"Cookie: {cookie}\r\nContent-Length: 0\r\n\r\n"
    ).encode()


def is_alive(pid: int) -> bool:
    """Tell whether the process *pid* runs."""
    with suppress(ProcessLookupError):
        os.kill(pid, 0)
        return True
    return False


async def until(moment: float) -> None:
    """Wait for a *moment* (unix seconds) of the clock that the workers go by."""
    while time.time() < moment:  # noqa: ASYNC110, TID251 - theirs is the real one
        await asyncio.sleep(0.02)


@asynccontextmanager
async def running_workers(  # noqa: PLR0913 - as write_configuration
    folder: Path,
    *,
    workers: int = 2,
    routes: str = WITH_PUBLIC,
    server: str = 'shutdown_timeout = "5s"',
    session: str = "",
    logto_keys: str = "",
    listen: str = '"127.0.0.1:0"',
    url: str = URL,
    environ: Mapping[str, str] | None = None,
    logto: EmulatedLogto | None = None,
) -> AsyncIterator[Workers]:
    """Run a gateway with so many *workers*; *session* and so on are TOML.

    *url* is what people type.  With *logto* that of another gateway is asked.
    """
    async with AsyncExitStack() as stack:
        if logto is None:
            ours = Client(app_id="demo-app", app_secret="demo-secret")
            starting = EmulatedLogto.start(clients=[ours], now=LogtoClock())
            logto = await stack.enter_async_context(starting)
            logto.client.register_gateway(url)
        upstream = await stack.enter_async_context(recording_upstream())
        file = write_configuration(
            folder,
            routes.replace("UPSTREAM", upstream.url),
            listen=listen,
            public_url=url,
            server=f"workers = {workers}\n{server}",
            logto=logto.endpoint,
            logto_keys=logto_keys,
            session=session,
        )
        running = await stack.enter_async_context(
            gateway_process(file, environ=environ)
        )
        log = Log(running)
        stack.callback(end_stopped, log)
        async with asyncio.TaskGroup() as group:
            reading = group.create_task(log.read())
            async with AsyncExitStack() as clients:
                line = await log.line("listening")
                port, admin = (
                    int(address.rpartition(":")[2]) if address[:4] != "unix" else 0
                    for address in (line["addresses"][0], line["admin"][0])
                )
                yield Workers(running, log, logto, upstream, port, admin, clients)
            if running.process.returncode is None:
                running.process.kill()
            end_stopped(log)
            await reading


def end_stopped(log: Log) -> None:
    """End the workers that a test has stopped: they hear of nothing by themselves."""
    pids = {line["worker"]: line["pid"] for line in log.all("worker_ready")}
    for pid in pids.values():
        with suppress(OSError):
            status = Path(f"/proc/{pid}/stat").read_text()
            if status.rpartition(")")[2].split()[0] == "T":
                os.kill(pid, signal.SIGKILL)
