"""Forward-auth: another proxy asks whether a request may pass, and forwards it itself.

nginx (``auth_request``), Caddy (``forward_auth``), Traefik (ForwardAuth) and Envoy
(``ext_authz`` over HTTP) describe the request to ``/.gateway/auth``.  It passes the
same gate as a request that is forwarded here.  Who may gets 200, with who it is in
headers for the proxy to copy; for everybody else there is the answer that they would
get here, as far as the proxy passes it on.
"""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final, assert_never
from urllib.parse import urlsplit

from aiohttp import web

from config.routes import Route
from gateway.fields import Field, Fields, values
from gateway.gate import Admitted, Gate
from gateway.identity.auth_request import AuthRequestHeaders
from gateway.identity.claimed_names import ClaimedNames
from gateway.known import Notes
from gateway.operations.limits.unlisted_proxies import network_of
from gateway.operations.request_log import Story
from gateway.pages.notice import CHALLENGE
from gateway.pages.page import (
    BadRequest,
    ForProxiesOnly,
    MethodNotAllowed,
    NotFound,
    Page,
)
from gateway.pages.render import Renderer
from gateway.pages.rendered import Rendered
from gateway.policy.access import Permit
from gateway.preflight import Preflights
from gateway.proxying.client import ClientRequest
from gateway.renewal import Renewal
from gateway.routing.described import Described, Passing, asks_for_refusal, described
from gateway.routing.own_address import PREFIX, own_address
from gateway.routing.received import Malformed, MethodRefused, Publication, Received
from gateway.telling import Telling
from gateway.turning_away import answer_with
from gateway.visit import Answer, Visit, as_response, respond

_MAY: Final = 200
_UNKNOWN: Final = 401
NO_STORE: Final[Field] = (b"Cache-Control", b"no-store")
# nginx and Caddy copy one value of a name: each Set-Cookie has a name of its own too.
# A session takes four, and what came before it leaves few.
MOST_COOKIES: Final = 6
_TRY_AGAIN: Final = Rendered(
    503,
    ((b"Content-Type", b"text/plain; charset=utf-8"), (b"Retry-After", b"1"), NO_STORE),
    b"You may open this page after all: try again.\n",
)


@dataclass(frozen=True, slots=True)
class ForwardAuth:
    """Answers proxies.

    *strip_cookies* takes our cookies out of a Cookie value (None: nothing is left);
    *longest* is the length of a path in bytes.
    """

    publication: Publication
    gate: Gate
    preflights: Preflights
    renewal: Renewal
    telling: Telling
    headers: AuthRequestHeaders
    claimed: ClaimedNames
    pages: Renderer
    strip_cookies: Callable[[bytes], bytes | None]
    longest: int

    async def answer(self, visit: Visit, story: Story) -> Answer:
        """Answer the question that *visit* is; *story* becomes that of its subject."""
        asking = visit.received
        if not asking.client.trusted:
            peer = visit.request.peer
            network = "unix" if peer is None else network_of(peer)
            story.reason = f"who asks is no trusted proxy; trusted_proxies: {network}"
            return ForProxiesOnly()
        found = described(asking, self.publication, self.longest)
        claim = self.claimed.among(asking.fields)
        if claim is not None:
            named = claim.decode("latin-1")
            refused = Malformed(f"the client says itself who it is, by {named}")
            found = replace(found, asked=refused)
        response = await self._respond(visit, found, story)
        if found.passing is Passing.STATUS and response.status != _MAY:
            return _status_alone(response)
        return response

    async def _respond(
        self, asking: Visit, found: Described, story: Story
    ) -> web.Response:
        request, asked = asking.request, found.asked
        story.home = ""  # of the question: its subject's comes when it is known
        match asked:
            case Received():
                story.host, story.path = asked.host, asked.target.path
                story.method = asked.method
                if self.gate.routes.serves(asked.host):
                    story.home = asked.origin
                request = _request(request, asked, upgrade=found.upgrade)
                subject = Visit(request, asked, asking.request_id, asking.now)
                answer = await self._decide(asking, subject, found, story)
            case Malformed(reason):
                story.reason = reason
                answer = BadRequest(reason)
            case MethodRefused():
                answer = MethodNotAllowed()
            case _:
                assert_never(asked)
        response = as_response(answer, lambda page: self._page(page, request, story))
        location = response.headers.get("Location", "")
        if location.startswith("/"):  # Traefik would take it for an address of ours
            response.headers["Location"] = story.home + location
        return response

    def _page(self, page: Page, request: ClientRequest, story: Story) -> web.Response:
        return answer_with(
            page,
            self.pages,
            request,
            request_id=story.request_id,
            home=story.home,
            more=story.own_fields,
        )

    async def _decide(
        self, asking: Visit, subject: Visit, found: Described, story: Story
    ) -> Answer:
        path = subject.received.target.path
        if own_address(path) is not None:
            story.reason = "an address of our own, which no application gets"
            return NotFound(path.decode("latin-1"))
        # One that we answer ourselves would be a 2xx, which lets it pass: it is none.
        preflight = self.preflights.permitted(subject, story)
        passed = preflight or await self.gate.ask(subject, story)
        if not isinstance(passed, Admitted):
            return passed
        if asks_for_refusal(asking.received):  # it was refused a moment ago
            return respond(_TRY_AGAIN)
        return self._permitted(subject, passed, found.passing)

    def _permitted(
        self, subject: Visit, admitted: Admitted, passing: Passing
    ) -> web.Response:
        permit = admitted.permit
        told = self.telling.fields(permit.identity, admitted.who, subject)
        cookies = self.renewal.cookies(subject, admitted.session)
        fields = (
            *self.headers.fields(permit.identity, told),
            *_caching(permit, has_cookies=bool(cookies)),
            *_numbered(cookies),
            (b"Cookie", self.strip_cookies(subject.received.cookie) or b""),
            (b"Authorization", _authorization(permit.route, subject.received.fields)),
            (b"X-Request-Id", subject.request_id.encode("ascii")),
            NO_STORE,
        )
        # nginx would make one cookie of several, or lose all but the first.
        whole = passing is Passing.WHOLE or len(cookies) == 1
        return respond(Rendered(_MAY, fields, b""), cookies if whole else ())


def _request(asking: ClientRequest, asked: Received, *, upgrade: bool) -> ClientRequest:
    """Return the request *asked* about, as if it had come itself, without its body."""
    head = replace(
        asking.head,
        method=asked.method,
        target=asked.target.raw,
        length=0,
        chunked=False,
        expects_continue=False,
        wants_upgrade=upgrade,
        notes=Notes(),
    )
    return ClientRequest(head, None, asking.connection, asyncio.get_running_loop())


def _caching(permit: Permit, *, has_cookies: bool) -> tuple[Field, ...]:
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


def _authorization(route: Route, fields: Fields) -> bytes:
    """Return the credentials that the application gets: no bearer that was for us."""
    keeps = route.pass_bearer or not route.takes_bearers
    found = values(fields, b"authorization")
    return found[0] if keeps and len(found) == 1 else b""


def _numbered(cookies: Sequence[bytes]) -> Iterator[Field]:
    """Yield the Set-Cookie values *cookies*, each under a name of its own."""
    for number in range(MOST_COOKIES):
        value = cookies[number] if number < len(cookies) else b""
        yield b"X-Auth-Request-Set-Cookie-%d" % (number + 1), value


def _status_alone(response: web.Response) -> web.Response:
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
