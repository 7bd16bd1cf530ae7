"""The authorization endpoint and the way back (OpenID Connect Core section 3.1.2)."""

import secrets
from collections.abc import Mapping
from urllib.parse import urlencode

from aiohttp import web
from multidict import MultiMapping

from gateway.demo import html
from gateway.demo.clients import Client
from gateway.demo.faults import parameters_of
from gateway.demo.grants import Approval, CodeBinding
from gateway.demo.metadata import SCOPES
from gateway.demo.sign_in import first_page
from gateway.demo.tenant import (
    TENANT,
    Interaction,
    LogtoSession,
    Tenant,
    cookies_of,
    interaction_cookie,
)

Back = Mapping[str, str]

NO_PKCE = "Authorization Server policy requires PKCE to be used for this request"
ORGANIZATION_RESOURCE = "urn:logto:resource:organizations"
LOGIN_REQUIRED: Back = {
    "error": "login_required",
    "error_description": "End-User authentication is required",
}


async def authorize(request: web.Request) -> web.Response:
    """Answer /oidc/auth: an error page, a silent way back, or a sign-in page."""
    tenant = request.app[TENANT]
    parameters = await parameters_of(request)
    client = tenant.clients.get(parameters.get("client_id", ""))
    if client is None:
        return html.problem(400, "invalid_client", "client is invalid")
    if parameters.get("redirect_uri") not in client.redirect_uris:
        reason = "redirect_uri did not match any of the client's registered ones"
        return html.problem(400, "invalid_redirect_uri", reason)
    error = _refusal(parameters, tenant)
    if error is not None:
        return _back(tenant, parameters, error)
    session = tenant.session_of(cookies_of(request))
    interaction = Interaction(secrets.token_urlsafe(16), client, parameters)
    return _start(tenant, interaction, session)


async def resume(request: web.Request) -> web.Response:
    """Answer /oidc/auth/<uid>, where the pages of a sign-in lead back to."""
    tenant, cookies = request.app[TENANT], cookies_of(request)
    interaction = tenant.interactions.get(request.match_info["uid"])
    if interaction is None or cookies.get("_interaction_resume") != interaction.uid:
        return html.problem(400, "invalid_request", "authorization request has expired")
    session = tenant.session_of(cookies)
    if interaction.signed_in is not None:
        session = tenant.sign_in(interaction.signed_in, session)
        interaction.signed_in, interaction.settled = None, True
    if session is None or not interaction.settled:
        return _see_other(first_page(tenant, interaction))
    if not interaction.consented:
        query = _query(interaction)
        return _with_session(tenant, _see_other(f"/consent?{query}"), session)
    del tenant.interactions[interaction.uid]
    answer = _back(tenant, interaction.parameters, _code(tenant, interaction, session))
    return _with_session(tenant, answer, session)


async def consent(request: web.Request) -> web.Response:
    """Answer /consent: Logto's own applications have it without a question."""
    tenant = request.app[TENANT]
    interaction = tenant.interactions.get(request.query.get("interaction", ""))
    if interaction is None:
        return html.problem(400, "session.not_found", "Session not found")
    interaction.consented = True
    raise web.HTTPFound(f"/oidc/auth/{interaction.uid}")


def _start(
    tenant: Tenant, interaction: Interaction, session: LogtoSession | None
) -> web.Response:
    """Begin *interaction*: answer with where the person must go first."""
    parameters = interaction.parameters
    prompt = parameters.get("prompt", "").split()
    if session is not None and not _must_sign_in(tenant, parameters, session):
        interaction.settled = True
        if "consent" not in prompt and interaction.client.app_id in session.grants:
            return _back(tenant, parameters, _code(tenant, interaction, session))
        where = f"/consent?{_query(interaction)}"
    elif "none" in prompt:
        return _back(tenant, parameters, LOGIN_REQUIRED)
    else:
        where = first_page(tenant, interaction)
    tenant.interactions[interaction.uid] = interaction
    answer = _see_other(where)
    answer.headers.add("Set-Cookie", interaction_cookie(interaction))
    resumed = (
        f"_interaction_resume={interaction.uid}; Path=/oidc/auth/{interaction.uid}"
    )
    answer.headers.add("Set-Cookie", f"{resumed}; Max-Age=3600; HttpOnly; SameSite=Lax")
    return answer


