"""Forward-auth: another proxy asks whether a request may pass, and forwards it itself.

nginx (``auth_request``), Caddy (``forward_auth``), Traefik (ForwardAuth) and Envoy
(``ext_authz`` over HTTP) describe the request to ``/.gateway/auth``.  It passes the
same gate as a request that is forwarded here.  Who may gets 200, with who it is in
headers for the proxy to copy; for everybody else there is the answer that they would
get here, as far as the proxy passes it on.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final, assert_never

from aiohttp import web

from gateway.gate import Admitted, Gate
from gateway.identity.auth_request import AuthRequestHeaders
from gateway.identity.claimed_names import ClaimedNames
from gateway.known import Notes
from gateway.operations.limits.unlisted_proxies import network_of
from gateway.operations.request_log import Story
from gateway.pages.page import (
    BadRequest,
    ForProxiesOnly,
    MethodNotAllowed,
    NotFound,
    Page,
)
from gateway.pages.render import Renderer
from gateway.pages.rendered import Rendered
from gateway.preflight import Preflights
from gateway.proxy_answers import (
    NO_STORE,
    authorization,
    caching,
    numbered,
    send,
    status_alone,
)
from gateway.proxying.client import ClientRequest
from gateway.proxying.relayed import Relayed
from gateway.renewal import Renewal
from gateway.routing.described import (
    Described,
    Passing,
    asks_for_refusal,
    described,
    is_asked,
)
from gateway.routing.overrides import choose
from gateway.routing.own_address import own_address
from gateway.routing.received import Malformed, MethodRefused, Publication, Received
from gateway.telling import Telling
from gateway.turning_away import answer_with
from gateway.visit import Answer, Visit, as_response, respond

_TRY_AGAIN: Final = Rendered(
    503,
    ((b"Content-Type", b"text/plain; charset=utf-8"), (b"Retry-After", b"1"), NO_STORE),
    b"You may open this page after all: try again.\n",
)


@dataclass(frozen=True, slots=True)
class ForwardAuth:
    """Answers proxies.

    *strip_cookies* takes our cookies out of a Cookie value (None: nothing is left);
    *longest* is the length of a path in bytes; *hosts* are those (as routes name them)
    that have a route for other proxies.
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
    hosts: frozenset[str]

    def is_asked(self, path: bytes) -> bool:
        """Return whether a request for the own address *path* is a question.

        None is where no route is for other proxies: one that only passes on what
        clients send would pass on their questions too, and the answers to them.
        """
        return bool(self.hosts) and is_asked(path)

    async def answer(self, visit: Visit, story: Story) -> Answer | Relayed:
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
        if found.passing is Passing.STATUS and isinstance(response, web.Response):
            return status_alone(response)
        return response

    async def _respond(
        self, asking: Visit, found: Described, story: Story
    ) -> web.Response | Relayed:
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
                decided = await self._decide(asking, subject, found, story)
                if isinstance(decided, Relayed):
                    return decided
                answer = decided
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
        return answer_with(page, self.pages, request, story)

    async def _decide(
        self, asking: Visit, subject: Visit, found: Described, story: Story
    ) -> Answer | Relayed:
        path = subject.received.target.path
        if own_address(path) is not None:
            story.reason = "an address of our own, which no application gets"
            return NotFound(path.decode("latin-1"))
        # One that we answer ourselves would be a 2xx, which lets it pass: it is none.
        preflight = self.preflights.permitted(subject, story)
        choice = choose(self.gate.routes, subject.received)
        passed = preflight or await self.gate.ask(subject, choice, story)
        if not isinstance(passed, Admitted):
            return passed
        if passed.permit.route.host not in self.hosts:
            story.reason = "no route of the host is for other proxies"
            return NotFound(path.decode("latin-1"))
        if asks_for_refusal(asking.received):  # it was refused a moment ago
            return respond(_TRY_AGAIN)
        return self._permitted(asking, subject, passed, found.passing)

    def _permitted(
        self, asking: Visit, subject: Visit, admitted: Admitted, passing: Passing
    ) -> Relayed:
        permit = admitted.permit
        told = self.telling.fields(permit.identity, admitted.who, subject)
        cookies = self.renewal.cookies(subject, admitted.session)
        fields = (
            *self.headers.fields(permit.identity, told),
            *caching(permit, has_cookies=bool(cookies)),
            *numbered(cookies),
            (b"Cookie", self.strip_cookies(subject.received.cookie) or b""),
            (b"Authorization", authorization(permit.route, subject.received.fields)),
            (b"X-Request-Id", subject.request_id.encode("ascii")),
            NO_STORE,
        )
        # nginx would make one cookie of several, or lose all but the first.
        whole = passing is Passing.WHOLE or len(cookies) == 1
        if whole:
            fields += tuple((b"Set-Cookie", cookie) for cookie in cookies)
        return send(asking, fields)


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
