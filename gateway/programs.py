"""Programs: who shows an access token instead of a session, and whether it is good."""

from dataclasses import dataclass

import structlog

from config.routes import Route
from gateway.authentication.access_tokens import AccessTokens
from gateway.authentication.allowance import Allowance
from gateway.authentication.bearer_field import (
    NoBearer,
    OddBearer,
    Reading,
    Shown,
    read_bearer,
)
from gateway.authentication.errors import ProviderUnavailable, SignInRefused
from gateway.limiting import Clients
from gateway.operations.limits.limited_log import LimitedLog
from gateway.operations.metrics import Metrics
from gateway.pages.bearers import (
    BearerInvalid,
    BearerOdd,
    BearerPage,
    BearerRequired,
    BearerUndecided,
    TooManyBearers,
)
from gateway.sessions.bearer import Bearer
from gateway.sessions.revocations import Revocations
from gateway.visit import Visit

TRY_AGAIN = 1  # seconds after which a client that showed too many may try one more
TOGETHER = "those whom nobody can tell apart"
log = structlog.get_logger("gateway.programs")

_READING = object()  # the note on a request's fields that says what they show


@dataclass(frozen=True, slots=True)
class Refused:
    """A bearer is missing or no good: *page* says so, *reason* is for the log.

    *decision* is the log's word.
    """

    page: BearerPage
    reason: str
    decision: str


BEARER_REQUIRED = Refused(BearerRequired(), "", "sign_in")


@dataclass(frozen=True, slots=True)
class WrongBearers:
    """How many tokens that are not good one client may have us look at.

    A signature costs half a millisecond.  *told* is for who meets the limit; where
    nobody can tell clients apart, they share *together*.
    """

    each: Allowance
    together: Allowance
    clients: Clients
    told: LimitedLog

    def begin(self, visit: Visit) -> bool:
        """Return whether the client of *visit* may show one more, and count it."""
        client = visit.received.client
        key, now = self.clients.key(client), self.clients.monotonic()
        if key is None:
            allowed = self.together.take(TOGETHER, now)
        else:
            allowed = self.each.take(key, now)
        if not allowed:
            self.told.tell("wrong_bearers_per_minute", client.address)
        return allowed

    def was_good(self, visit: Visit) -> None:
        """Hear that the one that began was no wrong one."""
        key = self.clients.key(visit.received.client)
        if key is None:
            self.together.give_back(TOGETHER)
        else:
            self.each.give_back(key)


@dataclass(frozen=True, slots=True)
class Programs:
    """Finds out whom the bearer of a request speaks for."""

    tokens: AccessTokens
    revocations: Revocations
    wrong: WrongBearers
    metrics: Metrics

    async def of(self, visit: Visit, route: Route) -> Bearer | Refused | None:
        """Return whom *visit* speaks for on *route*; None where it shows no bearer.

        Whatever stands in ``Authorization`` decides alone: no cookie mends it.
        """
        reading = _reading(visit)
        match reading:
            case None:
                return None
            case Shown():
                found = await self.tokens.known(reading, visit.now)
                if found is None:
                    outcome = await self._verified(visit, reading)
                    if isinstance(outcome, Refused):
                        return outcome
                    found = outcome
                return self._fitting(found, visit, route)
            case NoBearer():
                return BEARER_REQUIRED
            case OddBearer(reason):
                self.metrics.bearers.labels("malformed").inc()
                return Refused(BearerOdd(reason), reason, "refused")

    def shows_nothing(self, visit: Visit) -> bool:
        """Tell whether *visit* shows no bearer, which :meth:`of` answers with None."""
        return _reading(visit) is None

    def holds(self, bearer: Bearer, now: float) -> bool:
        """Tell whether what is under way with *bearer* may go on at *now*."""
        over = bearer.is_over(now)
        return not over and not self.revocations.is_over(bearer.stand_in, now)

    async def _verified(self, visit: Visit, shown: Shown) -> Bearer | Refused:
        try:
            await self.tokens.ready()  # many good ones may wait for that, uncounted
            if not self.wrong.begin(visit):
                self.metrics.bearers.labels("limited").inc()
                reason = "too many wrong access tokens"
                return Refused(TooManyBearers(TRY_AGAIN), reason, "refused")
            bearer = await self.tokens.verify(shown)
        except SignInRefused as error:
            return self._invalid(error.reason)
        except ProviderUnavailable as error:
            self.metrics.bearers.labels("logto_away").inc()
            self.metrics.provider_failures.inc()
            log.warning("logto_away", request_id=visit.request_id, reason=error.reason)
            return Refused(BearerUndecided(), error.reason, "refused")
        self.wrong.was_good(visit)
        self.metrics.bearers.labels("verified").inc()
        return bearer

    def _fitting(self, bearer: Bearer, visit: Visit, route: Route) -> Bearer | Refused:
        """Return *bearer* where it is for *route*, and good still."""
        if route.audience and route.audience not in bearer.audiences:
            return self._invalid("The access token is for another audience.")
        if self.revocations.is_over(bearer.stand_in, visit.now):
            return self._invalid("The access token was revoked.")
        return bearer

    def _invalid(self, reason: str) -> Refused:
        self.metrics.bearers.labels("refused").inc()
        return Refused(BearerInvalid(reason), reason, "sign_in")


def _reading(visit: Visit) -> Reading:
    """Return what the fields of *visit* show; the same fields are not read twice."""
    fields, notes = visit.received.fields, visit.request.head.notes
    if fields is not visit.request.head.fields:  # described by another proxy
        return read_bearer(fields)
    if _READING in notes:
        found: Reading = notes[_READING]
        return found
    found = read_bearer(fields)
    notes.keep(_READING, found)
    return found
