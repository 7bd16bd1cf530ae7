"""Random bytes at every port: nothing breaks, nothing grows, others are served."""

import asyncio
import contextlib
import json
import os
import random
import re
import ssl
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from gateway.operations.order import PATH
from tests.support.certificates import self_signed
from tests.support.gateway_process import gateway_process, public, write_configuration
from tests.support.noise import noise
from tests.support.raw_client import RawClient
from tests.support.raw_upstream import OK, raw_upstream

SECONDS = 30.0 if os.environ.get("CI") else 4.0  # noqa: TID251 - longer in CI
SENDERS = 4  # at each port
GLANCE = 0.1  # seconds that a sender waits for an answer
GROWTH = 24 * 1024 * 1024  # bytes that a warm process may grow by
HOST = b"Host: 127.0.0.1\r\n"
FORM = b"Content-Type: application/x-www-form-urlencoded\r\n"
PUBLIC = (
    b"GET /x?y=z HTTP/1.1\r\n" + HOST + b"Accept: text/html\r\n\r\n",
    b"POST /x HTTP/1.1\r\n" + HOST + b"Content-Length: 5\r\n\r\nhello",
    b"PUT /x HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n"
    b"5\r\nhello\r\n0\r\nX-Sum: 1\r\n\r\n",
    b"GET /x HTTP/1.1\r\n" + HOST
    + b"Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
    b"HEAD /x HTTP/1.0\r\n\r\n",
    b"GET /.gateway/ HTTP/1.1\r\n" + HOST + b"Cookie: gateway-8080=x.y.z\r\n\r\n",
    b"GET /.gateway/sign-in?rd=/x HTTP/1.1\r\n" + HOST + b"\r\n",
    b"GET /.gateway/callback?code=a&state=b HTTP/1.1\r\n" + HOST + b"\r\n",
    b"POST /.gateway/backchannel-logout HTTP/1.1\r\n" + HOST + FORM
    + b"Content-Length: 14\r\n\r\nlogout_token=x",
    b"POST /.gateway/sign-out HTTP/1.1\r\n" + HOST + FORM + b"\r\n",
)  # fmt: skip
ADMIN = (
    b"GET /metrics HTTP/1.1\r\n" + HOST + b"\r\n",
    b"GET /healthz HTTP/1.1\r\n" + HOST + b"\r\n",
    b"POST " + PATH.encode() + b" HTTP/1.1\r\n" + HOST + b"Content-Length: 2\r\n\r\n{}",
)


@dataclass(frozen=True, slots=True)
class Door:
    """A way in: where it is, and what a proper request and answer are."""

    name: str
    address: str | int  # a path, or a port of 127.0.0.1
    tls: ssl.SSLContext | None
    valid: Sequence[bytes]

    async def connect(self, source: str) -> tuple[asyncio.StreamReader, Any]:
        if isinstance(self.address, str):
            return await asyncio.open_unix_connection(self.address)
        name = "localhost" if self.tls else None
        return await asyncio.open_connection(
            "127.0.0.1",
            self.address,
            local_addr=(source, 0),
            ssl=self.tls,
            server_hostname=name,
        )

    async def serves(self) -> None:
        """Ask properly, and be served."""
        reader, writer = await self.connect("127.0.0.9")
        client = RawClient(reader, writer)
        client.send(self.valid[0])
        assert (await client.read_final()).status == 200, self.name
        client.abort()


@dataclass(frozen=True, slots=True)
class Process:
    """A gateway in a process of its own, that writes its log to a file."""

    pid: int
    log: Path
    doors: Sequence[Door]

    def lines(self) -> Iterator[dict[str, Any]]:
        for line in self.log.read_text("utf-8").splitlines():
            yield json.loads(line)

    def memory(self) -> int:
        text = Path(f"/proc/{self.pid}/status").read_text("utf-8")
        found = re.search(r"VmRSS:\s+(\d+) kB", text)
        assert found
        return int(found[1]) * 1024

    def descriptors(self) -> int:
        return len(list(Path(f"/proc/{self.pid}/fd").iterdir()))

    async def is_quiet(self, descriptors: int) -> None:
        """Wait until all connections are gone, and with them what they opened."""
        admin = self.doors[-1]
        async with asyncio.timeout(20):
            while True:
                reader, writer = await admin.connect("127.0.0.9")
                client = RawClient(reader, writer)
                client.send(ADMIN[0])
                text = (await client.read_final()).body.decode()
                client.abort()
                open_now = re.findall(
                    r"^gateway_(?:open_\w+|owned_tasks) (\S+)$", text, re.MULTILINE
                )
                assert len(open_now) == 3
                if set(open_now) == {"0.0"} and self.descriptors() <= descriptors:
                    return
                await asyncio.sleep(GLANCE)


