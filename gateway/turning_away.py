"""What who is not let through gets: a redirect, a page or JSON, as fits who asks."""

from dataclasses import replace
from urllib.parse import urlsplit

from aiohttp import web

from config.origin import is_loopback
from config.routes import Route
from gateway.authentication.return_to import return_to
from gateway.authentication.sign_in import destination_of, sign_in_address
from gateway.fields import Fields, first
from gateway.operations.request_log import Story
from gateway.pages.addresses import ORGANIZATION, returning
from gateway.pages.bearers import BearerPage
from gateway.pages.page import (
    AskSignOut,
    BadRequest,
    BearerForbidden,
    Forbidden,
    OrganizationRequired,
    Page,
    SignInFrame,
    SignInRequired,
    SignInTooOld,
    UnknownHost,
)
from gateway.pages.render import Renderer
from gateway.pages.wants_json import wants_json as accepts_json
from gateway.policy.allow import asks_organization
from gateway.policy.request_kind import RequestKind, request_kind
from gateway.policy.scopes import missing_scopes
from gateway.proxying.client import ClientRequest
from gateway.routing.own_address import own_address
from gateway.routing.received import Publication
from gateway.routing.table import RouteTable
from gateway.sessions.bearer import Bearer
from gateway.sessions.session import Session
from gateway.visit import Visit, redirect, respond

LEADING_ON = frozenset({"sign-in", "sign-up", "sign-in-again", "organization"})
READS = frozenset({"GET", "HEAD"})


def ask_to_sign_in(visit: Visit) -> web.Response | Page:
    """Ask for a sign-in: by a redirect where a person navigates, else by a 401.

    Only a navigation can follow the way to Logto and back; a frame gets a link that
    leaves it, and everything else is told so in JSON, without a cookie.
    """
    received = visit.received
    target = received.target.raw.decode("ascii")
    match request_kind(received.method, received.fields):
        case RequestKind.NAVIGATION if received.method in READS:
            return redirect(sign_in_address(return_to(target)))
        case RequestKind.NAVIGATION:
            page = _page_before(received.fields, received.origin)
            return redirect(sign_in_address(page), status=303)
        case RequestKind.FRAME:
            return SignInFrame(_page_before(received.fields, received.origin))
        case _:
            return SignInRequired(return_to(target))


def ask_to_sign_in_again(visit: Visit, within: float) -> web.Response | Page:
    """Ask somebody whose sign-in is older than *within* seconds to sign in again.

    Once: who comes back without having done so gets a page.  What they sent is not
    kept, so the page for a form says that it is lost.
    """
    received = visit.received
    target, seconds = received.target.raw.decode("ascii"), int(within)
    match request_kind(received.method, received.fields):
        case RequestKind.NAVIGATION if received.method in READS:
            return redirect(sign_in_address(return_to(target), again=True))
        case RequestKind.NAVIGATION:
            page = _page_before(received.fields, received.origin)
            lost = f"{received.method} {received.target.path.decode('latin-1')}"
            return SignInTooOld(seconds, page, lost)
        case RequestKind.FRAME:
            page = _page_before(received.fields, received.origin)
            return SignInTooOld(seconds, page, in_frame=True)
        case _:
            return SignInTooOld(seconds, return_to(target))


def ask_to_choose(visit: Visit) -> web.Response | Page:
    """Ask for an organization: by a redirect where a person navigates, else a 403."""
    received = visit.received
    target = received.target.raw.decode("ascii")
    match request_kind(received.method, received.fields):
        case RequestKind.NAVIGATION if received.method in READS:
            return redirect(returning(ORGANIZATION, return_to(target)))
        case RequestKind.NAVIGATION:
            page = _page_before(received.fields, received.origin)
            return redirect(returning(ORGANIZATION, page), status=303)
        case RequestKind.FRAME:
            page = _page_before(received.fields, received.origin)
            return OrganizationRequired(page, in_frame=True)
        case _:
            return OrganizationRequired(return_to(target))


