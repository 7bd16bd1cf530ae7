"""Machine-to-machine applications: tokens without a person (RFC 6749, section 4.4).

As Logto documents it: the application is its own subject, and the scope holds what was
asked for and its roles permit.
"""

from gateway.demo.access_tokens import RefusedError, signed
from gateway.demo.clients import Client
from gateway.demo.grants import Approval, Grant
from gateway.demo.signing_keys import Claims
from gateway.demo.tenant import Tenant


def machine_token(tenant: Tenant, client: Client, resource: str, scope: str) -> Claims:
    """Return the answer to *client*, which asks for *resource* with *scope*.

    Raises RefusedError where it is no such application, or the resource is unknown.
    """
    if not client.permissions:
        raise RefusedError(400, "unauthorized_client")
    if resource not in client.permissions:
        raise RefusedError(400, "invalid_target")
    asked = scope.split()
    permitted = [one for one in client.permissions[resource] if one in asked]
    grant = Grant(person="", sub=client.app_id, client_id=client.app_id)
    approval = Approval(grant=grant, scope=(), nonce=None, auth_time=None)
    claims: Claims = {"aud": resource, "scope": " ".join(permitted)}
    return {
        "access_token": signed(tenant, approval, claims),
        "expires_in": int(tenant.lifetimes.access_token),
        "token_type": "Bearer",
        "scope": " ".join(permitted),
    }
