"""What the emulated Logto tells others: logout tokens and webhooks."""

import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from urllib.parse import urlencode

import aiohttp

from gateway.demo.clients import Client
from gateway.demo.signing_keys import Claims, Header
from gateway.demo.tenant import LogtoSession, Posted, Tenant

PATIENCE = 2.5
"""Seconds that the person waits for an application to answer."""
_EVENT = "http://schemas.openid.net/event/backchannel-logout"
_FORM = "application/x-www-form-urlencoded"


async def tell_applications(tenant: Tenant, session: LogtoSession) -> None:
    """Post a logout token to each application of *session* that wants one."""
    for app_id in session.grants:
        client = tenant.clients[app_id]
        if client.backchannel_logout_uri:
            sid = session.sid if client.backchannel_logout_session_required else None
            token = logout_token(tenant, client, session.sub, sid)
            await post_logout_token(tenant, client.backchannel_logout_uri, token)


def logout_token(
    tenant: Tenant, client: Client, subject: str, sid: str | None = None
) -> str:
    """Return a logout token as Logto signs it, after the hook has had its way."""
    key = tenant.keys.current
    claims: Claims = {
        "sub": subject,
        "events": {_EVENT: {}},
        "jti": secrets.token_urlsafe(16),
        "aud": client.app_id,
        "iat": int(tenant.now()),
        "iss": tenant.issuer,
    }
    if sid is not None:
        claims["sid"] = sid
    header: Header = {"typ": "logout+jwt", "kid": key.kid}
    whole = None
    if tenant.behaviour.logout_token_hook is not None:
        whole = tenant.behaviour.logout_token_hook(claims, header)
    return key.sign(claims, header) if whole is None else whole


async def post_logout_token(tenant: Tenant, url: str, token: str) -> Posted:
    """Post *token* to *url*, once, and write down what came of it."""
    body = urlencode({"logout_token": token}).encode()
    return await _post(tenant, url, body, {"Content-Type": _FORM})


async def post_webhook(
    tenant: Tenant, url: str, signing_key: str, payload: Mapping[str, object]
) -> Posted:
    """Post *payload* to *url*, signed as Logto signs webhooks."""
    body = json.dumps(payload).encode()
    signature = hmac.new(signing_key.encode(), body, hashlib.sha256).hexdigest()
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "Logto (https://logto.io/)",
        "logto-signature-sha-256": signature,
    }
    return await _post(tenant, url, body, headers)


async def _post(
    tenant: Tenant, url: str, body: bytes, headers: Mapping[str, str]
) -> Posted:
    posted = Posted(url, body, 0, {})
    timeout = aiohttp.ClientTimeout(total=PATIENCE)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout) as http,
            http.post(url, data=body, headers=headers) as answer,
        ):
            posted = Posted(url, body, answer.status, dict(answer.headers))
    except (aiohttp.ClientError, TimeoutError):
        pass
    tenant.posted.append(posted)
    return posted
