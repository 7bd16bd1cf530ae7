"""Logto tells us that somebody was suspended or deleted, by a signed webhook.

The signature is HMAC-SHA256 over the body as it came; nothing of the body is looked at
before it fits.
"""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field

import structlog

from gateway.authentication.id_token import is_subject
from gateway.authentication.revoking import Revoking
from gateway.authentication.strict_json import NotStrictJson, parse_object
from gateway.fields import values
from gateway.form import body_within
from gateway.pages.rendered import Rendered
from gateway.sessions.revocations import Whose
from gateway.visit import Answer, Visit, respond

SIGNATURE = b"logto-signature-sha-256"
LONGEST = 256 * 1024  # bytes; what an operator adds to a person travels with it
_NO_STORE = (b"Cache-Control", b"no-store")

log = structlog.get_logger("gateway.webhook")


class NotUnderstood(Exception):  # noqa: N818 - says what is the case
    """A webhook ends somebody's sessions, but does not say whose."""


@dataclass(frozen=True, slots=True)
class Webhook:
    """Takes Logto's webhooks, signed with *signing_key*."""

    signing_key: bytes = field(repr=False)
    revoking: Revoking

    async def receive(self, visit: Visit) -> Answer:
        """Return 204 for what is signed; then the person is out, where it says so.

        Logto tries again where it is told of a failure, and shows that to the operator.
        """
        body = await body_within(visit, LONGEST)
        if body is None:
            return _answer(413)
        given = values(visit.received.fields, SIGNATURE)
        if len(given) != 1 or not is_signed(body, given[0], self.signing_key):
            log.warning("webhook_refused", request_id=visit.request_id)
            return _answer(401)
        try:
            subject = whom_to_revoke(parse_object(body))
        except (NotStrictJson, NotUnderstood) as error:
            log.warning(
                "webhook_not_understood", request_id=visit.request_id, reason=str(error)
            )
            return _answer(400)
        if subject is not None:
            mark = Whose.SUBJECT, subject
            if not await self.revoking.revoke(mark, reason="webhook"):
                return _answer(503)
        return _answer(204)


def is_signed(body: bytes, signature: bytes, key: bytes) -> bool:
    """Return whether *signature* (hexadecimal) is that of *body*, in constant time."""
    expected = hmac.new(key, body, "sha256").hexdigest().encode("ascii")
    return hmac.compare_digest(expected, signature.lower())


def whom_to_revoke(event: Mapping[str, object]) -> str | None:
    """Return the subject whose sessions *event* ends; None where it ends none.

    Raises NotUnderstood where it ends somebody's but does not say whose.
    """
    data = event.get("data")
    entity = data if isinstance(data, dict) else {}
    match event.get("event"):
        case "User.Deleted":
            pass
        case "User.SuspensionStatus.Updated":
            suspended = entity.get("isSuspended")
            if not isinstance(suspended, bool):
                raise NotUnderstood("it does not say whether somebody is suspended")
            if not suspended:
                return None
        case _:
            return None
    params = event.get("params")
    named = params.get("userId") if isinstance(params, dict) else None
    candidates = (entity.get("id"), named, event.get("userId"))
    told = {value for value in candidates if isinstance(value, str)}
    if len(told) != 1 or not is_subject(subject := told.pop()):
        raise NotUnderstood("it does not say who is meant")
    return subject


def _answer(status: int) -> Answer:
    return respond(Rendered(status, (_NO_STORE,), b""))
