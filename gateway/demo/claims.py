"""What the emulated Logto says about a person, in the shapes of Logto 1.41."""

import hashlib
from collections.abc import Collection, Mapping
from types import MappingProxyType

from gateway.demo.people import Person
from gateway.demo.signing_keys import Claims, base64url

NONE: Mapping[str, str] = MappingProxyType({})
ORGANIZATIONS = "urn:logto:scope:organizations"
ORGANIZATION_ROLES = "urn:logto:scope:organization_roles"


def standard_claims(person: Person, scopes: Collection[str], now: float) -> Claims:
    """Return the claims that *scopes* open, nulls kept.

    ``updated_at`` and ``created_at`` are milliseconds; *now* is unix seconds.
    """
    claims: Claims = {"sub": person.sub}
    if "profile" in scopes:
        claims |= {
            "name": person.name,
            "picture": person.picture,
            "updated_at": int(now * 1000),
            "username": person.username,
            "created_at": person.created_at,
        }
    if "email" in scopes:
        claims |= {"email": person.email, "email_verified": person.email_verified}
    return claims


def extended_claims(
    person: Person, scopes: Collection[str], organizations: Mapping[str, str]
) -> Claims:
    """Return the claims that stand in userinfo when their scope was granted.

    In ID tokens they stand only where the tenant enables them. *organizations* are
    the tenant's, the name of each by its id.
    """
    claims: Claims = {}
    if "roles" in scopes:
        claims["roles"] = list(person.roles)
    if "custom_data" in scopes:
        claims["custom_data"] = {}
    if "identities" in scopes:
        claims |= {"identities": _identities(person), "sso_identities": []}
    members = [one for one in person.memberships if one.organization in organizations]
    if ORGANIZATIONS in scopes:
        ids = [member.organization for member in members]
        claims["organizations"] = ids
        claims["organization_data"] = [
            {"id": one, "name": organizations[one], "description": None} for one in ids
        ]
    if ORGANIZATION_ROLES in scopes:
        claims["organization_roles"] = [
            f"{member.organization}:{role}"
            for member in members
            for role in member.roles
        ]
    return claims


def id_token_claims(
    person: Person,
    scopes: Collection[str],
    enabled: Collection[str],
    now: float,
    organizations: Mapping[str, str] = NONE,
) -> Claims:
    """Return what an ID token says about *person*; *enabled* as the tenant has it."""
    extended = extended_claims(person, scopes, organizations)
    shown = {"roles", *enabled}
    return (
        standard_claims(person, scopes, now)
        | {name: extended[name] for name in extended if name in shown}
        | dict(person.claims)
    )


def userinfo_claims(
    person: Person,
    scopes: Collection[str],
    now: float,
    organizations: Mapping[str, str] = NONE,
) -> Claims:
    """Return the answer of the userinfo endpoint."""
    return (
        standard_claims(person, scopes, now)
        | extended_claims(person, scopes, organizations)
        | dict(person.claims)
    )


def at_hash(access_token: str, algorithm: str) -> str:
    """Return the left half of the access token's hash (OpenID Connect Core 3.1.3.6)."""
    digest = hashlib.new(f"sha{algorithm[2:]}", access_token.encode()).digest()
    return base64url(digest[: len(digest) // 2])


def _identities(person: Person) -> Claims:
    """Return the identities as the X connector leaves them, written once at sign-up."""
    if person.x_id is None:
        return {}
    at_x = {"id": person.x_id, "name": person.name}
    raw = {"data": at_x | {"username": person.x_username}}
    details = at_x | {"rawData": raw}
    return {"x": {"userId": person.x_id, "details": details}}
