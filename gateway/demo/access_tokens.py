"""Access tokens that are JWTs (RFC 9068): for an API resource, or an organization.

As observed: the audience is the resource, or ``urn:logto:organization:<id>``; the scope
holds what was asked for at the sign-in and the person's roles permit.
"""

from collections.abc import Collection

from gateway.demo.claims import ORGANIZATIONS
from gateway.demo.grants import Approval, opaque
from gateway.demo.people import Person
from gateway.demo.signing_keys import Claims, Header
from gateway.demo.tenant import Tenant

ORGANIZATION_AUDIENCE = "urn:logto:organization:"


class RefusedError(Exception):
    """The token endpoint refuses, with an error code and a status."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(code)
        self.status = status
        self.code = code


def check_member(tenant: Tenant, approval: Approval, organization: str) -> None:
    """Raise RefusedError unless a token for *organization* can be had.

    Its person must be a member now, and the sign-in have asked for the scope.
    """
    person = tenant.person_of(approval.grant)
    memberships = () if person is None else person.memberships
    if organization not in {member.organization for member in memberships}:
        raise RefusedError(403, "access_denied")
    if ORGANIZATIONS not in approval.scope:
        raise RefusedError(403, "insufficient_scope")


def access_token(
    tenant: Tenant,
    person: Person,
    approval: Approval,
    resource: str,
    organization: str,
) -> tuple[str, str]:
    """Return an access token for *resource*, else for *organization*, and its scope.

    Opaque where both are empty. Raises RefusedError for a resource that the sign-in
    did not ask for.
    """
    if not resource and not organization:
        return tenant.grants.issue_access_token(approval), " ".join(approval.scope)
    if resource and resource not in approval.resources:
        raise RefusedError(400, "invalid_target")
    audience = resource or ORGANIZATION_AUDIENCE + organization
    permitted = (
        person.permissions.get(resource, ())
        if resource
        else _permitted_in(person, organization)
    )
    scope = " ".join(one for one in permitted if one in approval.permissions)
    claims: Claims = {"aud": audience, "scope": scope}
    if resource and organization:
        claims["organization_id"] = organization
    return signed(tenant, approval, claims), scope


def _permitted_in(person: Person, organization: str) -> Collection[str]:
    return [
        permission
        for member in person.memberships
        if member.organization == organization
        for permission in member.permissions
    ]


def signed(tenant: Tenant, approval: Approval, claims: Claims) -> str:
    """Return a token with *claims*, after the hook has had its way with it."""
    now, key, hook = tenant.now(), tenant.keys.current, tenant.behaviour
    claims |= {
        "jti": opaque(),
        "sub": approval.grant.sub,
        "iat": int(now),
        "exp": int(now + tenant.lifetimes.access_token),
        "client_id": approval.grant.client_id,
        "iss": tenant.issuer,
    }
    header: Header = {"typ": "at+jwt", "kid": key.kid}
    whole = None
    if hook.access_token_hook is not None:
        whole = hook.access_token_hook(claims, header)
    return key.sign(claims, header) if whole is None else whole
