"""A forwarder behind its real server, with a policy that lets everybody in."""

import asyncio
import contextlib
import os
import ssl
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace

from aiohttp import web

from config.loader import load_text
from config.settings import Settings
from gateway.fields import Fields, lines
from gateway.identity.identity import Identity
from gateway.policy.access import Permit, decide
from gateway.proxying.client import ClientLimits, ClientRequest, GatewayServer
from gateway.proxying.forward import Forwarder, Stamp, UpstreamFailure
from gateway.proxying.trace import new_traceparents
from gateway.routing.client_address import client_address
from gateway.routing.target import Target, parse_target
from gateway.sessions.session import Session

KEY = "A" * 43
OWN_COOKIE = b"__Host-gateway"
RESERVED = frozenset({b"x-forwarded-user", b"remote-user", b"forwarded", b"x-real-ip"})


SOMEONE = Identity(
    sub="sub",
    username=None,
    x_username=None,
    x_id=None,
    name=None,
    email=None,
    email_verified=False,
    picture=None,
)


class Reserved:
    """Every spelling of a few names, and the X-Forwarded family."""

    def __contains__(self, name: object) -> bool:
        assert isinstance(name, bytes)
        plain = name.lower().replace(b"_", b"-").replace(b".", b"-")
        return plain in RESERVED or plain.startswith(b"x-forwarded-")


def strip_cookies(value: bytes) -> bytes | None:
    kept = [c for c in value.split(b"; ") if not c.startswith(OWN_COOKIE)]
    return b"; ".join(kept) or None


def is_own_set_cookie(value: bytes) -> bool:
    return value.startswith(OWN_COOKIE)


def settings_for(upstream: str, route: str = "", server: str = "") -> Settings:
    """Return settings with one route to *upstream*; the rest are lines of TOML."""
    access = "" if "access" in route else 'access = "public"\n'
    allow = 'allow = "anyone"\n' if 'access = "signed-in"' in route else ""
    return load_text(
        f"""
[server]
public_url = "https://app.example.com"
{server}
[logto]
endpoint = "https://tenant.logto.app"
app_id = "app"
app_secret = "secret"
[session]
keys = ["{KEY}"]
[[routes]]
upstream = "{upstream}"
{allow}{access}{route}
"""
    )


@dataclass(slots=True)
class Proxy:
    """A running proxy and what it noted down."""

    port: int
    forwarder: Forwarder
    server: GatewayServer
    requests: list[ClientRequest] = field(default_factory=list)
    failures: list[UpstreamFailure] = field(default_factory=list)
    cancelled: asyncio.Event = field(default_factory=asyncio.Event)
    over: bool = False  # everybody's session

    def end_sessions(self) -> None:
        """Have every session be over, and say so."""
        self.over = True
        self.forwarder.session_ended()


@contextlib.asynccontextmanager
async def proxying(  # noqa: PLR0913, PLR0915
    upstream: str,
    *,
    route: str = "",
    server: str = "",
    identity: Fields = (),
    set_cookies: tuple[bytes, ...] = (),
    limits: ClientLimits | None = None,
    tls: ssl.SSLContext | None = None,
    timeout: float | None = None,  # noqa: ASYNC109 (shorter than a file can say)
    session: Session | None = None,
) -> AsyncIterator[Proxy]:
    """Yield a proxy in front of *upstream*."""
    settings = settings_for(upstream, route, server)
    if timeout is not None:
        quick = {"timeout": timeout, "connect_timeout": timeout}
        routes = tuple(one.model_copy(update=quick) for one in settings.routes)
        settings = replace(settings, routes=routes)
    forwarder = Forwarder(
        settings,
        is_reserved=Reserved(),
        strip_cookies=strip_cookies,
        is_own_set_cookie=is_own_set_cookie,
        now=time.time,  # noqa: TID251
        new_traceparent=lambda: new_traceparents(os.urandom, 1)[0],
        attend=lambda session, _permit, _now: None if proxy.over else session,
    )

    async def handler(request: ClientRequest) -> web.StreamResponse:
        proxy.requests.append(request)
        if request.raw_target == b"/no":
            return web.Response(status=401, text="no", headers={"X-Own": "1"})
        if request.raw_target == b"/empty":
            return web.Response(status=302, body=b"", headers={"Location": "/"})
        target = parse_target(request.raw_target)
        assert isinstance(target, Target)
        peer = client_address(request.remote, request.fields, (), trust_unix=False)
        host = next(v for n, v in request.fields if n.lower() == b"host")
        (only,) = settings.routes
        permit = decide(only, SOMEONE)
        assert isinstance(permit, Permit)
        stamp = Stamp(
            lines(identity), peer, host, b"req-1", target, lambda: set_cookies, session
        )
        try:
            return await forwarder.forward(request, permit, stamp)
        except UpstreamFailure as failure:
            proxy.failures.append(failure)
            return web.Response(status=502, text=failure.kind)
        except asyncio.CancelledError:
            proxy.cancelled.set()
            raise

    gateway = GatewayServer(handler, limits or ClientLimits())
    loop = asyncio.get_running_loop()
    listener = await loop.create_server(gateway, "127.0.0.1", 0, ssl=tls)
    proxy = Proxy(listener.sockets[0].getsockname()[1], forwarder, gateway)
    try:
        yield proxy
    finally:
        listener.close()
        await forwarder.close(0)
        await gateway.shutdown(0.1)
