"""The story of one request: read this first.

Which route is it for, who came back, may they, what do we tell the upstream; then
forward it, or send them to sign in, or say no.  The route is found by
:mod:`gateway.routing.directions`; who came and whether they may are the steps of
:mod:`gateway.gate`.  Nothing is forwarded without the ``Permit`` that only
:mod:`gateway.policy` makes.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import assert_never

import structlog
from aiohttp import web

from gateway.addresses import Addresses
from gateway.forward_auth import ForwardAuth
from gateway.gate import Admitted, Gate
from gateway.limited_forwarding import LimitedForwarder
from gateway.operations.request_log import RequestLog, Story, path_of
from gateway.pages.page import (
    BadRequest,
    InternalError,
    MethodNotAllowed as MethodNotAllowedPage,
    OnlyForwardAuth,
    Page,
    SessionsAway,
    SessionTooLarge as SessionTooLargePage,
    UpstreamAway as UpstreamAwayPage,
)
from gateway.pages.render import Renderer
from gateway.preflight import Preflights
from gateway.proxying.client import ClientRequest
from gateway.proxying.forward import Stamp, UpstreamFailure
from gateway.proxying.relayed import Relayed
from gateway.proxying.request_head import RequestRefused
from gateway.renewal import Renewal
from gateway.routing.client_address import UNKNOWN
from gateway.routing.directions import Directions, NoReading, directions
from gateway.routing.own_address import BARE
from gateway.routing.received import (
    Malformed,
    MethodRefused,
    Publication,
    Sender,
    receive,
    sender,
)
from gateway.routing.table import RouteTable
from gateway.sessions.sharing import SharingAway
from gateway.sessions.too_large import SessionTooLarge
from gateway.telling import Telling
from gateway.turning_away import answer_with, unknown_host
from gateway.visit import PageAndCookies, Visit, as_response, redirect

Answer = Relayed | web.Response | Page | PageAndCookies
log = structlog.get_logger("gateway")


@dataclass(frozen=True, slots=True)
class Handler:
    """Everything one request needs; built once, in :mod:`gateway.assembly`."""

    publication: Publication
    routes: RouteTable
    addresses: Addresses
    gate: Gate
    preflights: Preflights
    forward_auth: ForwardAuth
    renewal: Renewal
    telling: Telling
    forwarder: LimitedForwarder
    pages: Renderer
    request_log: RequestLog
    now: Callable[[], float]
    new_id: Callable[[], str]

    async def __call__(self, request: ClientRequest) -> web.StreamResponse:
        """Answer *request*, and write down what happened to it."""
        story = self.request_log.begin(self.new_id(), request.method)
        try:
            response = await self._say(request, story)
        except RequestRefused as refused:  # its body broke its framing
            story.reason, story.status = str(refused), refused.status
            raise
        except (asyncio.CancelledError, ConnectionError):
            story.ended = "client_gone"
            raise
        else:
            if not isinstance(response, Relayed):  # else measured on its way
                story.answered(response)
            return response
        finally:
            story.measured(request.record)
            self.request_log.end(story)

    async def _say(self, request: ClientRequest, story: Story) -> web.StreamResponse:
        """Answer *request*; what nobody expected becomes a page, if it still can."""
        try:
            answer = await self._answer(request, story)
            if isinstance(answer, Relayed):  # nearly all (hot path)
                return answer
            return as_response(answer, partial(self._page, request, story))
        except (RequestRefused, ConnectionError):
            raise
        except SharingAway as away:  # nobody knows who is signed in
            story.decision, story.reason = "error", away.reason
            return self._page(request, story, SessionsAway())
        except Exception:
            log.exception("internal_error", request_id=story.request_id)
            story.decision = "error"
            story.client = story.client or request.peer or UNKNOWN
            if request.record.status:  # an answer has begun
                raise
            return self._page(request, story, InternalError())

    async def _answer(self, request: ClientRequest, story: Story) -> Answer:
        found = self._directions(request)
        if not isinstance(found, Directions):
            return _not_read(found, request, story)
        received = found.received
        visit = Visit(request, received, story.request_id, self.now())
        story.host = received.host
        story.path = received.target.path
        story.client = received.client.address
        passed: Admitted | Answer | None = None
        if found.is_plain:
            story.home = received.origin
            passed = self.gate.at_once(visit, found.choice, story)
        if passed is None:
            passed = await self._in_time(found, visit, story)
        if not isinstance(passed, Admitted):
            return passed
        if passed.permit.route.upstream.is_elsewhere:
            return self.gate.told(OnlyForwardAuth(), visit, passed.session)
        try:
            return await self.forwarder.forward(
                request, passed.permit, self._stamp(visit, passed)
            )
        except UpstreamFailure as failure:
            story.failure, story.reason = failure.kind, failure.detail
            page = UpstreamAwayPage(failure.kind)
            return self.gate.told(page, visit, passed.session)

    def _directions(self, request: ClientRequest) -> Directions | NoReading:
        """Return where *request* goes; the same head is not looked at twice."""
        notes, key = request.head.line_notes, (self.publication, request.peer)
        found: Directions | NoReading | None = notes.get(key)
        if found is None:
            sent_by = self._sender(request)
            method, target = request.head.method, request.raw_target
            found = directions(receive(method, target, sent_by), self.routes)
            notes.keep(key, found)
        return found

    def _sender(self, request: ClientRequest) -> Sender | Malformed:
        """Return who sent *request*; the same fields are not read twice."""
        notes, key = request.head.notes, (self.publication, request.peer)
        found: Sender | Malformed | None = notes.get(key)
        if found is None:
            found = sender(request.fields, request.peer, self.publication)
            notes.keep(key, found)
        return found

    async def _in_time(
        self, found: Directions, visit: Visit, story: Story
    ) -> Admitted | Answer:
        """Return what the gate says where somebody's answer is waited for.

        And what is said of requests that not only their route decides about: for our
        own addresses, for hosts that are not ours, and preflights.
        """
        if found.is_plain:
            return await self.gate.in_time(visit, found.choice, story)
        received, own = found.received, found.own
        if own is not None and self.forward_auth.is_asked(received.target.path):
            return await self.forward_auth.answer(visit, story)
        if found.is_ours:
            story.home = received.origin
        elif own is None or not self.addresses.is_for_any_host(own):
            return unknown_host(visit, self.publication, self.routes)
        if own is not None:
            return await self._own(own, visit, story)
        preflight = self.preflights.answer(visit, story)
        return preflight or await self.gate.ask(visit, found.choice, story)

    async def _own(self, name: str, visit: Visit, story: Story) -> Answer:
        story.route = story.decision = "own"
        if name == BARE:
            return redirect("/.gateway/", status=308)
        try:
            return await self.addresses.answer(
                name, visit, partial(self._page, visit.request, story)
            )
        except SessionTooLarge as error:
            story.reason = str(error)
            return SessionTooLargePage(error.size, error.limit)

    def _stamp(self, visit: Visit, admitted: Admitted) -> Stamp:
        received = visit.received
        return Stamp(
            identity=self.telling.lines(admitted.permit.identity, admitted.who, visit),
            client=received.client,
            host=received.host_field,
            request_id=visit.request_id.encode("ascii"),
            target=received.target,
            set_cookies=partial(self.renewal.cookies, visit, admitted.session),
            who=admitted.who,
        )

    def _page(self, request: ClientRequest, story: Story, page: Page) -> web.Response:
        return answer_with(page, self.pages, request, story)


def _not_read(refused: NoReading, request: ClientRequest, story: Story) -> Page:
    """Return the page for a *request* that has no reading, or none that is served."""
    story.client = request.peer or UNKNOWN
    match refused:
        case Malformed(reason):
            story.reason = reason
            story.path = path_of(request.raw_target)
            return BadRequest(reason)
        case MethodRefused():
            return MethodNotAllowedPage((), request.method)
        case _:
            assert_never(refused)
