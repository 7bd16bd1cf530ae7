"""The token and revocation endpoints (RFC 6749 sections 3.2 and 6, RFC 7009)."""

import base64
import binascii
import hashlib
from urllib.parse import unquote_plus

from aiohttp import web
from multidict import MultiMapping

from gateway.demo.access_tokens import RefusedError, access_token, check_member
from gateway.demo.claims import at_hash, id_token_claims
from gateway.demo.clients import Client
from gateway.demo.faults import parameters_of
from gateway.demo.grants import Approval, CodeBinding, InvalidGrantError
from gateway.demo.machines import machine_token
from gateway.demo.people import Person
from gateway.demo.signing_keys import Claims, Header, base64url
from gateway.demo.tenant import TENANT, Tenant

Form = MultiMapping[str]


async def token(request: web.Request) -> web.Response:
    """Answer /oidc/token for codes, refresh tokens and machines."""
    tenant, form = request.app[TENANT], await parameters_of(request)
    client = _authenticated(tenant, request, form)
    if client is None:
        return error(401, "invalid_client")
    try:
        answer = _granted(tenant, client, form)
    except InvalidGrantError:
        return error(400, "invalid_grant")
    except RefusedError as refused:
        return error(refused.status, refused.code)
    if tenant.behaviour.token_hook is not None:
        tenant.behaviour.token_hook(answer)
    return web.json_response(answer, headers={"Cache-Control": "no-store"})


async def revocation(request: web.Request) -> web.Response:
    """Answer /oidc/token/revocation: 200 with nothing, also for unknown tokens."""
    tenant, form = request.app[TENANT], await parameters_of(request)
    client = _authenticated(tenant, request, form)
    if client is None:
        return error(401, "invalid_client")
    tenant.grants.revoke(form.get("token", ""), client.app_id)
    return web.Response()


def error(status: int, code: str) -> web.Response:
    """Return an error in the shape that Logto gives it."""
    message, description = _ERRORS[code]
    body = {
        "code": f"oidc.{code}",
        "message": message,
        "error": code,
        "error_description": description,
    }
    return web.json_response(body, status=status, headers={"Cache-Control": "no-store"})


_ERRORS = {
    "access_denied": (
        "Access denied.",
        "user is not a member of the organization",
    ),
    "insufficient_scope": (
        "Token missing scope `urn:logto:scope:organizations`.",
        "refresh token missing required scope",
    ),
    "invalid_target": (
        "Invalid resource indicator.",
        "resource indicator is missing, or unknown",
    ),
    "invalid_grant": ("Grant request is invalid.", "grant request is invalid"),
    "invalid_client": ("Client is invalid.", "client authentication failed"),
    "unauthorized_client": (
        "Client is not authorized.",
        "requested grant type is not allowed for this client",
    ),
    "unsupported_grant_type": (
        "Unsupported `grant_type` requested.",
        "unsupported grant_type requested",
    ),
}


def _granted(tenant: Tenant, client: Client, form: Form) -> Claims:
    match form.get("grant_type"):
        case "authorization_code":
            return _by_code(tenant, client, form)
        case "refresh_token":
            return _by_refresh_token(tenant, client, form)
        case "client_credentials":
            resource, scope = form.get("resource", ""), form.get("scope", "")
            return machine_token(tenant, client, resource, scope)
        case _:
            raise RefusedError(400, "unsupported_grant_type")


def _by_code(tenant: Tenant, client: Client, form: Form) -> Claims:
    verifier = form.get("code_verifier", "")
    challenge = base64url(hashlib.sha256(verifier.encode()).digest())
    binding = CodeBinding(client.app_id, form.get("redirect_uri", ""), challenge)
    approval = tenant.grants.redeem_code(form.get("code", ""), binding)
    refresh_token = None
    if "offline_access" in approval.scope:
        refresh_token = tenant.grants.issue_refresh_token(approval)
    return _answer(tenant, approval, refresh_token, form)


def _by_refresh_token(tenant: Tenant, client: Client, form: Form) -> Claims:
    asked_with = form.get("refresh_token", "")
    approval = tenant.grants.approved(asked_with, client.app_id)
    if organization := form.get("organization_id", ""):
        check_member(tenant, approval, organization)
    refresh_token = tenant.grants.rotated(
        asked_with, client.app_id, rotate=client.rotate_refresh_token
    )
    return _answer(tenant, approval, refresh_token, form)


def _answer(
    tenant: Tenant, approval: Approval, refresh_token: str | None, form: Form
) -> Claims:
    person = tenant.person_of(approval.grant)
    if person is None:
        raise InvalidGrantError("the person is suspended or deleted")
    token, scope = access_token(
        tenant,
        person,
        approval,
        form.get("resource", ""),
        form.get("organization_id", ""),
    )
    answer: Claims = {
        "access_token": token,
        "expires_in": int(tenant.lifetimes.access_token),
    }
    if "openid" in approval.scope:
        answer["id_token"] = _id_token(tenant, person, approval, token)
    if refresh_token is not None:
        answer["refresh_token"] = refresh_token
    return answer | {"scope": scope, "token_type": "Bearer"}


def _id_token(tenant: Tenant, person: Person, approval: Approval, token: str) -> str:
    """Return the signed ID token, after the hook has had its way with it."""
    now, key, behaviour = tenant.now(), tenant.keys.current, tenant.behaviour
    enabled = behaviour.id_token_extended_claims
    claims = id_token_claims(person, approval.scope, enabled, now, tenant.organizations)
    if approval.nonce is not None:
        claims["nonce"] = approval.nonce
    if approval.auth_time is not None:
        claims["auth_time"] = approval.auth_time
    client = tenant.clients[approval.grant.client_id]
    if client.backchannel_logout_session_required:
        claims["sid"] = approval.grant.sid
    # PyJWT writes ``typ`` by itself: None takes it out again.
    header: Header = {"typ": None, "kid": key.kid}
    if behaviour.version == "1.41":
        header["typ"] = "JWT"
        claims["at_hash"] = at_hash(token, key.algorithm)
    claims |= {
        "aud": approval.grant.client_id,
        "exp": int(now + tenant.lifetimes.id_token),
        "iat": int(now),
        "iss": tenant.issuer,
    }
    whole = None
    if behaviour.id_token_hook is not None:
        whole = behaviour.id_token_hook(claims, header)
    return key.sign(claims, header) if whole is None else whole


def _authenticated(tenant: Tenant, request: web.Request, form: Form) -> Client | None:
    """Return who asks, by basic or by post (RFC 6749 section 2.3.1), or None."""
    authorization = request.headers.get("Authorization")
    if authorization is None:
        app_id, secret = form.get("client_id", ""), form.get("client_secret", "")
    else:
        app_id, secret = _basic(authorization)
    client = tenant.clients.get(app_id)
    return client if client is not None and client.app_secret == secret else None


def _basic(authorization: str) -> tuple[str, str]:
    scheme, _, credentials = authorization.partition(" ")
    try:
        decoded = base64.b64decode(credentials, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        decoded = ""
    app_id, _, secret = decoded.partition(":")
    if scheme.lower() != "basic":
        return "", ""
    return unquote_plus(app_id), unquote_plus(secret)
