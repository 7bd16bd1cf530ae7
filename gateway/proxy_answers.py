"""The parts of what another proxy is answered that asks about a request."""

from collections.abc import Iterator, Sequence
from email.utils import formatdate
from typing import Final
from urllib.parse import urlsplit

from aiohttp import web

from config.routes import Route
from gateway.fields import Field, Fields, values
from gateway.pages.notice import CHALLENGE
from gateway.pages.rendered import Rendered
from gateway.policy.access import Permit
from gateway.proxying.field_lines import serialise
from gateway.proxying.plain_answer import status_line
from gateway.proxying.relayed import Relayed
from gateway.routing.own_address import PREFIX
from gateway.visit import Visit, respond

NO_STORE: Final[Field] = (b"Cache-Control", b"no-store")
# nginx and Caddy copy one value of a name: each Set-Cookie has a name of its own too.
# A session takes four, and what came before it leaves few.
MOST_COOKIES: Final = 6
_MAY: Final = 200
_UNKNOWN: Final = 401


def caching(permit: Permit, *, has_cookies: bool) -> tuple[Field, ...]:
    """Return what the proxy must add to the application's answer for caches.

    As :mod:`gateway.proxying.cache_privacy` has it for answers that pass here.
    """
    route = permit.route
    value = b""
    if has_cookies:
        value = b"no-store"
    elif route.access != "public" and not route.shared_cache:
        value = b"private, no-cache" if route.access == "optional" else b"private"
    return ((b"X-Auth-Request-Cache-Control", value),)


def authorization(route: Route, fields: Fields) -> bytes:
    """Return the credentials that the application gets: no bearer that was for us."""
    keeps = route.pass_bearer or not route.takes_bearers
    found = values(fields, b"authorization")
    return found[0] if keeps and len(found) == 1 else b""


def numbered(cookies: Sequence[bytes]) -> Iterator[Field]:
    """Yield the Set-Cookie values *cookies*, each under a name of its own."""
    for number in range(MOST_COOKIES):
        value = cookies[number] if number < len(cookies) else b""
        yield b"X-Auth-Request-Set-Cookie-%d" % (number + 1), value


def send(asking: Visit, fields: Fields) -> Relayed:
    """Say that it may pass, with *fields* in the very bytes that came.

    aiohttp would take a cookie's bytes for text, and its time.
    """
    request = asking.request
    keep_alive = request.keep_alive and bool(request.head.minor)
    framing = (
        (b"Date", formatdate(asking.now, usegmt=True).encode("ascii")),
        (b"Content-Length", b"0"),
        *(() if keep_alive else ((b"Connection", b"close"),)),
    )
    request.record.status = _MAY
    request.connection.send(serialise(status_line(_MAY), (*fields, *framing)))
    return Relayed(_MAY, keep_alive=keep_alive)


def status_alone(response: web.Response) -> web.Response:
    """Return *response* for a proxy that knows 401 and 403 only, as nginx does.

    Where a person would be sent to sign in, X-Auth-Request-Redirect says whereto.
    """
    status, fields = 403, [NO_STORE]
    location = response.headers.get("Location", "")
    if response.status == _UNKNOWN:
        status = _UNKNOWN
        challenges = response.headers.getall("WWW-Authenticate", ())
        fields += ((CHALLENGE[0], one.encode("latin-1")) for one in challenges)
    elif urlsplit(location).path.startswith(PREFIX):
        status = _UNKNOWN
        fields += (CHALLENGE, (b"X-Auth-Request-Redirect", location.encode("latin-1")))
    cookies = response.headers.getall("Set-Cookie", ())
    return respond(
        Rendered(status, tuple(fields), b""), (one.encode("latin-1") for one in cookies)
    )
