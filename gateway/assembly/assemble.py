"""One gateway, from its settings: each part is made once, here."""

import secrets
from functools import partial

from config.settings import Settings
from gateway.admission import Admission
from gateway.assembly.addresses import addresses_of
from gateway.assembly.cookies import cookies_of
from gateway.assembly.forward_auth import forward_auth_of
from gateway.assembly.parts import Clock, Common, Parts, watch
from gateway.assembly.programs import programs_of
from gateway.authentication.entitlements import Entitlements
from gateway.authentication.logto_provider import LogtoProvider
from gateway.authentication.provider_http import open_session
from gateway.authentication.revalidation import Revalidation
from gateway.authentication.sending_tokens import SendingTokens
from gateway.gate import Gate
from gateway.handler import Handler
from gateway.identity.needs import Needs
from gateway.limiting import Limiting
from gateway.operations.metrics import Metrics
from gateway.operations.open_requests import OpenRequests
from gateway.operations.owned_tasks import OwnedTasks
from gateway.operations.random_ahead import Ahead, request_ids
from gateway.operations.refused_log import RefusedLog
from gateway.operations.request_log import RequestLog
from gateway.operations.workers.company import Company
from gateway.pages.render import Renderer
from gateway.preflight import Preflights
from gateway.proxying.client import GatewayServer
from gateway.proxying.forward import Forwarder
from gateway.proxying.trace import new_traceparents
from gateway.renewal import Renewal
from gateway.revocation import Revocation
from gateway.routing.received import Publication
from gateway.routing.table import RouteTable
from gateway.sessions.renewal import BackOff
from gateway.telling import Telling


def assemble(
    settings: Settings,
    *,
    now: Clock,
    monotonic: Clock,
    company: Company | None = None,
) -> Parts:
    """Return the parts of a gateway for *settings*; *now* is in unix seconds.

    As one of several workers it has *company*.

    Must be called with a running event loop.  Raises StartFailed.
    """
    metrics, tasks, open_requests = Metrics(), OwnedTasks(), OpenRequests()
    revocation = Revocation.of(settings, now, company)
    telling = Telling.of(settings)
    http = open_session(settings.logto)
    provider = LogtoProvider(
        settings.logto, http, now=now, needs=Needs.of(settings, telling.headers)
    )
    cookies = cookies_of(settings, revocation, tasks, company)
    revalidation = Revalidation(
        provider=provider,
        sessions=cookies.sessions,
        sharing=revocation.sharing,
        tasks=tasks,
        metrics=metrics,
        entitlements=Entitlements(provider, provider.needs, SendingTokens.of(settings)),
        revalidate=settings.session.revalidate,
        timeout=settings.logto.timeout,
        now=now,
        logto=BackOff(secrets.token_hex(8)),
    )
    renewal = Renewal(cookies.sessions, revalidation, cookies.arrival)
    limiting = Limiting.of(settings, metrics, monotonic)
    common = Common(http, provider, cookies, metrics, tasks, revocation, renewal, now)
    programs = programs_of(settings, telling, common, limiting)
    admission = Admission(renewal, programs, provider.needs.chooses)
    forwarder = Forwarder(
        settings,
        is_reserved=telling.reserved,
        strip_cookies=cookies.sessions.own.strip_own,
        is_own_set_cookie=cookies.sessions.own.is_own_set_cookie,
        now=now,
        new_traceparent=Ahead(partial(new_traceparents, secrets.token_bytes)).next,
        attend=admission.attend,
    )
    revocation.cuts(forwarder.session_ended, forwarder.in_use)
    routes = RouteTable(settings.routes, settings.server.public_url.host)
    publication = Publication(
        settings.server.public_url,
        settings.server.trusted_proxies,
        settings.server.trust_unix,
    )
    gate = Gate(
        publication,
        routes,
        admission,
        common.renewal,
        settings.server.explain_denials,
    )
    pages = Renderer(
        settings.logto.endpoint,
        str(settings.server.public_url),
        settings.logto.sign_in,
    )
    handler = Handler(
        publication=publication,
        routes=routes,
        addresses=addresses_of(settings, routes, telling, common, limiting),
        gate=gate,
        preflights=Preflights(routes),
        forward_auth=forward_auth_of(settings, gate, telling, pages, common),
        renewal=common.renewal,
        telling=telling,
        forwarder=limiting.forwarder(forwarder),
        pages=pages,
        request_log=RequestLog(metrics, open_requests, monotonic=monotonic, now=now),
        now=now,
        new_id=Ahead(partial(request_ids, secrets.token_bytes)).next,
    )
    refused = RefusedLog(metrics, monotonic)
    server = GatewayServer(
        handler, limiting.of_connections(), refused.tell, limiting.admission
    )
    parts = Parts(
        server,
        forwarder,
        provider,
        tasks,
        http,
        metrics,
        open_requests,
        revocation,
    )
    watch(parts)
    return parts
