"""A whole gateway on its defaults, for attacks: a strict upstream, people signed in.

Below ``/`` one must be signed in; ``/public`` is public, with ``/public/inner`` signed
in below it; ``/private`` is signed in with ``/private/open`` public below it;
``/optional`` tells who it is where somebody is; ``/bob`` is for Bob alone.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from gateway.demo.logto import EmulatedLogto
from gateway.demo.people import EVERYONE, Person
from tests.support.raw_client import connected
from tests.support.running_gateway import RunningGateway, running_gateway
from tests.support.sample_routes import WITH_PUBLIC
from tests.support.strict_http import Field, Message, responses
from tests.support.strict_upstream import StrictUpstream, strict_upstream
from tests.support.virtual_browser import VirtualBrowser

ADA, BOB = b"87xtcn7tlv7b", b"q2m4w0z9k1rd"  # their subjects at the emulated Logto
QUIET = 0.25  # seconds of silence after which nothing more is expected

ROUTES = (
    WITH_PUBLIC
    + """
[[routes]]
path = "/public/inner"
upstream = "UPSTREAM"
allow = "anyone"
[[routes]]
path = "/private"
upstream = "UPSTREAM"
allow = "anyone"
[[routes]]
path = "/private/open"
upstream = "UPSTREAM"
access = "public"
[[routes]]
path = "/optional"
upstream = "UPSTREAM"
access = "optional"
[[routes]]
path = "/bob"
upstream = "UPSTREAM"
allow = { x_usernames = ["bob_example"] }
"""
)
HANDSHAKE: tuple[Field, ...] = (
    (b"Connection", b"Upgrade"),
    (b"Upgrade", b"websocket"),
    (b"Sec-WebSocket-Version", b"13"),
    (b"Sec-WebSocket-Key", b"dGhlIHNhbXBsZSBub25jZQ=="),
)
NAVIGATION: tuple[Field, ...] = (
    (b"Sec-Fetch-Mode", b"navigate"),
    (b"Sec-Fetch-Dest", b"document"),
    (b"Sec-Fetch-Site", b"none"),
)


@dataclass(frozen=True, slots=True)
class Heard:
    """Every byte that came back, and whether the gateway closed the connection."""

    data: bytes
    closed: bool


@dataclass(frozen=True, slots=True)
class Fortress:
    """The gateway, what is behind it, and the cookies of who is signed in."""

    gateway: RunningGateway
    logto: EmulatedLogto
    upstream: StrictUpstream
    cookies: dict[str, bytes]  # by person: their session's cookie, NAME=VALUE

    @property
    def host(self) -> bytes:
        """The Host field of a request to the public address."""
        return self.gateway.url.removeprefix("http://").encode()

    @property
    def origin(self) -> bytes:
        """The Origin of its own pages."""
        return self.gateway.url.encode()

    @property
    def cookie_name(self) -> bytes:
        """The name of the session's cookie."""
        return self.gateway.settings.session.cookie_name.encode()

    def fields(
        self, *more: Field, person: str | None = None, upgrade: bool = False
    ) -> list[Field]:
        """Return the fields of a request, *more* and those that stand before them.

        It comes from a page of ours where *more* names no Origin.
        """
        fields: list[Field] = []
        if person:
            fields.append((b"Cookie", self.cookies[person]))
        if upgrade:
            fields += HANDSHAKE
        if all(name != b"Origin" for name, _ in more):
            fields.append((b"Origin", self.origin))
        return [*fields, *more]

    async def ask(
        self,
        target: bytes,
        *more: Field,
        person: str | None = None,
        method: bytes = b"GET",
        upgrade: bool = False,
        body: bytes = b"",
    ) -> Message:
        """Send one request with :meth:`fields`, and return its answer."""
        fields = [
            (b"Host", self.host),
            *self.fields(*more, person=person, upgrade=upgrade),
        ]
        if body:
            fields.append((b"Content-Length", b"%d" % len(body)))
        data = raw_request(method, target, fields) + body
        heard = await self.send(data, enough=1, methods=(method,))
        (answer,) = responses(heard.data, (method,))
        return answer

    async def send(
        self,
        data: bytes,
        *,
        enough: int = 0,
        methods: tuple[bytes, ...] = (),
        quiet: float = QUIET,
    ) -> Heard:
        """Send *data* on a connection of its own; return what comes back.

        Until the gateway closes, or has sent *enough* whole responses (0: never), or
        is silent for *quiet* seconds, for the first of an answer three times as long.
        """
        heard = b""
        async with connected(self.gateway.port) as client:
            client.send(data)
            patience = 10.0 if enough else 3 * quiet
            try:
                while True:
                    async with asyncio.timeout(patience):
                        more = await client.read_some()
                    heard += more
                    patience = 10.0 if enough else quiet
                    if not more:
                        return Heard(heard, closed=True)
                    if enough and _count(heard, methods) >= enough:
                        return Heard(heard, closed=False)
            except TimeoutError:
                return Heard(heard, closed=False)
            except ConnectionError:
                return Heard(heard, closed=True)


def _count(heard: bytes, methods: tuple[bytes, ...]) -> int:
    with contextlib.suppress(Exception):
        return len(responses(heard, methods))
    return 0


def raw_request(
    method: bytes, target: bytes, fields: Sequence[Field], version: bytes = b"HTTP/1.1"
) -> bytes:
    """Return a request's head as it stands on the wire."""
    lines = b"".join(b"%b: %b\r\n" % field for field in fields)
    return b"%b %b %b\r\n%b\r\n" % (method, target, version, lines)


@asynccontextmanager
async def fortress(
    routes: str = ROUTES,
    *,
    people: Sequence[Person] = EVERYONE,
    signed_in: Sequence[str] = ("ada", "bob"),
    server: str = "",
    public_url: str = "",
) -> AsyncIterator[Fortress]:
    """Run one; in *routes* UPSTREAM stands for the strict upstream.

    At its end nothing strange may have reached the upstream.
    """
    async with (
        strict_upstream() as upstream,
        EmulatedLogto.start(people=people) as logto,
        running_gateway(
            logto,
            routes.replace("UPSTREAM", upstream.url),
            server=server,
            public_url=public_url,
        ) as gateway,
    ):
        cookies = {}
        for person in signed_in:
            published = {gateway.url: f"http://127.0.0.1:{gateway.port}"}
            async with VirtualBrowser(published=published) as browser:
                page = await browser.sign_in(f"{gateway.url}/.gateway/sign-in", person)
                assert page.status == 200, page
                kept = browser.cookie_header(gateway.url).split("; ")
                name = gateway.settings.session.cookie_name
                (cookie,) = (one for one in kept if one.startswith(f"{name}="))
                cookies[person] = cookie.encode()
        yield Fortress(gateway, logto, upstream, cookies)
        assert upstream.complaints == []
