"""Signing out that really signs out: here, at Logto, and for good."""

import asyncio
from dataclasses import dataclass

import structlog

from gateway.authentication.arrival import Arrival
from gateway.authentication.attempt_cookies import AttemptCookies
from gateway.authentication.errors import ProviderUnavailable
from gateway.authentication.logto_provider import LogtoProvider
from gateway.authentication.revalidation import Revalidation
from gateway.operations.metrics import Metrics
from gateway.operations.owned_tasks import OwnedTasks
from gateway.pages.page import SignedOut
from gateway.pages.signing_out import FORGET_PAGES
from gateway.sessions.aiohttp_storage import end_session
from gateway.sessions.session import Session
from gateway.visit import Answer, PageAndCookies, Visit, redirect

log = structlog.get_logger("gateway.sign_out")


@dataclass(frozen=True, slots=True)
class SignOut:
    """Ends the session of this browser and the person's session at Logto."""

    provider: LogtoProvider
    attempts: AttemptCookies
    arrival: Arrival
    tasks: OwnedTasks
    revalidation: Revalidation
    metrics: Metrics

    async def leave(self, visit: Visit) -> Answer:
        """Return the way to Logto's end of session, or our page where it is away.

        Our own session is dead before Logto is asked.  The refresh token is revoked
        because it outlives Logto's session; where only that fails, Logto's session
        is ended all the same.  A refresh under way brings nothing back, and sign-ins
        that are under way in this browser are off.
        """
        session = await end_session(visit.request)
        if session is not None:
            self.revalidation.signed_out(session)
            self.metrics.sign_outs.inc()
            log.info(
                "signed_out", request_id=visit.request_id, subject=session.identity.sub
            )
        async with asyncio.TaskGroup() as group:
            revoking = group.create_task(self._revoke(visit, session))
            asking = group.create_task(self._end_of_session(visit))
        cookies = (
            *self.attempts.clear(visit.received.cookie),
            self.arrival.clear(),
        )
        address = asking.result()
        if address is not None:
            return redirect(address, cookies, status=303, more=(FORGET_PAGES,))
        page = SignedOut(
            logto_session_may_live=True, refresh_token_may_live=not revoking.result()
        )
        return PageAndCookies(page, cookies)

    async def _revoke(self, visit: Visit, session: Session | None) -> bool:
        """Revoke the refresh token of *session*.  Return whether none is left."""
        if session is None or session.refresh_token is None:
            return True
        try:
            await self.tasks.run(self.provider.revoke(session.refresh_token))
        except ProviderUnavailable as error:
            self._failed("not_revoked", visit, error)
            return False
        return True

    async def _end_of_session(self, visit: Visit) -> str | None:
        """Return where Logto ends the person's session; None while it is away."""
        back = signed_out_address(visit.received.origin)
        try:
            return await self.provider.end_session_url(back)
        except ProviderUnavailable as error:
            self._failed("logto_away", visit, error)
            return None

    def _failed(self, event: str, visit: Visit, error: ProviderUnavailable) -> None:
        self.metrics.provider_failures.inc()
        log.warning(event, request_id=visit.request_id, reason=str(error))


def signed_out_address(origin: str) -> str:
    """Return the post-logout address of *origin*, as registered at Logto."""
    return origin + "/.gateway/signed-out"
