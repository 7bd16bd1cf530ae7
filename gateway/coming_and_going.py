"""Signing in and out, as a person asks for it at our own addresses."""

from dataclasses import dataclass

import structlog
from aiohttp import web

from gateway.authentication.return_to import return_to
from gateway.authentication.revoking import Revoking
from gateway.authentication.sign_in import SignIn, destination_of
from gateway.authentication.sign_out import SignOut
from gateway.form import form_value
from gateway.pages.page import (
    AskSignOut,
    BadRequest,
    CrossSite,
    SignedOut,
    SignInFrame,
    SignInRequired,
)
from gateway.policy.request_kind import RequestKind, request_kind
from gateway.policy.sign_out import may_sign_out
from gateway.sessions.aiohttp_storage import (
    check_sessions,
    current_session,
    end_session,
)
from gateway.sessions.revocations import Whose
from gateway.sessions.session import Session
from gateway.sessions.store import OwnSessions
from gateway.visit import Answer, Visit, redirect

FORCED = "login consent"  # without consent there would be no refresh token
log = structlog.get_logger("gateway.sessions")
ONE_OF_MANY = "this host is one of many (*.), which cannot sign in"


@dataclass(frozen=True, slots=True)
class ComingAndGoing:
    """Begins and ends sessions of whoever asks, if it is they who ask."""

    sign_in: SignIn
    sign_out: SignOut
    revoking: Revoking
    own: OwnSessions | None  # where the store knows which sessions are whose
    hosts: frozenset[str]  # that can sign in: those whose callback can be registered

    async def begin(self, visit: Visit) -> Answer:
        """Begin to sign in."""
        return await self._start(visit, first_screen=None)

    async def begin_sign_up(self, visit: Visit) -> Answer:
        """Begin to sign in, with Logto's page for newcomers first."""
        return await self._start(visit, first_screen="register")

    async def begin_again(self, visit: Visit) -> Answer:
        """Begin to sign in, and have Logto ask who it is though it knows them.

        To come here, or not, proves nothing: what a route requires is looked at when
        the person is there.
        """
        return await self._start(visit, first_screen=None, again=True)

    async def _start(
        self, visit: Visit, first_screen: str | None, *, again: bool = False
    ) -> Answer:
        """Only a navigation starts an attempt: nothing else can end one."""
        received = visit.received
        destination = destination_of(received.target.query)
        match request_kind(received.method, received.fields):
            case RequestKind.NAVIGATION:
                session, stopped = await current_session(visit.request), None
                if session is None:
                    stopped = self.sign_in.stopped(visit, destination)
                return stopped or await self._to_logto(
                    visit,
                    destination,
                    first_screen=first_screen,
                    prompt=FORCED if again else None,
                    again_for=_subject(session) if again else None,
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
        again_for: str | None = None,
    ) -> Answer:
        if visit.received.host not in self.hosts:
            return BadRequest(ONE_OF_MANY)
        check_sessions(visit.request)  # before Logto, not after
        return await self.sign_in.begin(
            visit,
            destination=destination,
            first_screen=first_screen,
            prompt=prompt,
            again_for=again_for,
        )

    async def leave(self, visit: Visit) -> Answer:
        """Sign out; ask first where another site may have sent the browser."""
        received = visit.received
        if not may_sign_out(received.method, received.fields, received.origin):
            return AskSignOut()
        return await self.sign_out.leave(visit)

    async def end_sessions(self, visit: Visit) -> Answer:
        """End one session of the person, or all: in whatever browser, and here.

        Of all that is chosen by their own account page, only what is theirs can be
        ended.  The grants of others stay at Logto, of no use to anybody: their refresh
        tokens are sealed with keys that are in cookies which are not served any more.
        """
        received = visit.received
        if not may_sign_out("POST", received.fields, received.origin):
            return CrossSite()
        chosen = await form_value(visit, "choice")
        session = await current_session(visit.request)
        if session is not None and chosen is not None and chosen != session.id:
            return await self._end_one(session.identity.sub, chosen, visit)
        if session is not None and chosen is None:
            mark = Whose.SUBJECT, session.identity.sub
            await self.revoking.revoke(mark, reason="everywhere")
        return await self.sign_out.leave(visit)

    async def _end_one(self, subject: str, chosen: str, visit: Visit) -> Answer:
        """End the session *chosen*, if it is of *subject*, and show those left."""
        if self.own is not None and await self.own.end_of(subject, chosen, visit.now):
            log.info(
                "sessions_revoked", whose="session", subject=subject, reason="person"
            )
        return redirect("/.gateway/", status=303)

    async def signed_out(self, visit: Visit) -> Answer:
        """Say that the person is signed out: Logto sent them back here."""
        if await current_session(visit.request) is not None:
            return redirect("/.gateway/")
        return SignedOut()

    async def switch_account(self, visit: Visit) -> Answer:
        """Sign out here and in anew; the grant at Logto belongs to the browser.

        While Logto is away nobody is signed out: there is no way back in.
        """
        received = visit.received
        if not may_sign_out("POST", received.fields, received.origin):
            return CrossSite()
        destination = await form_value(visit, "rd")
        answer = await self._to_logto(visit, destination, prompt=FORCED)
        if isinstance(answer, web.Response):
            await end_session(visit.request)
        return answer


def _subject(session: Session | None) -> str:
    return "" if session is None else session.identity.sub
