"""Who came, and may they: what one request is let do on its route.

The same for requests that are forwarded and for those that another proxy asks about.
"""

from dataclasses import dataclass

from config.routes import Route
from gateway.policy.access import Decision, Forbid, Permit, SignIn, decide
from gateway.policy.same_origin import is_same_origin
from gateway.renewal import Renewal
from gateway.sessions.session import Session
from gateway.visit import Visit


@dataclass(frozen=True, slots=True)
class CrossSite:
    """Another site had the browser ask: a session must not be used for that."""


Verdict = Permit | SignIn | Forbid | CrossSite
CROSS_SITE_REFUSED = CrossSite()


@dataclass(frozen=True, slots=True)
class Admission:
    """Finds the session of a request, and decides by the rules of its route."""

    renewal: Renewal

    async def of(self, visit: Visit, route: Route) -> tuple[Verdict, Session | None]:
        """Return what *visit* may do on *route*, and with which session.

        A public route does not look at the session at all.
        """
        session = None
        if route.access != "public":
            session = await self.renewal.session(visit)
        decision: Decision = decide(route, session.identity if session else None)
        if session is not None and isinstance(decision, Permit):
            received = visit.received
            if not is_same_origin(
                received.method,
                visit.request.wants_upgrade,
                received.fields,
                received.origin,
                route.origins,
            ):
                return CROSS_SITE_REFUSED, session
        return decision, session
