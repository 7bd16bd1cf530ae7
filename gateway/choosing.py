"""Choosing the organization that one acts for, and changing it."""

from dataclasses import dataclass

import structlog

from gateway.authentication.return_to import return_to
from gateway.authentication.revalidation import Revalidation
from gateway.authentication.sign_in import destination_of, sign_in_address
from gateway.form import form_values
from gateway.pages.page import (
    BadRequest,
    ChooseOrganization,
    CrossSite,
    NoOrganization,
    NotFound,
    ProviderAway,
    SignInRequired,
)
from gateway.policy.sign_out import may_sign_out
from gateway.sessions.aiohttp_storage import current_session, keep_session
from gateway.sessions.session import Session
from gateway.visit import Answer, Visit, redirect

NOT_THEIRS = "this is not an organization of yours"
log = structlog.get_logger("gateway.sessions")


@dataclass(frozen=True, slots=True)
class Choosing:
    """Lets people of several organizations choose one, where *offered*."""

    revalidation: Revalidation
    offered: bool

    async def page(self, visit: Visit) -> Answer:
        """Return the page that asks for an organization."""
        destination = return_to(destination_of(visit.received.target.query))
        if not self.offered:
            return NotFound(visit.received.target.path.decode("latin-1"))
        session = await current_session(visit.request)
        if session is None:
            return SignInRequired(destination)
        if not session.identity.organizations:
            return NoOrganization()
        return ChooseOrganization(session.identity, destination)

    async def choose(self, visit: Visit) -> Answer:
        """Act for the organization that the form names, and go where it says.

        Logto is asked at once: only a member acts for an organization, with what they
        may do there now.  While it is away nothing changes.
        """
        received = visit.received
        if not self.offered:
            return NotFound(received.target.path.decode("latin-1"))
        if not may_sign_out("POST", received.fields, received.origin):
            return CrossSite()
        form = await form_values(visit)
        destination, chosen = return_to(form.get("rd")), form.get("choice", "")
        session = await current_session(visit.request)
        if session is not None:
            if chosen not in session.identity.organizations:
                return BadRequest(NOT_THEIRS)
            session = await self.revalidation.act_for(session, chosen)
        if session is None:
            return redirect(sign_in_address(destination), status=303)
        return await self._chosen(session, chosen, destination, visit)

    async def _chosen(
        self, session: Session, chosen: str, destination: str, visit: Visit
    ) -> Answer:
        """Answer with what became of the *session* that was to act for *chosen*."""
        identity = session.identity
        if identity.acts_for == chosen:
            await keep_session(visit.request, session)
            log.info(
                "organization_chosen",
                request_id=visit.request_id,
                subject=identity.sub,
                organization=chosen,
            )
            return redirect(destination, status=303)
        if chosen in identity.organizations:
            return ProviderAway(destination)
        if not identity.organizations:
            return NoOrganization()
        return ChooseOrganization(identity, destination)