def _must_sign_in(
    tenant: Tenant, parameters: MultiMapping[str], session: LogtoSession
) -> bool:
    """Whether a live session is not enough: ``prompt=login``, or ``max_age`` passed."""
    if tenant.behaviour.never_asks_again:
        return False
    if "login" in parameters.get("prompt", "").split():
        return True
    max_age = parameters.get("max_age", "")
    if not max_age.isdecimal():
        return False
    return tenant.now() - session.signed_in_at >= int(max_age)


def _refusal(parameters: MultiMapping[str], tenant: Tenant) -> Back | None:
    """Return the error that an application gets for a bad request, if it is one."""
    if not {ORGANIZATION_RESOURCE, *tenant.resources} >= _resources(parameters):
        description = "resource indicator is missing, or unknown"
        return {"error": "invalid_target", "error_description": description}
    if parameters.get("response_type") != "code":
        description = "unsupported response_type requested"
        return {"error": "unsupported_response_type", "error_description": description}
    method = parameters.get("code_challenge_method")
    if not parameters.get("code_challenge") or method != "S256":
        return {"error": "invalid_request", "error_description": NO_PKCE}
    return None


def _code(tenant: Tenant, interaction: Interaction, session: LogtoSession) -> Back:
    """Issue the code of an authorization that was given."""
    parameters, client = interaction.parameters, interaction.client
    grant = tenant.grant_of(session, client)
    max_age = "max_age" in parameters
    approval = Approval(
        grant=grant,
        scope=_granted_scope(parameters, client),
        nonce=parameters.get("nonce"),
        auth_time=int(session.signed_in_at) if max_age else None,
        permissions=_permissions(parameters),
        resources=tuple(_resources(parameters)),
    )
    grant.offline |= "offline_access" in approval.scope
    binding = CodeBinding(
        client_id=client.app_id,
        redirect_uri=parameters["redirect_uri"],
        challenge=parameters["code_challenge"],
    )
    return {"code": tenant.grants.issue_code(approval, binding)}


def _granted_scope(parameters: MultiMapping[str], client: Client) -> tuple[str, ...]:
    """Return the known scopes; ``offline_access`` needs the consent prompt."""
    asked = dict.fromkeys(parameters.get("scope", "").split())
    prompted = "consent" in parameters.get("prompt", "").split()
    if not (prompted or client.always_issue_refresh_token):
        asked.pop("offline_access", None)
    return tuple(scope for scope in asked if scope in SCOPES)


def _permissions(parameters: MultiMapping[str]) -> tuple[str, ...]:
    """Return the scopes that are not Logto's own: of resources, and organizations."""
    asked = dict.fromkeys(parameters.get("scope", "").split())
    return tuple(scope for scope in asked if scope not in SCOPES)


def _resources(parameters: MultiMapping[str]) -> set[str]:
    return set(parameters.getall("resource", []))


def _back(tenant: Tenant, parameters: MultiMapping[str], result: Back) -> web.Response:
    """Send the person back to the application with *result*, state and ``iss``."""
    answer = dict(result)
    if "state" in parameters:
        answer["state"] = parameters["state"]
    answer["iss"] = tenant.issuer  # RFC 9207
    if tenant.behaviour.callback_hook is not None:
        tenant.behaviour.callback_hook(answer)
    callback = parameters["redirect_uri"]
    separator = "&" if "?" in callback else "?"
    return _see_other(f"{callback}{separator}{urlencode(answer)}")


def _with_session(
    tenant: Tenant, answer: web.Response, session: LogtoSession
) -> web.Response:
    cookie = f"_session={session.id}; Path=/; Max-Age={int(tenant.lifetimes.session)}"
    answer.headers.add("Set-Cookie", f"{cookie}; HttpOnly; SameSite=Lax")
    return answer


def _query(interaction: Interaction) -> str:
    app_id = interaction.client.app_id
    return urlencode({"app_id": app_id, "interaction": interaction.uid})


def _see_other(where: str) -> web.Response:
    headers = {"Location": where, "Cache-Control": "no-store"}
    return web.Response(status=303, headers=headers)
