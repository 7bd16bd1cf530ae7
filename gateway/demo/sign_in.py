"""Logto's own pages: straight to X, "Continue with X", and the way back from X."""

from urllib.parse import urlencode

from aiohttp import web

from gateway.demo import html
from gateway.demo.tenant import (
    TENANT,
    Interaction,
    Tenant,
    cookies_of,
    newest_interaction,
)

CONNECTOR = "x-universal"
REGISTER = ("register", "identifier:register")


def first_page(tenant: Tenant, interaction: Interaction) -> str:
    """Return where a sign-in begins: straight at X, or on Logto's own page.

    An unknown ``direct_sign_in`` target silently falls back to Logto's own page.
    """
    parameters, behaviour = interaction.parameters, tenant.behaviour
    method, _, target = parameters.get("direct_sign_in", "").partition(":")
    social = method == "social" and target in behaviour.social_targets
    sso = method == "sso" and target in behaviour.sso_connectors
    register = parameters.get("first_screen") in REGISTER
    sign_up = parameters.get("interaction_mode") == "signUp"
    if social or sso:
        path = f"/direct/{method}/{target}"
    elif register or sign_up:
        path = "/register"
    else:
        path = "/sign-in"
    client = interaction.client.app_id
    return f"{path}?{urlencode({'app_id': client, 'interaction': interaction.uid})}"


async def sign_in_page(request: web.Request) -> web.Response:
    """Answer /sign-in and /register: Logto's own page."""
    interaction = _interaction(request, request.query.get("interaction", ""))
    if interaction is None:
        return _unknown_session()
    return _own_page(interaction, registering=request.path == "/register")


async def direct(request: web.Request) -> web.Response:
    """Answer /direct/social/x: a page that goes on to X by itself."""
    interaction = _interaction(request, request.query.get("interaction", ""))
    if interaction is None:
        return _unknown_session()
    path = (
        "/x/authorize" if request.match_info["method"] == "social" else "/sso/authorize"
    )
    return html.page(
        "continue", where=f"{path}?{urlencode({'state': interaction.uid})}"
    )


async def provider_page(request: web.Request) -> web.Response:
    """Answer /x/authorize: the consent page of X, or of the company for SSO."""
    tenant = request.app[TENANT]
    return html.page(
        "consent",
        provider="X" if request.path.startswith("/x/") else "Company sign-in",
        people=list(tenant.people.values()),
        state=request.query.get("state", ""),
    )


async def provider_decision(request: web.Request) -> web.Response:
    """Answer the consent form: back to Logto with a code, or with the refusal."""
    tenant, form = request.app[TENANT], await request.post()
    state, person = str(form.get("state", "")), str(form.get("person", ""))
    if person in tenant.people:
        code = f"x-{len(tenant.x_codes)}-{tenant.people[person].key}"
        tenant.x_codes[code] = person
        query = {"state": state, "code": code}
    else:
        query = {"state": state, "error": "access_denied"}
    raise web.HTTPSeeOther(f"/callback/{CONNECTOR}?{urlencode(query)}")


async def connector_callback(request: web.Request) -> web.Response:
    """Answer /callback/<connector>, where X sends the person back to.

    Whoever cancelled, and the older of two tabs, stay on Logto's page: neither
    returns to the application.
    """
    tenant = request.app[TENANT]
    interaction = _interaction(request, request.query.get("state", ""))
    if interaction is None:
        return _unknown_session()
    newest = _newest(request, interaction)
    person = tenant.x_codes.pop(request.query.get("code", ""), None)
    if person is None or newest is not interaction:
        return _own_page(newest, registering=False)
    if person in tenant.suspended:
        return html.problem(401, "user.suspended", "This account is suspended.")
    interaction.signed_in = person
    return html.page("continue", where=f"/oidc/auth/{interaction.uid}")


def _interaction(request: web.Request, uid: str) -> Interaction | None:
    return request.app[TENANT].interactions.get(uid)


def _newest(request: web.Request, interaction: Interaction) -> Interaction:
    """Return the newest sign-in of this browser that is still open."""
    tenant = request.app[TENANT]
    if not tenant.behaviour.older_tab_fails:
        return interaction
    uid = newest_interaction(cookies_of(request), interaction.client)
    return tenant.interactions.get(uid or "", interaction)


def _own_page(interaction: Interaction, *, registering: bool) -> web.Response:
    return html.page(
        "sign_in",
        registering=registering,
        interaction=interaction.uid,
        app_id=interaction.client.app_id,
    )


def _unknown_session() -> web.Response:
    return html.problem(
        400, "session.not_found", "This sign-in is over or was never begun."
    )
