"""May this access token be believed, and whom does it speak for?

RFC 9068, section 4, and RFC 8725.  Logto's are such JWTs where they were asked for with
a ``resource`` (RFC 8707); the others are opaque, and good for Logto alone.  A program
that acts for itself (RFC 6749, section 4.4) is its own subject: there is no person.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from gateway.authentication.errors import SignInRefused
from gateway.authentication.id_token import LEEWAY, Kind, is_subject, seconds
from gateway.identity.claim_values import attribute
from gateway.identity.claims import identity_from_claims
from gateway.identity.identity import Identity
from gateway.sessions.bearer import Bearer

ACCESS_TOKEN = Kind("access token", "at+jwt")
MOST_SCOPES = 500

_SCOPES = re.compile(r"[!#-\[\]-~]+(?: [!#-\[\]-~]+)*")  # RFC 6749, section 3.3

# What is said of a person: Logto says it in ID tokens and in userinfo, so whatever
# stands in an access token under such a name comes from somebody's script.
_ABOUT_PEOPLE = frozenset(
    {
        *("identities", "sso_identities", "username", "name", "picture"),
        *("email", "email_verified", "organizations", "organization_roles"),
    }
)


@dataclass(frozen=True, slots=True)
class Terms:
    """What access tokens must be: of *issuer*, and for one of *resources*.

    *wanted* are the claims that headers ask for by a dotted path.
    """

    issuer: str
    resources: frozenset[str]
    wanted: Collection[str] = ()


def bearer_of(
    token_id: str, claims: Mapping[str, object], terms: Terms, now: float
) -> Bearer:
    """Return whom verified *claims* of an access token speak for, at *now*.

    *now* is in unix seconds.  Raises SignInRefused for claims that are not as *terms*
    demand, and ClaimsInvalid for some that name nobody.
    """
    if claims.get("iss") != terms.issuer:
        raise _refused("comes from another issuer")
    audiences = audiences_of(claims.get("aud")) & terms.resources
    if not audiences:
        raise _refused("is for another audience")
    issued_at, expires_at = _times(claims, now)
    if not is_subject(claims.get("sub")) or not is_subject(claims.get("client_id")):
        raise _refused("does not say whose it is (sub, client_id)")
    if "cnf" in claims:  # RFC 7800: good with a proof only, which a bearer has not
        raise _refused("is bound to a key (cnf)")
    return Bearer.of(
        token_id,
        identity_of(claims, terms.wanted),
        audiences,
        issued_at=issued_at,
        expires_at=expires_at,
    )


def audiences_of(value: object) -> frozenset[str]:
    """Return whom a token with the ``aud`` *value* is for.  Raises SignInRefused."""
    values = value if isinstance(value, list) else [value]
    if not all(isinstance(one, str) for one in values):
        raise _refused("is for another audience")
    return frozenset(values)


def _times(claims: Mapping[str, object], now: float) -> tuple[int, int]:
    expires, issued = seconds(claims.get("exp")), seconds(claims.get("iat"))
    if expires is None or issued is None:
        raise _refused("does not say from when or until when it holds")
    if now >= int(expires) + LEEWAY:
        raise _refused("has expired")
    not_before = seconds(claims.get("nbf", issued))
    if not_before is None or max(issued, not_before) > now + LEEWAY:
        raise _refused("comes from the future: compare the clocks")
    return int(issued), int(expires)


def identity_of(claims: Mapping[str, object], wanted: Collection[str]) -> Identity:
    """Return whom the *claims* of an access token name; *wanted* as in `Terms`.

    Raises SignInRefused and ClaimsInvalid.
    """
    plain = {name: claims[name] for name in claims if name not in _ABOUT_PEOPLE}
    organization = attribute(claims.get("organization_id"))
    return replace(
        identity_from_claims(plain, {}, wanted),
        scopes=_scopes(claims.get("scope")),
        organization=organization,
        organizations=() if organization is None else (organization,),
    )


def _scopes(value: object) -> tuple[str, ...]:
    """Return the scopes that the token was given (RFC 9068, section 2.2.3)."""
    if value is None or value == "":
        return ()
    if not isinstance(value, str) or not _SCOPES.fullmatch(value):
        raise _refused("names its scopes in an odd way")
    scopes = tuple(dict.fromkeys(value.split(" ")))
    if len(scopes) > MOST_SCOPES:
        raise _refused("names too many scopes")
    return scopes


def _refused(what: str) -> SignInRefused:
    return SignInRefused(f"The access token {what}.", "invalid_token")
