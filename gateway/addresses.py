"""The addresses the gateway keeps for itself: everything under ``/.gateway/``."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from aiohttp import web

from gateway.account import Accounts
from gateway.authentication.arrival import Arrival
from gateway.authentication.callback import Callback
from gateway.authentication.return_to import return_to
from gateway.authentication.revoking import Revoking
from gateway.authentication.sign_in import SignIn, destination_of
from gateway.authentication.sign_out import SignOut
from gateway.form import form_value
from gateway.limiting import SignInLimit
from gateway.pages.asset import asset
from gateway.pages.page import (
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
from gateway.renewal import Renewal
from gateway.sessions.aiohttp_storage import (
    SessionStorage,
    current_session,
    end_session,
)
from gateway.sessions.revocations import Whose
from gateway.visit import (
    Answer,
    Visit,
    as_response,
    redirect,
    remember_host,
    respond,
)

Answerer = Callable[[Visit], Awaitable[Answer]]
Pages = Callable[[Page], web.Response]
NO_STORE = (b"Cache-Control", b"no-store")
NO_REFERRER = "no-referrer"
ASSETS = "assets/"
ONE_OF_MANY = "this host is one of many (*.), which cannot sign in"
KEY_SET = "jwks.json"
FOR_ANY_HOST = frozenset({"healthz", KEY_SET})  # applications know us by other names
ABOUT_ME = frozenset({"", "userinfo"})
COUNTING = frozenset({"callback", "sign-out"})  # they write the count of arrivals


@dataclass(frozen=True, slots=True)
class Addresses:
    """Answers for each address of our own, by name and method."""

    sign_in: SignIn
    sign_in_limit: SignInLimit
    callback: Callback
    sign_out: SignOut
    revoking: Revoking
    told_by_logto: Mapping[str, Answerer]
    renewal: Renewal
    storage: SessionStorage
    arrival: Arrival
    accounts: Accounts
    key_set: Answerer | None  # of the assertions, where there are any
    hosts: frozenset[str]  # that can sign in: those whose callback can be registered

    @staticmethod
    def is_for_any_host(name: str) -> bool:
        """Return whether the own address *name* is answered whatever the Host."""
        return name in FOR_ANY_HOST or name.startswith(ASSETS)

    async def answer(self, name: str, visit: Visit, pages: Pages) -> web.Response:
        """Answer *visit* to the own address *name* (as ``own_address`` gave it).

        *pages* makes an answer of a page.  Raises SessionTooLarge.
        """
        if name == KEY_SET:  # shared caches may keep it: nobody's cookies
            return as_response(await self._answer(name, visit), pages)
        remember_host(visit)
        if name in ABOUT_ME:
            await self.renewal.session(visit)  # what is told is what Logto says now

        async def answer(_request: web.BaseRequest) -> web.Response:
            arrived = name not in COUNTING and await self._has_arrived(visit)
            response = as_response(await self._answer(name, visit), pages)
            if arrived:
                response.headers.add("Set-Cookie", self.arrival.clear().decode("ascii"))
            if name == "callback":  # its own address holds a code, for nobody else
                response.headers["Referrer-Policy"] = NO_REFERRER
            return response

        return await self.storage.serve(visit.request, answer)

    async def _has_arrived(self, visit: Visit) -> bool:
        """Return whether a session came along whose arrival was waited for."""
        if not self.arrival.present(visit.received.cookie):
            return False
        return await current_session(visit.request) is not None

    async def _answer(self, name: str, visit: Visit) -> Answer:
        asked = visit.received.method
        # What Logto comes back with is good once: HEAD must not use it up.
        method = "GET" if asked == "HEAD" and name != "callback" else asked
        if name.startswith(ASSETS):
            return self._asset(name.removeprefix(ASSETS), method)
        methods = self._table().get(name)
        if methods is None:
            return NotFound(visit.received.target.path.decode("latin-1"))
        answerer = methods.get(method)
        if answerer is None:
            return MethodNotAllowed(_allowed(name, methods), asked)
        return self.sign_in_limit.refuse(name, visit) or await answerer(visit)

    def _table(self) -> dict[str, dict[str, Answerer]]:
        return {
            "": {"GET": self.accounts.page},
            "sign-in": {"GET": self._begin},
            "sign-up": {"GET": self._begin_sign_up},
            "callback": {"GET": self.callback.arrive},
            "sign-out": {"GET": self._leave, "POST": self._leave},
            "signed-out": {"GET": self._signed_out},
            "switch-account": {"POST": self._switch_account},
            "sessions": {"POST": self._leave_everywhere},
            "userinfo": {"GET": self.accounts.userinfo},
            "healthz": {"GET": self._healthz},
            **({KEY_SET: {"GET": self.key_set}} if self.key_set else {}),
            **{name: {"POST": take} for name, take in self.told_by_logto.items()},
        }

    async def _healthz(self, _visit: Visit) -> Answer:
        fields = ((b"Content-Type", b"text/plain; charset=utf-8"), NO_STORE)
        return respond(Rendered(200, fields, b"ok\n"))

    def _asset(self, name: str, method: str) -> Answer:
        found = asset(name)
        if found is None:
            return NotFound()
        if method != "GET":
            return MethodNotAllowed(("GET", "HEAD"), method)
        return respond(found)

    async def _begin(self, visit: Visit) -> Answer:
        return await self._start(visit, first_screen=None)

    async def _begin_sign_up(self, visit: Visit) -> Answer:
        return await self._start(visit, first_screen="register")

    async def _start(self, visit: Visit, first_screen: str | None) -> Answer:
        """Only a navigation starts an attempt: nothing else can end one."""
        received = visit.received
        destination = destination_of(received.target.query)
        match request_kind(received.method, received.fields):
            case RequestKind.NAVIGATION:
                stopped = None
                if await current_session(visit.request) is None:
                    stopped = self.sign_in.stopped(visit, destination)
                return stopped or await self._to_logto(
                    visit, destination, first_screen=first_screen
                )
            case RequestKind.FRAME:
                return SignInFrame(return_to(destination))
            case _:
                return SignInRequired()

    async def _to_logto(
        self,
        visit: Visit,
        destination: str | None,
        *,
        first_screen: str | None = None,
        prompt: str | None = None,
    ) -> Answer:
        if visit.received.host not in self.hosts:
            return BadRequest(ONE_OF_MANY)
        return await self.sign_in.begin(
            visit, destination=destination, first_screen=first_screen, prompt=prompt
        )

    async def _leave(self, visit: Visit) -> Answer:
        received = visit.received
        if not may_sign_out(received.method, received.fields, received.origin):
            return AskSignOut()
        return await self.sign_out.leave(visit)

    async def _leave_everywhere(self, visit: Visit) -> Answer:
        """End all sessions of the person, in whatever browser, and this one's at Logto.

        The grants of the others stay at Logto, of no use to anybody: their refresh
        tokens are sealed in cookies that are not served any more.
        """
        received = visit.received
        if not may_sign_out("POST", received.fields, received.origin):
            return CrossSite()
        session = await current_session(visit.request)
        if session is not None:
            mark = Whose.SUBJECT, session.identity.sub
            await self.revoking.revoke(mark, reason="everywhere")
        return await self.sign_out.leave(visit)

    async def _signed_out(self, visit: Visit) -> Answer:
        if await current_session(visit.request) is not None:
            return redirect("/.gateway/")
        return SignedOut()

    async def _switch_account(self, visit: Visit) -> Answer:
        """Sign out here and in anew; the grant at Logto belongs to the browser.

        While Logto is away nobody is signed out: there is no way back in.
        """
        received = visit.received
        if not may_sign_out("POST", received.fields, received.origin):
            return CrossSite()
        destination = await form_value(visit, "rd")
        answer = await self._to_logto(visit, destination, prompt="login consent")
        if isinstance(answer, web.Response):
            await end_session(visit.request)
        return answer


def _allowed(name: str, methods: dict[str, Answerer]) -> tuple[str, ...]:
    head = ("HEAD",) if "GET" in methods and name != "callback" else ()
    return (*methods, *head)
