"""Signing out that really signs out: here, at Logto, and for good."""

from dataclasses import dataclass

import structlog
from aiohttp import web

from gateway.authentication.arrival import Arrival
from gateway.authentication.errors import ProviderUnavailable
from gateway.authentication.logto_provider import LogtoProvider
from gateway.operations.metrics import Metrics
from gateway.operations.owned_tasks import OwnedTasks
from gateway.pages.page import Page, SignedOut
from gateway.pages.signing_out import FORGET_PAGES
from gateway.sessions.aiohttp_storage import end_session
from gateway.sessions.session import Session
from gateway.visit import Visit, redirect

log = structlog.get_logger("gateway.sign_out")


@dataclass(frozen=True, slots=True)
class SignOut:
    """Ends the session of this browser and the person's session at Logto."""

    provider: LogtoProvider
    arrival: Arrival
    tasks: OwnedTasks
    metrics: Metrics

    async def leave(self, visit: Visit) -> web.Response | Page:
        """Return the way to Logto's end of session, or our page where it is away.

        The order matters: our own session is dead before Logto is asked, and the
        refresh token is revoked because it outlives Logto's session.
        """
        session = await end_session(visit.request)
        if session is not None:
            self.metrics.sign_outs.inc()
            log.info(
                "signed_out", request_id=visit.request_id, subject=session.identity.sub
            )
        revoked = False
        try:
            await self.tasks.run(self._revoke(session))
            revoked = True
            address = await self.provider.end_session_url(
                signed_out_address(visit.received.origin)
            )
        except ProviderUnavailable as error:
            self.metrics.provider_failures.inc()
            log.warning("logto_away", request_id=visit.request_id, reason=str(error))
            return SignedOut(
                logto_session_may_live=True, refresh_token_may_live=not revoked
            )
        return redirect(
            address, [self.arrival.clear()], status=303, more=(FORGET_PAGES,)
        )

    async def _revoke(self, session: Session | None) -> None:
        if session is not None and session.refresh_token is not None:
            await self.provider.revoke(session.refresh_token)


def signed_out_address(origin: str) -> str:
    """Return the post-logout address of *origin*, as registered at Logto."""
    return origin + "/.gateway/signed-out"
