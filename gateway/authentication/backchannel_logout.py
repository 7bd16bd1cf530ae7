"""Logto tells us that somebody signed out (OpenID Connect Back-Channel Logout 1.0).

Anybody can send something here: it is worth what its signature is worth, and no cookie
has a part in it.
"""

import json
from dataclasses import dataclass

import structlog

from gateway.authentication.allowance import Allowance, one_client
from gateway.authentication.errors import ProviderUnavailable, SignInRefused
from gateway.authentication.logout_token import LoggedOut
from gateway.authentication.logout_tokens import LogoutTokens
from gateway.authentication.revoking import Revoking
from gateway.fields import values
from gateway.form import form_value
from gateway.pages.rendered import Rendered
from gateway.sessions.revocations import Whose
from gateway.visit import Answer, Visit, respond

log = structlog.get_logger("gateway.sign_out")

_FORM = b"application/x-www-form-urlencoded"
_NO_STORE = (b"Cache-Control", b"no-store")
_JSON = (b"Content-Type", b"application/json")


@dataclass(frozen=True, slots=True)
class BackchannelLogout:
    """Signs out whom a logout token names.

    *each* is what one client may have us verify, *together* what all may: a signature
    costs half a millisecond.
    """

    tokens: LogoutTokens
    revoking: Revoking
    each: Allowance
    together: Allowance

    async def receive(self, visit: Visit) -> Answer:
        """Return 200 once the sessions are over, 400 for what is refused (2.8)."""
        received = visit.received
        kinds = [
            value.partition(b";")[0].strip().lower()
            for value in values(received.fields, b"content-type")
        ]
        if kinds != [_FORM]:
            return _refused("expected a form (application/x-www-form-urlencoded)")
        token = await form_value(visit, "logout_token")
        if token is None:
            return _refused("expected one logout_token, in a short form")
        client = one_client(received.client.address)
        if not (
            self.each.take(client, visit.now) and self.together.take("", visit.now)
        ):
            log.warning("logout_tokens_too_many", client=received.client.address)
            return _answer(429, {"error": "slow_down"}, (b"Retry-After", b"1"))
        try:
            logged_out = await self.tokens.accept(token)
        except SignInRefused as refused:
            log.warning(
                "logout_refused", request_id=visit.request_id, reason=str(refused)
            )
            return _refused(str(refused))
        except ProviderUnavailable as error:
            log.warning("logto_away", request_id=visit.request_id, reason=str(error))
            return _refused("Logto's keys cannot be had now")
        return await self._sign_out(logged_out)

    async def _sign_out(self, logged_out: LoggedOut) -> Answer:
        """End the sessions of the `sid`; without one, all of the subject (2.7).

        Sessions that do not know theirs may well be meant.
        """
        subject, sid = logged_out.subject, logged_out.sid
        marks = [] if sid is None else [(Whose.SID, sid)]
        if subject is not None:
            whose = Whose.SUBJECT if sid is None else Whose.WITHOUT_SID
            marks.append((whose, subject))
        if not await self.revoking.revoke(*marks, reason="backchannel_logout"):
            return _answer(400, {"error": "server_error"})
        return respond(Rendered(200, (_NO_STORE,), b""))


def _refused(reason: str) -> Answer:
    return _answer(400, {"error": "invalid_request", "error_description": reason})


def _answer(status: int, told: dict[str, str], *more: tuple[bytes, bytes]) -> Answer:
    body = json.dumps(told).encode("ascii")
    return respond(Rendered(status, (_JSON, _NO_STORE, *more), body))
