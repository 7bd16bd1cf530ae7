"""Codes and tokens of the emulated Logto, and the grants that they hang on.

As observed: everything of one grant dies with it; a code used twice, or a rotated
refresh token used more than three seconds later, ends the grant.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass

from gateway.demo.signing_keys import base64url

ROTATION_AFTER = 0.7
"""Logto's own part of its life after which a refresh token is replaced."""
ROTATION_GRACE = 3.0
"""Seconds for which a replaced refresh token still works."""


class InvalidGrantError(Exception):
    """The code or refresh token is no good (RFC 6749 section 5.2)."""


@dataclass(slots=True)
class Lifetimes:
    """How long things live, in seconds; change them while Logto runs."""

    code: float = 60.0
    id_token: float = 3600.0
    access_token: float = 3600.0
    refresh_token: float = 14 * 86400.0
    session: float = 14 * 86400.0
    rotation_after: float = ROTATION_AFTER
    """The part of its life after which a refresh token is replaced."""


@dataclass(slots=True)
class Grant:
    """What one person gave one application in one Logto session."""

    person: str
    sub: str
    client_id: str
    sid: str = ""
    """The session's name, as its application may hear it."""
    offline: bool = False
    """It was given ``offline_access``: it outlives the Logto session."""
    alive: bool = True


@dataclass(frozen=True, slots=True)
class Approval:
    """What one authorization request was given; its tokens carry it on."""

    grant: Grant
    scope: tuple[str, ...]
    nonce: str | None
    auth_time: int | None
    permissions: tuple[str, ...] = ()
    """The scopes that were asked for beside Logto's own: of resources."""
    resources: tuple[str, ...] = ()
    """The API resources that were asked for."""


@dataclass(frozen=True, slots=True)
class CodeBinding:
    """What the redeemer of a code must show again (RFC 6749 4.1.3, RFC 7636 4.6)."""

    client_id: str
    redirect_uri: str
    challenge: str


@dataclass(slots=True)
class _Code:
    approval: Approval
    binding: CodeBinding
    expires_at: float
    used: bool = False


@dataclass(slots=True)
class _RefreshToken:
    approval: Approval
    issued_at: float
    expires_at: float
    replaced_at: float | None = None


@dataclass(slots=True)
class _AccessToken:
    approval: Approval
    expires_at: float


def opaque() -> str:
    """Return 43 random characters, as Logto's codes and tokens are."""
    return base64url(secrets.token_bytes(32))


class Grants:
    """Every code and token that the emulated Logto has given out."""

    def __init__(self, now: Callable[[], float], lifetimes: Lifetimes) -> None:
        self._now = now
        self._lifetimes = lifetimes
        self._codes: dict[str, _Code] = {}
        self._refresh: dict[str, _RefreshToken] = {}
        self._access: dict[str, _AccessToken] = {}

    def issue_code(self, approval: Approval, binding: CodeBinding) -> str:
        """Return a new authorization code, good once."""
        code = opaque()
        expires_at = self._now() + self._lifetimes.code
        self._codes[code] = _Code(approval, binding, expires_at)
        return code

    def redeem_code(self, code: str, binding: CodeBinding) -> Approval:
        """Use up *code*; a second use ends the grant.

        Raises InvalidGrantError whatever is wrong with it.
        """
        known = self._codes.get(code)
        if known is None or known.binding.client_id != binding.client_id:
            raise InvalidGrantError("unknown code")
        if known.used:
            known.approval.grant.alive = False
            raise InvalidGrantError("code used before: the grant is revoked")
        if known.binding != binding:
            raise InvalidGrantError("redirect_uri or code_verifier is not the one sent")
        if known.expires_at <= self._now() or not known.approval.grant.alive:
            raise InvalidGrantError("code expired or its grant is revoked")
        known.used = True
        return known.approval

    def issue_access_token(self, approval: Approval) -> str:
        """Return a new opaque access token."""
        token = opaque()
        expires_at = self._now() + self._lifetimes.access_token
        self._access[token] = _AccessToken(approval, expires_at)
        return token

    def issue_refresh_token(self, approval: Approval) -> str:
        """Return a new refresh token."""
        token, now = opaque(), self._now()
        expires_at = now + self._lifetimes.refresh_token
        self._refresh[token] = _RefreshToken(approval, now, expires_at)
        return token

    def approved(self, token: str, client_id: str) -> Approval:
        """Return what the refresh *token* stands for.

        Raises InvalidGrantError when it is unknown, expired, revoked, or was replaced
        more than three seconds ago, which ends the grant.
        """
        return self._known(token, client_id).approval

    def rotated(self, token: str, client_id: str, *, rotate: bool) -> str:
        """Return the refresh token to go on with; raises InvalidGrantError likewise."""
        known, now = self._known(token, client_id), self._now()
        lived = (now - known.issued_at) / (known.expires_at - known.issued_at)
        if not rotate or lived < self._lifetimes.rotation_after:
            return token
        if known.replaced_at is None:
            known.replaced_at = now
        return self.issue_refresh_token(known.approval)

    def _known(self, token: str, client_id: str) -> _RefreshToken:
        now = self._now()
        known = self._refresh.get(token)
        if known is None or known.approval.grant.client_id != client_id:
            raise InvalidGrantError("unknown refresh token")
        if known.expires_at <= now:
            raise InvalidGrantError("refresh token expired")
        if not known.approval.grant.alive:
            raise InvalidGrantError("the grant of the refresh token is revoked")
        if known.replaced_at is not None and now - known.replaced_at > ROTATION_GRACE:
            known.approval.grant.alive = False
            raise InvalidGrantError("refresh token replaced: the grant is revoked")
        return known

    def access(self, token: str) -> Approval | None:
        """Return what the access token stands for, or None when it is dead."""
        known = self._access.get(token)
        if known is None or known.expires_at <= self._now():
            return None
        return known.approval if known.approval.grant.alive else None

    def revoke(self, token: str, client_id: str) -> None:
        """End an access token, or the whole grant of a refresh token (RFC 7009).

        Unknown tokens, and those of other applications, are left as they are.
        """
        refresh, access = self._refresh.get(token), self._access.get(token)
        if refresh is not None and refresh.approval.grant.client_id == client_id:
            refresh.approval.grant.alive = False
        if access is not None and access.approval.grant.client_id == client_id:
            del self._access[token]
