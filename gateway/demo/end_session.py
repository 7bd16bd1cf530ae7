"""Signing out of Logto (OpenID Connect RP-Initiated Logout 1.0)."""

import secrets
from urllib.parse import urlencode

import jwt
from aiohttp import web

from gateway.demo import html
from gateway.demo.calling_back import tell_applications
from gateway.demo.clients import Client
from gateway.demo.faults import parameters_of
from gateway.demo.tenant import TENANT, LogtoSession, Tenant, cookies_of


async def end_session(request: web.Request) -> web.Response:
    """Answer /oidc/session/end: a page whose form submits itself.

    ``post_logout_redirect_uri`` must be a registered one, to the letter, of the
    application that ``client_id`` or ``id_token_hint`` names.
    """
    tenant, parameters = request.app[TENANT], await parameters_of(request)
    where = parameters.get("post_logout_redirect_uri", "")
    hinted = _audience(parameters.get("id_token_hint", ""))
    client = tenant.clients.get(parameters.get("client_id", hinted))
    if where and not _is_registered(client, where):
        reason = "post_logout_redirect_uri not registered"
        return html.problem(400, "invalid_request", reason)
    if where and "state" in parameters:
        separator = "&" if "?" in where else "?"
        where += separator + urlencode({"state": parameters["state"]})
    ticket = secrets.token_urlsafe(16)
    tenant.logouts[ticket] = where or "/oidc/session/end/success"
    return html.page("sign_out", ticket=ticket)


async def confirm(request: web.Request) -> web.Response:
    """Answer the form: the Logto session ends, and the person goes on.

    Grants with ``offline_access`` live on: whoever holds their tokens may use them.
    """
    tenant, form = request.app[TENANT], await request.post()
    where = tenant.logouts.pop(str(form.get("ticket", "")), None)
    if where is None:
        return html.problem(400, "invalid_request", "could not find logout details")
    session = tenant.session_of(cookies_of(request))
    if session is not None:
        _end(tenant, session)
        await tell_applications(tenant, session)  # the person waits for that
    answer = web.Response(status=303, headers={"Location": where})
    expired = "_session=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax"
    answer.headers.add("Set-Cookie", expired)
    return answer


async def success(_request: web.Request) -> web.Response:
    """Answer /oidc/session/end/success, for who named no address to return to."""
    return html.page("signed_out")


def _end(tenant: Tenant, session: LogtoSession) -> None:
    for grant in session.grants.values():
        grant.alive = grant.alive and grant.offline
    del tenant.sessions[session.id]


def _is_registered(client: Client | None, where: str) -> bool:
    return client is not None and where in client.post_logout_redirect_uris


def _audience(id_token: str) -> str:
    """Return the application that a hint was issued to; an expired one will do."""
    try:
        claims = jwt.decode(id_token, options={"verify_signature": False})
    except jwt.PyJWTError:
        return ""
    return str(claims.get("aud", ""))
