"""The signed statement of who somebody is, for an upstream (RFC 7519, ES256)."""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import jwt

from gateway.identity.assertion_keys import AssertionKey
from gateway.identity.identity import Identity

MOST_KEPT = 4096  # assertions, of about 700 bytes each
USED = 0.75  # of its lifetime an assertion is sent; the rest is for the way


@dataclass(frozen=True, slots=True)
class Terms:
    """What all assertions have in common: ``iss``, their life in seconds, the handle.

    *audience* is empty where it is the origin that a request is for; *x_handle* says
    whose handle is told: X's, or the username at Logto.
    """

    issuer: str
    audience: str
    lifetime: int
    x_handle: bool


@dataclass(frozen=True, slots=True)
class _Kept:
    identity: Identity
    issued_at: float
    value: bytes


class Assertions:
    """Makes assertions, and sends each again for most of its life.

    The first of *keys* signs; *random_text* makes the ``jti``. A signature takes as
    long as a request, so one serves all requests of a session to one audience, until
    it is old, or something else is known about the person.
    """

    def __init__(
        self,
        terms: Terms,
        keys: Sequence[AssertionKey],
        random_text: Callable[[int], str],
    ) -> None:
        self._terms = terms
        self._key = keys[0]
        self._header = {"kid": self._key.kid, "typ": "JWT"}
        self._random_text = random_text
        self._kept: OrderedDict[tuple[str, str], _Kept] = OrderedDict()

    def of(self, session: str, identity: Identity, origin: str, now: float) -> bytes:
        """Return one about *identity*, good at *now* (unix seconds).

        *session* is the session's id, *origin* the public one that the request is for.
        """
        place = session, self._terms.audience or origin
        kept = self._kept.get(place)
        if kept is not None and self._holds(kept, identity, now):
            return kept.value
        value = self._signed(identity, place[1], int(now))
        self._kept.pop(place, None)
        if len(self._kept) >= MOST_KEPT:
            self._kept.popitem(last=False)
        self._kept[place] = _Kept(identity, now, value)
        return value

    def _holds(self, kept: _Kept, identity: Identity, now: float) -> bool:
        known = kept.identity is identity or kept.identity == identity
        return known and 0 <= now - kept.issued_at < USED * self._terms.lifetime

    def _signed(self, identity: Identity, audience: str, issued_at: int) -> bytes:
        claims = claims_of(identity, x_handle=self._terms.x_handle) | {
            "iss": self._terms.issuer,
            "aud": audience,
            "iat": issued_at,
            "exp": issued_at + self._terms.lifetime,
            "jti": self._random_text(16),
        }
        token = jwt.encode(claims, self._key.private, "ES256", self._header)
        return token.encode("ascii")


def claims_of(identity: Identity, *, x_handle: bool) -> dict[str, object]:
    """Return what is told about *identity*; what is not known is left out.

    The names are those of OpenID Connect Core, section 5.1, of RFC 8693, section 4.2
    (``scope``), and of Logto's own tokens. An e-mail address is told only where Logto
    has verified it; of organizations, the one that the person acts for.
    """
    handle = identity.x_username if x_handle else identity.username
    email = identity.verified_email
    told: dict[str, object | None] = {
        "sub": identity.sub,
        "name": identity.name,
        "preferred_username": handle,
        "email": email,
        "email_verified": True if email is not None else None,
        "roles": list(identity.roles) or None,
        "scope": " ".join(identity.scopes) or None,
        "organization_id": identity.acts_for,
        "organization_roles": list(identity.roles_there) or None,
    }
    return {name: value for name, value in told.items() if value is not None}
