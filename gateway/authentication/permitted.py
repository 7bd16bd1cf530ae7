"""What a person may do at one API resource, or in one organization: an access token.

RFC 8707, section 2.2; Logto's RFC 0001 for organizations. Only its scopes are believed,
and only of a token that is verified: a JWT of this Logto (RFC 9068), for what was
asked, about this person, good now.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from gateway.authentication.access_token import ACCESS_TOKEN, Terms, bearer_of
from gateway.authentication.errors import (
    GrantEnded,
    ProviderUnavailable,
    SignInRefused,
)
from gateway.authentication.id_token import verify_signature
from gateway.authentication.provider_endpoints import ProviderEndpoints
from gateway.identity.claims import ClaimsInvalid

_ORGANIZATION = "urn:logto:organization:"

# Logto knows the person, and has no token of this kind for them.
_REFUSALS = frozenset({"access_denied", "insufficient_scope", "invalid_target"})


class NotPermitted(Exception):  # noqa: N818 - says what is the case
    """Logto has no such token: who is no member, what is not registered."""


@dataclass(frozen=True, slots=True)
class Audience:
    """What an access token is for: an API resource, or an organization."""

    id: str
    is_organization: bool = False

    @property
    def parameter(self) -> tuple[str, str]:
        """What asks for such a token."""
        return ("organization_id" if self.is_organization else "resource", self.id)

    @property
    def claim(self) -> str:
        """The ``aud`` of such a token."""
        return _ORGANIZATION + self.id if self.is_organization else self.id


@dataclass(frozen=True, slots=True)
class Granted:
    """An access token, good until *until* (unix seconds)."""

    token: str = field(repr=False)
    until: int


@dataclass(frozen=True, slots=True)
class Permitted:
    """An access token, its scopes, and the refresh token to go on with."""

    scopes: tuple[str, ...]
    refresh_token: str = field(repr=False)
    granted: Granted


async def permitted(
    endpoints: ProviderEndpoints,
    refresh_token: str,
    subject: str,
    audience: Audience,
    now: Callable[[], float],
) -> Permitted:
    """Return what *subject*, whose *refresh_token* it is, may do at *audience*.

    *now* gives unix seconds. Raises NotPermitted, GrantEnded, and ProviderUnavailable
    where Logto does not say it, or says it in a way that cannot be believed.
    """
    name, value = audience.parameter
    grant = {"grant_type": "refresh_token", "refresh_token": refresh_token, name: value}
    try:
        access_token, renewed = await endpoints.access_token(grant)
        signer = await endpoints.verifier.signer(access_token, ACCESS_TOKEN)
        issuer = (await endpoints.metadata.get()).issuer
        claims = verify_signature(
            access_token, signer.key, signer.header.algorithm, ACCESS_TOKEN
        )
        terms = Terms(issuer, frozenset({audience.claim}))
        bearer = bearer_of("", claims, terms, now())
    except SignInRefused as error:
        raise _meaning(error) from None
    except ClaimsInvalid as error:
        raise ProviderUnavailable(str(error)) from None
    if bearer.identity.sub != subject:
        raise GrantEnded("The access token is about someone else.")
    granted = Granted(access_token, bearer.expires_at)
    return Permitted(bearer.identity.scopes, renewed or refresh_token, granted)


def _meaning(error: SignInRefused) -> Exception:
    """Return what *error* means for a session: only ``invalid_grant`` ends one."""
    if error.code == "invalid_grant":
        return GrantEnded(error.reason)
    if error.code in _REFUSALS:
        return NotPermitted(error.reason)
    return ProviderUnavailable(error.reason)
