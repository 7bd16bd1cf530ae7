"""The session that came with a request, and the cookies of ours that change for it."""

from dataclasses import dataclass

import structlog

from gateway.authentication.arrival import Arrival
from gateway.authentication.revalidation import Revalidation
from gateway.policy.access import Permit, decide
from gateway.sessions.session import Session
from gateway.sessions.store import NOT_AT_HAND, NotAtHand, SessionStore
from gateway.sessions.too_large import SessionTooLarge
from gateway.visit import Visit

log = structlog.get_logger("gateway.sessions")


@dataclass(frozen=True, slots=True)
class Renewal:
    """Keeps the session and the cookies of a browser up to date."""

    sessions: SessionStore
    revalidation: Revalidation
    arrival: Arrival

    def at_hand(self, visit: Visit) -> Session | NotAtHand | None:
        """Return what :meth:`session` does, if nobody's answer is to be waited for."""
        received = visit.received
        session = self.sessions.at_hand(received.cookie, received.host, visit.now)
        if session is None or session is NOT_AT_HAND:
            return session
        return self.revalidation.at_hand(session, visit.now)

    async def session(self, visit: Visit) -> Session | None:
        """Return the live session that came with *visit*, renewed where it is time."""
        received = visit.received
        session = await self.sessions.find(received.cookie, received.host, visit.now)
        if session is None:
            return None
        return await self.revalidation.current(session, visit.now)

    def attend(self, session: Session, permit: Permit, now: float) -> Session | None:
        """Return what became of *session*, of which an answer is open at *now*.

        What is open counts as activity, and has the session renewed where that is due,
        though its client says nothing.  None where the answer must end: the session is
        over, or what Logto says now does not earn the *permit* that it began with.
        """
        if self.sessions.is_over(session, now):
            return None
        self.sessions.in_use(session, now)
        session = self.revalidation.attend(session, now)
        told = permit.identity is not None
        match decide(permit.route, session.identity):
            case Permit(identity=identity) if (identity is not None) is told:
                return session
            case _:
                return None

    def arrived(self, visit: Visit, session: Session | None) -> tuple[bytes, ...]:
        """Return what forgets the sign-ins that did not arrive: *session* did."""
        if session is None or not self.arrival.present(visit.received.cookie):
            return ()
        return (self.arrival.clear(),)

    def cookies(self, visit: Visit, session: Session | None) -> tuple[bytes, ...]:
        """Return the Set-Cookie values for the answer to *visit* with *session*.

        None at all, as a rule: an answer that sets one is kept by no cache.
        """
        if session is None:
            return ()
        received = visit.received
        known = self.sessions.known(received.cookie)
        if known is not None and known.session is session and known.is_quiet(visit.now):
            return ()  # as nearly always (hot path)
        cookies = self.arrived(visit, session)
        if not self.sessions.due(session, visit.now):
            return cookies
        seen = session.seen(visit.now)
        try:
            return (
                *cookies,
                *self.sessions.write(seen, received.host, visit.now, received.cookie),
            )
        except SessionTooLarge as error:
            # Written under a larger limit: it serves on until its idle limit.
            log.warning(
                "session_not_renewed", request_id=visit.request_id, reason=str(error)
            )
            return cookies
