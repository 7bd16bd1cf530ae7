"""Do the applications answer?  Asked as the gateway asks, and read as it reads."""

import asyncio

from config.problem import Finding
from config.routes import Route
from config.settings import Settings
from gateway.checking.report import Report, joined
from gateway.proxying.failure import Broken, FailureKind
from gateway.proxying.upstream.connection import UpstreamConnection
from gateway.proxying.upstream.dial import Dialler, tls_context
from gateway.proxying.upstream.response_reader import HeadLimits

PATIENCE = 5.0  # seconds for the head of an answer

_WRONG = {
    FailureKind.REFUSED: (
        "nothing listens there: start the application, or mend the address"
    ),
    FailureKind.UNKNOWN_NAME: "this machine knows no host of that name: mend it",
    FailureKind.UNTRUSTED: (
        "its certificate is not trusted: name its authority with ca_file, and see that "
        "the certificate is for that name"
    ),
    FailureKind.CONNECT_TIMEOUT: (
        "it accepts no connection: is it up, and does a firewall let this machine in?"
    ),
    FailureKind.INVALID: "what listens there does not answer in HTTP/1.1 as it should",
    FailureKind.CUT: (
        "it closed the connection without an answer: "
        "does it speak http there, or https?"
    ),
}
_ELSE = "it cannot be reached: is it up, and may this machine reach it?"


async def check_upstreams(settings: Settings) -> Report:
    """Return how each upstream answers ``HEAD`` on its first route's path.

    Those that another proxy forwards to are not asked.
    """
    first: dict[tuple[str, str], Route] = {}
    for route in settings.routes:
        if not route.upstream.is_elsewhere:
            first.setdefault((str(route.upstream), route.ca_file), route)
    reports = await asyncio.gather(
        *(_check(settings, route) for route in first.values())
    )
    return joined(reports)


async def _check(settings: Settings, route: Route) -> Report:
    place = ("routes", route.index, "upstream")
    try:
        status = await _status(settings, route)
    except Broken as broken:
        if broken.kind == FailureKind.TIMEOUT:
            note = (
                f"{route.upstream} takes connections, and did not answer HEAD "
                f"within {PATIENCE:g} s"
            )
            return Report(notes=(note,))
        return Report((Finding(place, _WRONG.get(broken.kind, _ELSE)),))
    return Report(notes=(f"{route.upstream} answers (HEAD: {status})",))


async def _status(settings: Settings, route: Route) -> int:
    loop = asyncio.get_running_loop()
    server = settings.server
    limits = HeadLimits(server.max_header_size, server.max_header_count)
    tls = tls_context(route.ca_file) if route.upstream.scheme == "https" else None
    dialler = Dialler(route.upstream, tls, lambda: UpstreamConnection(loop, limits))
    connection = await dialler.dial(route.connect_timeout)
    try:
        connection.response.begin("HEAD", lambda _interim: None, upgrade=False)
        return (await connection.ask(_request(settings, route), PATIENCE)).status
    finally:
        connection.abort()


def _request(settings: Settings, route: Route) -> bytes:
    by_name = route.host and not route.host.startswith("*.")
    host = route.host if by_name else settings.server.public_url.host
    if not route.preserve_host and route.upstream.host:
        host = f"{route.upstream.host}:{route.upstream.port}"
    path = "/" if route.strip_prefix else route.path
    head = f"HEAD {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n"
    return f"{head}User-Agent: gateway-check\r\n\r\n".encode("ascii")
