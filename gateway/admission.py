"""Who came, and may they: what one request is let do on its route.

The same for requests that are forwarded and for those that another proxy asks about.
"""

from dataclasses import dataclass

from config.routes import Route
from gateway.policy.access import (
    Choose,
    Decision,
    Forbid,
    Permit,
    SignIn,
    decide,
    settled,
)
from gateway.policy.same_origin import SAFE, is_same_origin
from gateway.programs import BEARER_REQUIRED, Programs, Refused
from gateway.renewal import Renewal
from gateway.sessions.bearer import Bearer
from gateway.sessions.opened import Opened
from gateway.sessions.session import Session
from gateway.sessions.store import NOT_AT_HAND
from gateway.visit import Visit


@dataclass(frozen=True, slots=True)
class CrossSite:
    """Another site had the browser ask: a session must not be used for that."""


@dataclass(frozen=True, slots=True)
class TooOld:
    """The person may, but signed in longer ago than the *within* seconds demanded."""

    within: float


Verdict = Permit | SignIn | TooOld | Choose | Forbid | CrossSite | Refused
Outcome = tuple[Verdict, Session | Bearer | None]
"""What a request may do, and with which session or bearer it came."""

CROSS_SITE_REFUSED = CrossSite()


@dataclass(frozen=True, slots=True)
class Admission:
    """Finds out who sent a request, and decides by the rules of its route."""

    renewal: Renewal
    programs: Programs
    chooses: bool = False  # whether people can choose an organization here

    def at_once(self, visit: Visit, route: Route) -> Outcome | None:
        """Return what :meth:`of` does, or None where somebody's answer is waited for.

        A session about which there is nothing to find out may on a route what it could
        before; but what may change something must show each time where it comes from.
        """
        received = visit.received
        known = self.renewal.sessions.known(received.cookie)
        if (
            known is not None
            and known.is_quiet(visit.now)
            and known.host == received.host
            and received.method in SAFE
            and not visit.request.head.wants_upgrade
        ):
            before: Outcome | None = known.notes.get(id(route))
            if before is not None:
                return before  # as nearly always (hot path)
        if route.access == "public":
            return self._decided(visit, route, None)
        if route.takes_bearers and not (
            route.takes_sessions and self.programs.shows_nothing(visit)
        ):
            return None
        session = self.renewal.at_hand(visit)
        if session is NOT_AT_HAND:
            return None
        outcome = self._decided(visit, route, session)
        if known is not None and known.session is session:
            _note(known, route, outcome)
        return outcome

    async def of(self, visit: Visit, route: Route) -> Outcome:
        """Return what *visit* may do on *route*, and with which session or bearer.

        A public route looks at neither.  Where a route takes bearers, one that came
        decides alone, whatever cookies came with it: no other site can make a browser
        send it.
        """
        if route.takes_bearers:
            shown = await self.programs.of(visit, route)
            if isinstance(shown, Refused):
                return shown, None
            if shown is not None:
                return settled(decide(route, shown.identity)), shown
            if not route.takes_sessions:
                unknown = decide(route, None)
                wanted = isinstance(unknown, SignIn)
                return (BEARER_REQUIRED if wanted else unknown), None
        session = None
        if route.access != "public":
            session = await self.renewal.session(visit)
        return self._decided(visit, route, session)

    def attend(
        self, who: Session | Bearer, permit: Permit, now: float
    ) -> Session | Bearer | None:
        """Return what became of *who*, of whose request an answer is open at *now*.

        None where it must end: see :meth:`Renewal.attend`.
        """
        if isinstance(who, Bearer):
            return who if self.programs.holds(who, now) else None
        return self.renewal.attend(who, permit, now)

    def _decided(self, visit: Visit, route: Route, session: Session | None) -> Outcome:
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
            if route.require is not None:
                within = route.require.signed_in_within
                if visit.now - session.authenticated_at >= within:
                    return TooOld(within), session
        return (decision if self.chooses else settled(decision)), session


def _note(known: Opened, route: Route, outcome: Outcome) -> None:
    """Note on a *known* session that it may use *route*, if that is all that counts.

    The permit keeps the route, so that no other gets its id.
    """
    if isinstance(outcome[0], Permit) and not (route.takes_bearers or route.require):
        known.note(id(route), outcome)
