"""The addresses the gateway keeps for itself: everything under ``/.gateway/``."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from urllib.parse import parse_qs

from aiohttp import web

from gateway.authentication.arrival import Arrival
from gateway.authentication.callback import Callback
from gateway.authentication.return_to import return_to
from gateway.authentication.sign_in import SignIn, destination_of
from gateway.authentication.sign_out import SignOut
from gateway.identity.headers import IdentityHeaders
from gateway.pages.asset import asset
from gateway.pages.page import (
    Account,
    AccountSignedOut,
    AskSignOut,
    BadRequest,
    CrossSite,
    MethodNotAllowed,
    NotFound,
    Page,
    SignedOut,
    SignInFrame,
    SignInRequired,
)
from gateway.pages.rendered import Rendered
from gateway.policy.request_kind import RequestKind, request_kind
from gateway.policy.sign_out import may_sign_out
from gateway.sessions.aiohttp_storage import (
    SessionStorage,
    current_session,
    end_session,
)
from gateway.sessions.session import Session
from gateway.visit import Visit, redirect, remember_host, respond

Answer = web.Response | Page
Answerer = Callable[[Visit], Awaitable[Answer]]
Pages = Callable[[Page], web.Response]
LONGEST_FORM = 8 * 1024  # bytes of a form of ours
NO_STORE = (b"Cache-Control", b"no-store")
ASSETS = "assets/"


@dataclass(frozen=True, slots=True)
class Lifetimes:
    """How long a session lives, in seconds."""

    idle: float
    absolute: float


@dataclass(frozen=True, slots=True)
class Addresses:
    """Answers for each address of our own, by name and method."""

    sign_in: SignIn
    callback: Callback
    sign_out: SignOut
    storage: SessionStorage
    arrival: Arrival
    identity_headers: IdentityHeaders
    lifetimes: Lifetimes
    hosts: frozenset[str]  # that can sign in: those whose callback can be registered

    @staticmethod
    def is_for_any_host(name: str) -> bool:
        """Return whether the own address *name* is answered whatever the Host."""
        return name == "healthz" or name.startswith(ASSETS)

    async def answer(self, name: str, visit: Visit, pages: Pages) -> web.Response:
        """Answer *visit* to the own address *name* (as ``own_address`` gave it).

        *pages* makes an answer of a page.  Raises SessionTooLarge.
        """

        remember_host(visit)

        async def answer(_request: web.BaseRequest) -> web.Response:
            found = await self._answer(name, visit)
            return found if isinstance(found, web.Response) else pages(found)

        return await self.storage.serve(visit.request, answer)

    async def _answer(self, name: str, visit: Visit) -> Answer:
        method = "GET" if visit.received.method == "HEAD" else visit.received.method
        if name.startswith(ASSETS):
            return self._asset(name.removeprefix(ASSETS), method)
        methods = self._table().get(name)
        if methods is None:
            return NotFound(visit.received.target.path.decode("latin-1"))
        answerer = methods.get(method)
        if answerer is None:
            return MethodNotAllowed(tuple(methods), visit.received.method)
        return await answerer(visit)

    def _table(self) -> dict[str, dict[str, Answerer]]:
        return {
            "": {"GET": self._account},
            "sign-in": {"GET": self._begin},
            "sign-up": {"GET": self._begin_sign_up},
            "callback": {"GET": self.callback.arrive},
            "sign-out": {"GET": self._leave, "POST": self._leave},
            "signed-out": {"GET": self._signed_out},
            "switch-account": {"POST": self._switch_account},
            "userinfo": {"GET": self._userinfo},
            "healthz": {"GET": self._healthz},
        }

    async def _healthz(self, _visit: Visit) -> Answer:
        fields = ((b"Content-Type", b"text/plain; charset=utf-8"), NO_STORE)
        return respond(Rendered(200, fields, b"ok\n"))

    def _asset(self, name: str, method: str) -> Answer:
        found = asset(name)
        if found is None:
            return NotFound()
        return respond(found) if method == "GET" else MethodNotAllowed(("GET",))

    async def _begin(self, visit: Visit) -> Answer:
        return await self._start(visit, first_screen=None)

    async def _begin_sign_up(self, visit: Visit) -> Answer:
        return await self._start(visit, first_screen="register")

    async def _start(self, visit: Visit, first_screen: str | None) -> Answer:
        """Only a navigation starts an attempt: nothing else can end one."""
        received = visit.received
        if received.host not in self.hosts:
            return BadRequest("this host is one of many (*.), which cannot sign in")
        match request_kind(received.method, received.fields):
            case RequestKind.NAVIGATION:
                return await self.sign_in.begin(
                    visit,
                    destination=destination_of(received.target.query),
                    first_screen=first_screen,
                )
            case RequestKind.FRAME:
                return SignInFrame(return_to(destination_of(received.target.query)))
            case _:
                return SignInRequired()

    async def _leave(self, visit: Visit) -> Answer:
        received = visit.received
        if not may_sign_out(received.method, received.fields, received.origin):
            return AskSignOut()
        return await self.sign_out.leave(visit)

    async def _signed_out(self, visit: Visit) -> Answer:
        if await current_session(visit.request) is not None:
            return redirect("/.gateway/")
        return SignedOut()

    async def _switch_account(self, visit: Visit) -> Answer:
        """Sign out here and in anew; the grant at Logto belongs to the browser."""
        received = visit.received
        if not may_sign_out("POST", received.fields, received.origin):
            return CrossSite()
        form = parse_qs((await _form(visit)).decode("latin-1"))
        await end_session(visit.request)
        return await self.sign_in.begin(
            visit, destination=form.get("rd", ["/"])[0], prompt="login consent"
        )

    async def _account(self, visit: Visit) -> Answer:
        session = await current_session(visit.request)
        if session is None:
            return AccountSignedOut()
        return Account(
            identity=session.identity,
            signed_in_at=session.signed_in_at,
            ends_at=self._ends_at(session),
            headers=self.identity_headers.fields(session.identity),
            now=visit.now,
        )

    async def _userinfo(self, visit: Visit) -> Answer:
        session = await current_session(visit.request)
        if session is None:
            return SignInRequired()
        identity = session.identity
        told = {
            "sub": identity.sub,
            "username": identity.username,
            "x_username": identity.x_username,
            "x_id": identity.x_id,
            "name": identity.name,
            "email": identity.verified_email,
            "picture": identity.picture,
            "roles": list(identity.roles) or None,
        }
        body: dict[str, object] = {
            key: value for key, value in told.items() if value is not None
        }
        body["expires_in"] = max(0, int(self._ends_at(session) - visit.now))
        body["idle_timeout"] = int(self.lifetimes.idle)
        fields = ((b"Content-Type", b"application/json"), NO_STORE)
        return respond(Rendered(200, fields, json.dumps(body).encode()))

    def _ends_at(self, session: Session) -> int:
        absolute = session.signed_in_at + self.lifetimes.absolute
        return int(min(session.expires_at, absolute))


async def _form(visit: Visit) -> bytes:
    """Return the request's body, or what there is of it within our limit."""
    body = b""
    while len(body) <= LONGEST_FORM:
        chunk = await visit.request.content.readany()
        if not chunk:
            return body
        body += chunk
    return b""
