"""The way to Logto and back: where sign-in attempts begin, and where they end."""

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import parse_qs, quote

import structlog

from gateway.authentication.arrival import Arrival
from gateway.authentication.attempt import Attempt
from gateway.authentication.attempt_cookies import AttemptCookies
from gateway.authentication.errors import ProviderUnavailable
from gateway.authentication.logto_provider import LogtoProvider
from gateway.authentication.return_to import return_to
from gateway.operations.metrics import Metrics
from gateway.pages.page import ProviderAway, SignInLoop
from gateway.visit import Answer, PageAndCookies, Visit, redirect

MOST_IN_A_ROW = 3  # sign-ins that do not arrive, before we stop and explain
log = structlog.get_logger("gateway.sign_in")


@dataclass(frozen=True, slots=True)
class SignIn:
    """Starts sign-in attempts."""

    provider: LogtoProvider
    attempts: AttemptCookies
    arrival: Arrival
    metrics: Metrics
    random_text: Callable[[], str]

    async def begin(
        self,
        visit: Visit,
        *,
        destination: str | None,
        first_screen: str | None = None,
        prompt: str | None = None,
        again_for: str | None = None,
    ) -> Answer:
        """Return the redirect to Logto, or the page that says why there is none.

        *destination* is the return-to as the client gave it; *first_screen* and
        *prompt* are Logto's parameters of those names; *again_for* as `Attempt` has it.
        """
        received = visit.received
        nonce = self.random_text()
        try:
            asked = await self.provider.begin(
                callback_address(received.origin),
                nonce=nonce,
                first_screen=first_screen,
                prompt=prompt,
            )
        except ProviderUnavailable as error:
            self.metrics.sign_ins.labels("logto_away").inc()
            self.metrics.provider_failures.inc()
            log.warning("logto_away", request_id=visit.request_id, reason=str(error))
            return ProviderAway(return_to(destination))
        attempt = Attempt(
            state=asked.state,
            nonce=nonce,
            sign_in_session=asked.sign_in_session,
            return_to=return_to(destination),
            started_at=int(visit.now),
            again_for=again_for,
        )
        cookies = self.attempts.write(attempt, received.host, received.cookie)
        self.metrics.sign_ins.labels("started").inc()
        return redirect(asked.url, cookies, status=303)

    def stopped(self, visit: Visit, destination: str | None) -> Answer | None:
        """Return the page that ends a circle of sign-ins; None where there is none.

        It forgets the count: "Try again" is a person's decision, not a circle.
        """
        received = visit.received
        count = self.arrival.read(received.cookie, received.host, visit.now)
        if count < MOST_IN_A_ROW:
            return None
        self.metrics.sign_ins.labels("loop").inc()
        log.warning("sign_in_loop", request_id=visit.request_id)
        return PageAndCookies(
            SignInLoop(return_to(destination)), (self.arrival.clear(),)
        )


def destination_of(query: bytes | None) -> str | None:
    """Return the ``rd`` of a raw *query*; None where it is absent or repeated."""
    values = parse_qs(
        (query or b"").decode("latin-1"), encoding="utf-8", errors="replace"
    ).get("rd", [])
    return values[0] if len(values) == 1 else None


def sign_in_address(destination: str, *, again: bool = False) -> str:
    """Return the path that starts a sign-in which then goes to *destination*.

    With *again* the person must show who they are even if Logto knows them.
    """
    name = "sign-in-again" if again else "sign-in"
    return f"/.gateway/{name}?rd=" + quote(destination, safe="/")


def callback_address(origin: str) -> str:
    """Return the address at which Logto comes back to *origin*."""
    return origin + "/.gateway/callback"