def forbid(
    visit: Visit, route: Route, session: Session | None, reason: str, *, chooses: bool
) -> Page:
    """Say that the account of *session* may not use *route*, and offer another.

    *reason* is a sentence for the person; empty keeps it to the log. *chooses* says
    whether people choose the organization that they act for.
    """
    target = visit.received.target.raw.decode("ascii")
    identity = session.identity if session is not None else None
    page = Forbidden(identity, reason, return_to(target))
    if identity is None or not asks_organization(route.allow):
        return page
    return replace(
        page,
        without_organization=identity.acts_for is None,
        may_change=chooses and len(identity.organizations) > 1,
    )


def forbid_bearer(route: Route, bearer: Bearer, reason: str) -> Page:
    """Say that the access token of *bearer* is not enough for *route*.

    Where a scope is all that it lacks, say which.  *reason* as for :func:`forbid`.
    """
    return BearerForbidden(missing_scopes(route.allow, bearer.identity), reason)


def unknown_host(
    visit: Visit, publication: Publication, routes: RouteTable
) -> web.Response | Page:
    """Refuse a host that is not ours; another name of loopback is led to the right one.

    A cookie of ``localhost`` is not one of ``127.0.0.1``: signing in there would
    come back to nowhere.
    """
    received = visit.received
    public = publication.public_url
    kind = request_kind(received.method, received.fields)
    navigates = kind is RequestKind.NAVIGATION and received.method in READS
    if navigates and public.is_loopback and is_loopback(received.host):
        target = return_to(received.target.raw.decode("ascii"))
        return redirect(f"{public}{target}", status=307)
    return UnknownHost(routes.hosts, received.host)


def answer_with(
    page: Page, pages: Renderer, request: ClientRequest, story: Story
) -> web.Response:
    """Return *page* as *request* wants it, where and with what its *story* says."""
    json = wants_json(page, request.method, request.fields)
    asked = "" if json else asked_page(request.method, request.raw_target)
    rendered = pages.render(
        page, request_id=story.request_id, json=json, home=story.home, asked=asked
    )
    response = respond(rendered)
    if isinstance(page, BadRequest):
        response.force_close()
    for name, value in story.own_fields:
        response.headers.add(name.decode("ascii"), value.decode("latin-1"))
    return response


def wants_json(page: Page, method: str, fields: Fields) -> bool:
    """Return whether whoever sent *fields* gets *page* as JSON.

    A 401 is for programs unless it is the page for a frame; a question to sign out
    is for people. Whoever shows a bearer is a program.
    """
    if isinstance(page, BearerPage):
        return True
    match page:
        case SignInFrame() | SignInTooOld(in_frame=True):
            return False
        case SignInRequired() | SignInTooOld():
            return request_kind(method, fields) is not RequestKind.NAVIGATION
        case OrganizationRequired(in_frame=True):
            return False
        case AskSignOut():
            kind = request_kind(method, fields)
            return kind is RequestKind.PROGRAM and accepts_json(fields)
        case _:
            return accepts_json(fields)


def asked_page(method: str, target: bytes) -> str:
    """Return the local page that *method* for the raw *target* asked for.

    Who begins a sign-in asked for the page that it leads to.  "" where it was none, or
    a link would ask for something else, or do something: a GET is safe (RFC 9110,
    section 9.2.1).
    """
    if method != "GET":
        return ""
    path, _, query = target.partition(b"?")
    if own_address(path) in LEADING_ON:
        return return_to(destination_of(query))
    wanted = target.decode("latin-1")
    found = return_to(wanted)  # which may cut, or encode: that is longer
    return found if len(found) >= len(wanted) else ""


def _page_before(fields: Fields, origin: str) -> str:
    """Return the page of ours that a form or a frame was on: there one can go on."""
    referer = (first(fields, b"referer") or b"").decode("latin-1")
    if not referer.startswith(origin + "/"):
        return "/"
    parts = urlsplit(referer.removeprefix(origin))
    return return_to(parts.path + ("?" + parts.query if parts.query else ""))
