"""A whole gateway for a test: real listeners, the emulated Logto, routes of choice."""

import socket
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from config.loader import load_text
from config.settings import Settings
from gateway.app import Gateway
from gateway.demo.logto import EmulatedLogto
from tests.support.raw_client import exchange

KEY = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY"  # 32 bytes that everybody knows

Clock = Callable[[], float]


@dataclass(frozen=True, slots=True)
class RunningGateway:
    """A gateway: *url* is its public URL, *admin* that of its admin listener.

    It listens on *port* of 127.0.0.1.
    """

    url: str
    port: int
    admin: str
    gateway: Gateway
    settings: Settings

    async def metrics(self) -> str:
        """Return what /metrics says."""
        port = int(self.admin.rpartition(":")[2])
        answer = await exchange(port, b"GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n")
        assert answer.status == 200
        return answer.body.decode()


def settings_for(  # noqa: PLR0913 - the tables of a file, each by its name
    logto: EmulatedLogto,
    public_url: str,
    routes: str,
    *,
    keys: str = f'["{KEY}"]',
    server: str = "",
    logto_keys: str = "",
    session: str = "",
    tables: str = "",
) -> Settings:
    """Return the settings of a file with *routes* (TOML), more keys and *tables*."""
    return load_text(
        f"""
[server]
listen = "127.0.0.1:0"
public_url = "{public_url}"
shutdown_timeout = "5s"
{server}
[admin]
listen = "127.0.0.1:0"
[logto]
endpoint = "{logto.endpoint}"
app_id = "{logto.app_id}"
app_secret = "{logto.app_secret}"
{logto_keys}
[session]
keys = {keys}
{session}
{tables}
{routes}
""",
        {},
    )


def anyone(upstream: str, more: str = "") -> str:
    """Return the TOML of a route to *upstream* that lets in whoever signs in."""
    return f'[[routes]]\nupstream = "{upstream}"\nallow = "anyone"\n{more}\n'


@asynccontextmanager
async def running_gateway(  # noqa: PLR0913 - as settings_for
    logto: EmulatedLogto,
    routes: str,
    *,
    now: Clock = time.time,  # noqa: TID251 - the clock of the whole gateway
    host: str = "127.0.0.1",
    public_url: str = "",
    keys: str = f'["{KEY}"]',
    server: str = "",
    logto_keys: str = "",
    session: str = "",
    tables: str = "",
) -> AsyncIterator[RunningGateway]:
    """Run a gateway on a port of the system's choice, registered at *logto*.

    With *public_url* it is published there, as behind a proxy that ends TLS.
    """
    with socket.create_server(("127.0.0.1", 0), backlog=512) as bound:
        port = bound.getsockname()[1]
        url = public_url or f"http://{host}:{port}"
        logto.client.register_gateway(url)
        settings = settings_for(
            logto,
            url,
            routes,
            keys=keys,
            server=server,
            logto_keys=logto_keys,
            session=session,
            tables=tables,
        )
        gateway = Gateway(settings, sockets=[bound], now=now)
        await gateway.start()
        try:
            admin = gateway.admin_addresses[0]
            yield RunningGateway(url, port, f"http://{admin}", gateway, settings)
        finally:
            await gateway.stop()
