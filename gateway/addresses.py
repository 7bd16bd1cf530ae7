"""The addresses the gateway keeps for itself: everything under ``/.gateway/``."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from aiohttp import web

from gateway.account import Accounts
from gateway.authentication.arrival import Arrival
from gateway.authentication.callback import Callback
from gateway.choosing import Choosing
from gateway.coming_and_going import ComingAndGoing
from gateway.fitting_head import fit
from gateway.limiting import SignInLimit
from gateway.pages.asset import asset
from gateway.pages.page import (
    MethodNotAllowed,
    NotFound,
    Page,
)
from gateway.pages.rendered import Rendered
from gateway.renewal import Renewal
from gateway.sessions.aiohttp_storage import (
    SessionStorage,
    current_session,
)
from gateway.sessions.sharing import Sharing
from gateway.visit import (
    Answer,
    Visit,
    as_response,
    remember_host,
    respond,
)

Answerer = Callable[[Visit], Awaitable[Answer]]
Pages = Callable[[Page], web.Response]
NO_STORE = (b"Cache-Control", b"no-store")
NO_REFERRER = "no-referrer"
ASSETS = "assets/"
KEY_SET = "jwks.json"
FOR_ANY_HOST = frozenset({"healthz", KEY_SET})  # applications know us by other names
ABOUT_ME = frozenset({"", "userinfo"})
COUNTING = frozenset({"callback", "sign-out"})  # they write the count of arrivals
ENDING = frozenset({"callback", "sign-out", "sessions", "switch-account"})


@dataclass(frozen=True, slots=True)
class Addresses:
    """Answers for each address of our own, by name and method."""

    people: ComingAndGoing
    sign_in_limit: SignInLimit
    callback: Callback
    told_by_logto: Mapping[str, Answerer]
    renewal: Renewal
    storage: SessionStorage
    sharing: Sharing
    arrival: Arrival
    accounts: Accounts
    choosing: Choosing
    key_set: Answerer | None  # of the assertions, where there are any

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

        response = await self.storage.serve(visit.request, answer)
        await self._settle(name, response)
        return response

    async def _settle(self, name: str, response: web.Response) -> None:
        """Do to *response* what must wait until the session's cookie is in it."""
        own = self.callback.attempts.own
        spare = (own.attempt_stem, own.arrival) if name == "callback" else ()
        fit(response, spare)
        if name in ENDING:  # who hears that a session is over may rely on it
            await self.sharing.told()

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
            "sign-in": {"GET": self.people.begin},
            "sign-up": {"GET": self.people.begin_sign_up},
            "sign-in-again": {"GET": self.people.begin_again},
            "callback": {"GET": self.callback.arrive},
            "sign-out": {"GET": self.people.leave, "POST": self.people.leave},
            "signed-out": {"GET": self.people.signed_out},
            "switch-account": {"POST": self.people.switch_account},
            "sessions": {"POST": self.people.end_sessions},
            "organization": {"GET": self.choosing.page, "POST": self.choosing.choose},
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


def _allowed(name: str, methods: dict[str, Answerer]) -> tuple[str, ...]:
    head = ("HEAD",) if "GET" in methods and name != "callback" else ()
    return (*methods, *head)
