"""Asking Logto again: does a session still hold, and who is it?

Never twice at one time for one session, in whatever process, and in a task that no
client's leaving cancels: Logto may replace the refresh token, and an answer that nobody
received would end the grant.  Only Logto's word that the grant is over ends a session;
while Logto is away sessions serve on.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

import structlog

from gateway.authentication.entitlements import Entitlements, acting_for
from gateway.authentication.errors import GrantEnded, ProviderUnavailable
from gateway.authentication.logto_provider import LogtoProvider
from gateway.identity.claims import ClaimsInvalid
from gateway.operations.metrics import Metrics
from gateway.operations.owned_tasks import OwnedTasks
from gateway.sessions.renewal import BackOff, is_due_soon, schedule
from gateway.sessions.session import Session
from gateway.sessions.sharing import Sharing, SharingAway
from gateway.sessions.store import NOT_AT_HAND, NotAtHand, SessionStore

PATIENCE = 1.0  # seconds that requests wait for Logto, counted from its being asked
AT_ONCE = 20  # refreshes at one time: Logto does about a hundred in a second
MOST_FAILING = 10_000  # sessions whose pauses are remembered
log = structlog.get_logger("gateway.sessions")


@dataclass(slots=True)
class _Flight:
    """A refresh under way, begun at a time of the event loop."""

    begun_at: float
    task: asyncio.Task[None] | None = None


@dataclass(slots=True)
class Revalidation:
    """Renews sessions every *revalidate* seconds; *timeout* is that of calls to Logto.

    *entitlements* find out who somebody is now, *now* gives unix seconds, *logto*
    holds the pauses for the whole process, and *sharing* whose turn it is in all.
    """

    provider: LogtoProvider
    sessions: SessionStore
    sharing: Sharing
    tasks: OwnedTasks
    metrics: Metrics
    entitlements: Entitlements
    revalidate: float
    timeout: float
    now: Callable[[], float]
    logto: BackOff
    _failing: OrderedDict[str, BackOff] = field(default_factory=OrderedDict)
    _flights: dict[str, _Flight] = field(default_factory=dict)
    _turns: asyncio.Semaphore = field(
        default_factory=lambda: asyncio.Semaphore(AT_ONCE)
    )

    async def current(self, session: Session, now: float) -> Session | None:
        """Return *session* as it is to be served at *now*; None where it has ended.

        One that is due serves on while Logto is asked.  One that is overdue waits for
        the answer, a moment; where its ID token is over, as long as a call may take.
        """
        session, is_overdue = self._begin_where_due(session, now)
        flight = self._flights.get(session.id) if is_overdue else None
        if flight is not None:
            expired = now >= session.expires_at
            await _landed(flight, max(self.timeout, PATIENCE) if expired else PATIENCE)
        if self.sessions.has_ended(session, now):
            return None
        return self.sessions.newest(session, now)

    def at_hand(self, session: Session, now: float) -> Session | NotAtHand:
        """Return what :meth:`current` does for a live *session*, unless it waits."""
        session, is_overdue = self._begin_where_due(session, now)
        return NOT_AT_HAND if is_overdue else session

    def attend(self, session: Session, now: float) -> Session:
        """Have *session*, of which something is open at *now*, renewed where due.

        Return what is known of it so far: nobody waits.
        """
        return self._begin_where_due(session, now)[0]

    def _begin_where_due(self, session: Session, now: float) -> tuple[Session, bool]:
        """Return what became of *session* so far, and whether it is overdue."""
        if not is_due_soon(session, self.revalidate, now):
            return session, False
        session = self.sessions.newest(session, now)
        times = schedule(session, self.revalidate)
        if now >= times.due_at and session.id not in self._flights:
            self._begin(session, now)
        return session, now >= times.overdue_at

    async def act_for(self, session: Session, organization: str) -> Session | None:
        """Ask about *session* now, due or not, to act for *organization* from now on.

        Return what became of it: None where it is over; where Logto is away, or they
        are no member any more, they do not act for it. Raises SharingAway.
        """
        return await self.tasks.run(self._act_for(session, organization))

    async def _act_for(self, session: Session, organization: str) -> Session | None:
        async with self._turns, self.sharing.turn(session) as found:
            now = self.now()
            newest = self._take_in(session, found, now)
            if self.sessions.has_ended(newest, now):
                return None
            if newest.refresh_token is None:
                await self._keep(newest, acting_for(newest, organization))
            else:
                await self._ask(newest, now, organization)
        if self.sessions.has_ended(newest, self.now()):
            return None
        return self.sessions.newest(newest, self.now())

    def signed_out(self, session: Session) -> None:
        """Hear that the person of *session* signed out: what comes yet is revoked."""
        self.tasks.begin(self._revoke_late(session))

    def _begin(self, session: Session, now: float) -> None:
        """Begin to ask about *session*, unless it is not the time to try."""
        if self._allows(session, now):
            flight = _Flight(asyncio.get_running_loop().time())
            self._flights[session.id] = flight
            flight.task = self.tasks.begin(self._fly(session))

    def _allows(self, session: Session, now: float) -> bool:
        own = self._failing.get(session.id)
        return self.logto.allows(now) and (own is None or own.allows(now))

    async def _fly(self, session: Session) -> None:
        try:
            async with self._turns, self.sharing.turn(session) as found:
                now = self.now()
                newest = self._take_in(session, found, now)
                # Much may have happened while it waited for its turn.
                if (
                    now >= schedule(newest, self.revalidate).due_at
                    and self._allows(session, now)
                    and not self.sessions.has_ended(newest, now)
                ):
                    await self._ask(newest, now)
        except SharingAway:
            self._pause(session)
        finally:
            del self._flights[session.id]

    def _take_in(self, session: Session, found: Session, now: float) -> Session:
        """Return the newest of *session*, of which *found* is known elsewhere."""
        newest = self.sessions.newest(session, now)
        if found.generation > newest.generation:
            self.sessions.renew(newest, found, now)
            return self.sessions.newest(newest, now)
        return newest

    async def _ask(
        self, session: Session, now: float, organization: str | None = None
    ) -> None:
        self.logto.tries(now)
        if session.id in self._failing:
            self._failing[session.id].tries(now)
        try:
            refreshed = await self.provider.refresh(
                session.refresh_token or "", session.identity.sub
            )
            renewed, away = await self.entitlements.renewed(
                session, refreshed, now, organization
            )
        except ProviderUnavailable as error:
            self._away(session, error.reason)
            return
        except (GrantEnded, ClaimsInvalid) as error:
            self._answered(session)
            self._ended(session, str(error))
            return
        if not away:
            self._answered(session)
            self.metrics.refreshes.labels("renewed").inc()
        elif not self.sessions.has_ended(session, self.now()):  # who left ends it
            self._away(session, away)
        await self._keep(session, renewed)

    async def _keep(self, session: Session, renewed: Session) -> None:
        now = self.now()
        until = self.sessions.renew(session, renewed, now)
        await self.sharing.keep(session, renewed, until, now)

    def _away(self, session: Session, reason: str) -> None:
        """Hear that Logto could not be asked: sessions serve on."""
        self.provider.doubt()
        self.metrics.refreshes.labels("logto_away").inc()
        self.metrics.provider_failures.inc()
        self._pause(session)
        if self.logto.failed(self.now()):
            self.metrics.logto_away.set(1)
            log.warning("logto_away", reason=reason, hint="Sessions serve on.")

    def _pause(self, session: Session) -> None:
        """Have a moment pass before *session* is tried again."""
        self._failing.setdefault(session.id, BackOff(session.id)).failed(self.now())
        if len(self._failing) > MOST_FAILING:
            self._failing.popitem(last=False)

    def _answered(self, session: Session) -> None:
        self._failing.pop(session.id, None)
        if self.logto.worked():
            self.metrics.logto_away.set(0)
            log.info("logto_answers")

    def _ended(self, session: Session, reason: str) -> None:
        now = self.now()
        self.metrics.refreshes.labels("ended").inc()
        if not self.sessions.has_ended(session, now):
            log.info("session_ended", subject=session.identity.sub, reason=reason)
        self.sessions.end(session, now)

    async def _revoke_late(self, session: Session) -> None:
        """Revoke what came after the sign-out, which revoked the token of *session*.

        Once nobody asks about it any more.
        """
        try:
            async with self.sharing.turn(session) as found:
                token = self._take_in(session, found, self.now()).refresh_token
                if token is not None and token != session.refresh_token:
                    await self.provider.revoke(token)
        except ProviderUnavailable as error:
            self.metrics.provider_failures.inc()
            self._not_revoked(session, error.reason)
        except SharingAway as error:
            self._not_revoked(session, error.reason)

    def _not_revoked(self, session: Session, reason: str) -> None:
        log.warning("not_revoked", subject=session.identity.sub, reason=reason)


async def _landed(flight: _Flight, patience: float) -> None:
    """Wait for *flight*, until *patience* seconds after it began at the most."""
    left = flight.begun_at + patience - asyncio.get_running_loop().time()
    if flight.task is not None and left > 0:
        await asyncio.wait((flight.task,), timeout=left)
