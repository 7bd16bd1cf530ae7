"""May this logout token be believed?

OpenID Connect Back-Channel Logout 1.0, sections 2.4 and 2.6; RFC 8725.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.authentication.errors import SignInRefused
from gateway.authentication.id_token import LEEWAY, Kind, is_subject, seconds

LOGOUT_TOKEN = Kind("logout token", "logout+jwt")
EVENT = "http://schemas.openid.net/event/backchannel-logout"
OLDEST = 300.0  # seconds since it was issued
REMEMBERED = OLDEST + LEEWAY  # seconds after which a replay is too old anyway
LONGEST_ID = 255  # characters of a `sid` or a `jti`


@dataclass(frozen=True, slots=True)
class LoggedOut:
    """Who is to be signed out: the sessions of *sid*, or all of *subject*.

    One of the two is there.  *token_id* is the token's own, good once.
    """

    subject: str | None
    sid: str | None
    token_id: str


def check_logout_claims(
    claims: Mapping[str, object], *, issuer: str, client_id: str, now: float
) -> LoggedOut:
    """Return whom verified *claims* sign out, at *now* (unix seconds).

    Raises SignInRefused where anything that section 2.6 demands is missing or wrong.
    """
    if claims.get("iss") != issuer:
        raise _refused("comes from another issuer")
    audience = claims.get("aud")
    if client_id not in (audience if isinstance(audience, list) else [audience]):
        raise _refused("is for another application")
    _check_times(claims, now)
    _check_event(claims)
    token_id = claims.get("jti")
    if not _is_id(token_id):
        raise _refused("has no jti")
    subject, sid = claims.get("sub"), claims.get("sid")
    if subject is None and sid is None:
        raise _refused("names nobody")
    if subject is not None and not is_subject(subject):
        raise _refused("names nobody that can be")
    if sid is not None and not _is_id(sid):
        raise _refused("names no session that can be")
    return LoggedOut(
        None if subject is None else str(subject),
        None if sid is None else str(sid),
        str(token_id),
    )


def sid_of(claims: Mapping[str, object]) -> str | None:
    """Return the session at Logto that the *claims* of an ID token name, or None."""
    sid = claims.get("sid")
    return str(sid) if _is_id(sid) else None


def _check_times(claims: Mapping[str, object], now: float) -> None:
    issued = seconds(claims.get("iat"))
    if issued is None:
        raise _refused("does not say when it was issued")
    if issued > now + LEEWAY:
        raise _refused("comes from the future: compare the clocks")
    if now - issued > OLDEST:
        raise _refused("is older than five minutes: compare the clocks")
    # The specification asks for `exp`; Logto leaves it out.
    expires = seconds(claims.get("exp", now))
    if expires is None or now >= expires + LEEWAY:
        raise _refused("has expired")


def _check_event(claims: Mapping[str, object]) -> None:
    events = claims.get("events")
    if not isinstance(events, dict) or not isinstance(events.get(EVENT), dict):
        raise _refused("does not say that somebody signed out (events)")
    if "nonce" in claims:  # an ID token must never pass for one
        raise _refused("has a nonce, which no logout token may have")


def _is_id(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= LONGEST_ID


def _refused(what: str) -> SignInRefused:
    return SignInRefused(f"The logout token {what}.", "invalid_logout_token")
