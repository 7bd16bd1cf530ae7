"""Putting together what answers other proxies."""

from config.settings import Settings
from gateway.assembly.parts import Common
from gateway.forward_auth import ForwardAuth
from gateway.gate import Gate
from gateway.identity.auth_request import AuthRequestHeaders
from gateway.identity.claimed_names import ClaimedNames
from gateway.pages.render import Renderer
from gateway.preflight import Preflights
from gateway.telling import Telling


def forward_auth_of(
    settings: Settings, gate: Gate, telling: Telling, pages: Renderer, common: Common
) -> ForwardAuth:
    """Return what answers proxies, as *settings* ask for; they pass by *gate*."""
    headers = AuthRequestHeaders(
        settings.identity, settings.logto.sign_in, telling.names
    )
    return ForwardAuth(
        publication=gate.publication,
        gate=gate,
        preflights=Preflights(gate.routes),
        renewal=common.renewal,
        telling=telling,
        headers=headers,
        claimed=ClaimedNames(telling.reserved, telling.names),
        pages=pages,
        strip_cookies=common.cookies.sessions.own.strip_own,
        longest=int(settings.limits.path_length),
        hosts=frozenset(
            route.host for route in settings.routes if route.upstream.is_elsewhere
        ),
    )