@contextlib.asynccontextmanager
async def gateway(folder: Path, upstream: str, *, tls: bool) -> AsyncIterator[Process]:
    """Run one that listens for TLS, or plainly on a port and on a Unix socket."""
    sock, log = folder / "s", folder / "log"
    context, keys = None, ""
    if tls:
        made = self_signed(folder, "localhost")
        keys = f'tls_certificate = "{made.certificate}"\ntls_key = "{made.key}"\n'
        context = ssl.create_default_context(cafile=made.certificate)
    file = write_configuration(
        folder,
        public(upstream),
        listen=f'["127.0.0.1:0", "unix:{sock}"]' if not tls else '"127.0.0.1:0"',
        public_url="https://127.0.0.1" if tls else "http://127.0.0.1:8080",
        server=keys + "[limits]\nhead_timeout = '1s'\nbody_timeout = '1s'\n",
    )
    with log.open("wb") as stream:
        async with gateway_process(file, stdout=stream.fileno()) as running:
            port, admin = await listening(log)
            doors = [Door("TLS" if tls else "TCP", port, context, PUBLIC)]
            doors += [] if tls else [Door("Unix", str(sock), None, PUBLIC)]
            doors += [Door("admin", admin, None, ADMIN)]
            process = Process(running.process.pid, log, doors)
            yield process
            assert await running.stopped() == 0
            assert await running.errors() == ""


_LISTENING = re.compile(r'^.*"event": "listening".*$(?=\n)', re.MULTILINE)


async def listening(log: Path) -> tuple[int, int]:
    async with asyncio.timeout(20):
        while not (found := _LISTENING.search(log.read_text("utf-8"))):  # noqa: ASYNC110, ASYNC240
            await asyncio.sleep(0.02)
    line = json.loads(found[0])
    ports = [one.rpartition(":")[2] for one in (line["addresses"][0], line["admin"][0])]
    return int(ports[0]), int(ports[1])


async def disturb(door: Door, seed: int, end: float) -> int:
    """Send noise to *door* until the loop's time is *end*; return how often."""
    dice, times = random.Random(seed), 0  # noqa: S311 - noise, no secret
    loop = asyncio.get_running_loop()
    while loop.time() < end:
        times += 1
        source = f"127.0.0.{dice.randrange(20, 60)}"
        plain = Door(door.name, door.address, None, door.valid)  # TLS is not spoken
        try:
            way_in = door if dice.random() < 0.7 else plain
            reader, writer = await way_in.connect(source)
        except (ConnectionError, ssl.SSLError):
            continue
        with contextlib.suppress(ConnectionError, TimeoutError, ssl.SSLError):
            for _ in range(dice.randrange(1, 4)):
                writer.write(noise(dice, door.valid))
                async with asyncio.timeout(dice.random() * GLANCE):
                    await reader.read(65536)
        if dice.random() < 0.3 and writer.can_write_eof():
            with contextlib.suppress(OSError):
                writer.write_eof()
        writer.transport.abort()
    return times


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "TLS"])
async def test_noise_breaks_nothing_and_leaves_nothing(
    tmp_path: Path, *, tls: bool
) -> None:
    seed = random.SystemRandom().randrange(2**32)
    loop = asyncio.get_running_loop()
    async with raw_upstream(OK) as upstream:
        async with gateway(tmp_path, upstream.url, tls=tls) as process:
            for door in process.doors:
                await door.serves()
            descriptors = process.descriptors()
            grown, memory, sent = 0, 0, 0
            for part in (0.25, 0.25):  # the first one warms up
                end = loop.time() + SECONDS * part
                async with asyncio.TaskGroup() as group:
                    senders = [
                        group.create_task(disturb(door, seed + number, end))
                        for number in range(SENDERS)
                        for door in process.doors
                    ]
                    while loop.time() < end:
                        for door in process.doors:
                            await door.serves()
                sent += sum(sender.result() for sender in senders)
                await process.is_quiet(descriptors + 8)
                grown, memory = process.memory() - memory, process.memory()
            assert sent > 100
            assert grown < GROWTH, f"seed {seed}"
        faults = [
            line
            for line in process.lines()
            if line["level"] in {"error", "critical"} or "exception" in line
        ]
        assert faults == [], f"seed {seed}"
