"""Workers end TLS, each with the certificate of the gateway."""

import asyncio
import os
import signal
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.support.certificates import self_signed
from tests.support.raw_client import RawClient
from tests.support.running_workers import Workers, request, running_workers
from tests.support.virtual_browser import VirtualBrowser
from tests.support.whole_world import ADA

PUBLIC = "https://localhost:8443"


@asynccontextmanager
async def handshake(port: int, trust: ssl.SSLContext) -> AsyncIterator[RawClient]:
    """Yield a connection over TLS to whoever accepts it."""
    reader, writer = await asyncio.open_connection(
        "localhost", port, ssl=trust, family=socket.AF_INET
    )
    try:
        yield RawClient(reader, writer)
    finally:
        writer.transport.abort()


async def served_by(
    workers: Workers, trust: ssl.SSLContext, path: str, cookie: str
) -> int:
    """Ask for *path* on a new connection, and return which worker forwarded it."""
    asked = request(path, cookie).replace(b"127.0.0.1:8080", b"localhost:8443")
    async with handshake(workers.port, trust) as client:
        client.send(asked)
        assert (await client.read_final()).status == 200
    assert workers.upstream.last.value("X-Forwarded-User") == ADA
    assert workers.upstream.last.value("X-Forwarded-Proto") == "https"
    number: int = (await workers.log.line("request", path=path))["worker"]
    return number


async def test_each_worker_and_who_stands_in_for_one_serves_over_tls(
    tmp_path: Path,
) -> None:
    certificate = self_signed(tmp_path, "localhost")
    trust = ssl.create_default_context(cafile=str(certificate.certificate))
    server = (
        f'tls_certificate = "{certificate.certificate}"\n'
        f'tls_key = "{certificate.key}"\nshutdown_timeout = "1s"'
    )
    async with (
        running_workers(tmp_path, url=PUBLIC, server=server) as workers,
        VirtualBrowser(trust=trust) as browser,
    ):
        browser.published[PUBLIC] = f"https://localhost:{workers.port}"
        page = await browser.sign_in(f"{PUBLIC}/")
        assert (page.url, page.status) == (f"{PUBLIC}/", 200)
        cookie = browser.cookie_header(f"{PUBLIC}/")
        assert "__Host-gateway=" in cookie

        served: set[int] = set()
        for number in range(100):
            served.add(await served_by(workers, trust, f"/{number}", cookie))
            if served == {1, 2}:
                break
        assert served == {1, 2}

        os.kill(workers.pid(1), signal.SIGKILL)
        await workers.log.line("worker_ended", worker=1)
        for number in range(10):  # half of them come to its listener
            await served_by(workers, trust, f"/meanwhile-{number}", cookie)
