"""Logto comes back: from a sign-in attempt to a session."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import structlog

from gateway.authentication.arrival import Arrival
from gateway.authentication.attempt import Attempt
from gateway.authentication.attempt_cookies import AttemptCookies
from gateway.authentication.authentication_time import NotAgain, authenticated_at
from gateway.authentication.callback_parameters import state_of
from gateway.authentication.entitlements import Entitled, Entitlements
from gateway.authentication.errors import (
    GrantEnded,
    ProviderUnavailable,
    SignInRefused,
)
from gateway.authentication.logout_token import sid_of
from gateway.authentication.logto_provider import LogtoProvider, SignedIn
from gateway.authentication.sign_in import callback_address
from gateway.authentication.used_attempts import UsedAttempts
from gateway.identity.claims import ClaimsInvalid
from gateway.identity.identity import Identity
from gateway.identity.needs import must_choose
from gateway.operations.metrics import Metrics
from gateway.operations.owned_tasks import OwnedTasks
from gateway.pages.addresses import ORGANIZATION, returning
from gateway.pages.page import (
    AnotherPerson,
    Arriving,
    Page,
    ProviderAway,
    SignInFailed,
    SignInMissing,
    SignInNotRepeated,
)
from gateway.sessions.aiohttp_storage import begin_session, current_session
from gateway.sessions.revocations import Revocations
from gateway.sessions.session import Session
from gateway.visit import Answer, PageAndCookies, Visit, redirect

log = structlog.get_logger("gateway.sign_in")


@dataclass(frozen=True, slots=True)
class Callback:
    """Ends sign-in attempts: with a session, or with a page that says why not.

    *strict* where the session's cookie is ``SameSite=Strict``.
    """

    provider: LogtoProvider
    attempts: AttemptCookies
    used: UsedAttempts
    arrival: Arrival
    tasks: OwnedTasks
    metrics: Metrics
    entitlements: Entitlements
    random_text: Callable[[], str]
    strict: bool
    revocations: Revocations

    async def arrive(self, visit: Visit) -> Answer:
        """Return the way to the attempt's return-to, with a new session set."""
        received = visit.received
        query = (received.target.query or b"").decode("latin-1")
        state = state_of(query)
        attempt = (
            self.attempts.read(state, received.cookie, received.host, visit.now)
            if state is not None
            else None
        )
        if attempt is None or not await self._first_use(attempt, visit):
            return await self._without_attempt(visit, attempt)
        outcome = await self._complete(visit, query, attempt)
        if not isinstance(outcome, Session):
            return outcome
        cookies = (
            *self.attempts.finish(attempt, received.host, visit.now),
            self._counted(visit),
        )
        await begin_session(visit.request, outcome)
        self.metrics.sign_ins.labels("completed").inc()
        log.info("signed_in", request_id=visit.request_id, subject=outcome.identity.sub)
        return self._arrived(outcome.identity, attempt, cookies)

    def _arrived(
        self, identity: Identity, attempt: Attempt, cookies: tuple[bytes, ...]
    ) -> Answer:
        """Return the way on: first to the choice of an organization, if there is one.

        Who was to sign in again and is somebody else now is told so.
        """
        where = attempt.return_to
        if self.entitlements.needs.chooses and must_choose(identity):
            where = returning(ORGANIZATION, where)
        if attempt.again_for and attempt.again_for != identity.sub:
            return PageAndCookies(AnotherPerson(identity, where), cookies)
        if self.strict:
            return PageAndCookies(Arriving(where), cookies)
        return redirect(where, cookies, status=303)

    def _counted(self, visit: Visit) -> bytes:
        """Return the cookie that counts this sign-in until a session arrives."""
        received = visit.received
        count = self.arrival.read(received.cookie, received.host, visit.now)
        return self.arrival.write(count + 1, received.host, visit.now)

    async def _first_use(self, attempt: Attempt, visit: Visit) -> bool:
        if attempt.is_finished:
            return False
        return await self.used.first_use(attempt.state, visit.now)

    async def _without_attempt(self, visit: Visit, attempt: Attempt | None) -> Answer:
        """Answer a callback that no open attempt of this browser asked for.

        With a live session the person is signed in already (a second click, Back):
        on to where they were going.
        """
        destination = attempt.return_to if attempt is not None else "/"
        if await current_session(visit.request) is not None:
            return redirect(destination, status=303)
        self.metrics.sign_ins.labels("unknown").inc()
        return SignInMissing(destination)

    async def _complete(
        self, visit: Visit, query: str, attempt: Attempt
    ) -> Session | Page:
        try:
            return await self.tasks.run(self._signed_in(visit, query, attempt))
        except NotAgain:
            self.metrics.sign_ins.labels("refused").inc()
            log.warning("sign_in_not_repeated", request_id=visit.request_id)
            return SignInNotRepeated(attempt.return_to)
        except ProviderUnavailable as error:
            self.metrics.sign_ins.labels("logto_away").inc()
            self.metrics.provider_failures.inc()
            log.warning("logto_away", request_id=visit.request_id, reason=str(error))
            return ProviderAway(attempt.return_to)
        except (SignInRefused, GrantEnded, ClaimsInvalid) as error:
            self.metrics.sign_ins.labels("refused").inc()
            log.warning(
                "sign_in_refused", request_id=visit.request_id, reason=str(error)
            )
            return SignInFailed(str(error), attempt.return_to)

    async def _signed_in(self, visit: Visit, query: str, attempt: Attempt) -> Session:
        signed_in = await self.provider.complete(
            query,
            callback_address(visit.received.origin),
            attempt.sign_in_session,
            attempt.nonce,
        )
        entitled = await self.entitlements.of(
            signed_in.id_token_claims,
            signed_in.userinfo,
            signed_in.refresh_token,
            await self._acted_for(visit, signed_in),
        )
        if entitled.away:
            raise ProviderUnavailable(entitled.away)
        session = self._session(signed_in, entitled, visit)
        at = authenticated_at(
            signed_in.id_token_claims,
            attempt,
            visit.now,
            was_asked=self.entitlements.needs.sign_in_time,
        )
        return replace(session, authenticated_at=at)

    async def _acted_for(self, visit: Visit, signed_in: SignedIn) -> str | None:
        """Return the organization that the same person acted for until now."""
        former = await current_session(visit.request)
        if former is None or former.identity.sub != signed_in.id_token_claims["sub"]:
            return None
        return former.identity.organization

    def _session(
        self, signed_in: SignedIn, entitled: Entitled, visit: Visit
    ) -> Session:
        now = int(visit.now)
        session = Session(
            id=self.random_text(),
            signed_in_at=now,
            seen_at=now,
            expires_at=signed_in.expires_at,
            identity=entitled.identity,
            refresh_token=entitled.refresh_token,
            sid=sid_of(signed_in.id_token_claims),
        )
        session = self.entitlements.sending.into(session, signed_in, entitled.granted)
        return self.revocations.begun(session, visit.now)
