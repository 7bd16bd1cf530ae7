"""Discovery, keys and userinfo of the emulated Logto (OpenID Connect Discovery 1.0)."""

import hashlib

from aiohttp import web

from gateway.demo.claims import (
    ORGANIZATION_ROLES,
    ORGANIZATIONS,
    userinfo_claims,
)
from gateway.demo.signing_keys import Claims
from gateway.demo.tenant import TENANT, Tenant

SCOPES = (
    "openid",
    "offline_access",
    "profile",
    "email",
    "phone",
    "address",
    "custom_data",
    "identities",
    "roles",
    ORGANIZATIONS,
    ORGANIZATION_ROLES,
    "urn:logto:scope:sessions",
)
_CLAIMS = (
    "sub name family_name given_name middle_name nickname preferred_username profile "
    "picture website gender birthdate zoneinfo locale updated_at username created_at "
    "email email_verified phone_number phone_number_verified address custom_data "
    "identities sso_identities roles organizations organization_data "
    "organization_roles sid auth_time iss"
)
_GRANT_TYPES = (
    "implicit authorization_code refresh_token client_credentials "
    "urn:ietf:params:oauth:grant-type:device_code "
    "urn:ietf:params:oauth:grant-type:token-exchange"
)
_ENDPOINTS = {
    "authorization_endpoint": "/auth",
    "device_authorization_endpoint": "/device/auth",
    "end_session_endpoint": "/session/end",
    "jwks_uri": "/jwks",
    "token_endpoint": "/token",
    "pushed_authorization_request_endpoint": "/request",
    "userinfo_endpoint": "/me",
    "introspection_endpoint": "/token/introspection",
    "revocation_endpoint": "/token/revocation",
}


def discovery_document(tenant: Tenant) -> Claims:
    """Return the provider metadata, as Logto 1.41 lists it."""
    methods = "client_secret_basic client_secret_jwt client_secret_post private_key_jwt"
    return {name: tenant.issuer + path for name, path in _ENDPOINTS.items()} | {
        "issuer": tenant.issuer,
        "claims_parameter_supported": False,
        "claims_supported": _CLAIMS.split(),
        "code_challenge_methods_supported": ["S256"],
        "grant_types_supported": _GRANT_TYPES.split(),
        "authorization_response_iss_parameter_supported": True,
        "response_modes_supported": ["form_post", "fragment", "query"],
        "response_types_supported": ["code id_token", "code", "id_token", "none"],
        "scopes_supported": list(SCOPES),
        "subject_types_supported": ["public"],
        "token_endpoint_auth_methods_supported": [*methods.split(), "none"],
        "token_endpoint_auth_signing_alg_values_supported": (
            ["HS256", "RS256", "PS256", "ES256", "EdDSA"]
        ),
        "id_token_signing_alg_values_supported": [tenant.keys.current.algorithm],
        "request_parameter_supported": False,
        "request_uri_parameter_supported": False,
        "backchannel_logout_supported": True,
        "backchannel_logout_session_supported": True,
        "claim_types_supported": ["normal"],
    }


async def discovery(request: web.Request) -> web.Response:
    """Answer /oidc/.well-known/openid-configuration."""
    tenant = request.app[TENANT]
    document = discovery_document(tenant)
    if tenant.behaviour.discovery_hook is not None:
        tenant.behaviour.discovery_hook(document)
    return web.json_response(document)


async def jwks(request: web.Request) -> web.Response:
    """Answer /oidc/jwks, with an ETag that a cache may ask about again."""
    body = request.app[TENANT].keys.jwks()
    etag = f'"{hashlib.sha256(body).hexdigest()[:27]}"'
    headers = {"Cache-Control": "no-cache", "ETag": etag}
    if request.headers.get("If-None-Match") == etag:
        return web.Response(status=304, headers=headers)
    headers["Content-Type"] = "application/jwk-set+json; charset=utf-8"
    return web.Response(body=body, headers=headers)


async def userinfo(request: web.Request) -> web.Response:
    """Answer /oidc/me (OpenID Connect Core section 5.3)."""
    tenant = request.app[TENANT]
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    approval = tenant.grants.access(token) if scheme.lower() == "bearer" else None
    person = None if approval is None else tenant.person_of(approval.grant)
    if approval is None or person is None:
        return _invalid_token(tenant)
    claims = userinfo_claims(person, approval.scope, tenant.now(), tenant.organizations)
    if tenant.behaviour.userinfo_hook is not None:
        tenant.behaviour.userinfo_hook(claims)
    return web.json_response(claims, headers={"Cache-Control": "no-store"})


def _invalid_token(tenant: Tenant) -> web.Response:
    description = "invalid token provided"
    challenge = (
        f'Bearer realm="{tenant.issuer}", error="invalid_token", '
        f'error_description="{description}"'
    )
    body = {
        "code": "oidc.invalid_token",
        "message": "Token is invalid.",
        "error": "invalid_token",
        "error_description": description,
    }
    return web.json_response(body, status=401, headers={"WWW-Authenticate": challenge})
