"""Which part gets which: everything that answers requests is put together here."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass

import aiohttp

from config.settings import Settings
from gateway.account import Accounts
from gateway.addresses import Addresses
from gateway.authentication.arrival import Arrival
from gateway.authentication.attempt_cookies import AttemptCookies
from gateway.authentication.callback import Callback
from gateway.authentication.logto_provider import LogtoProvider
from gateway.authentication.provider_http import open_session
from gateway.authentication.revalidation import Revalidation
from gateway.authentication.sign_in import SignIn
from gateway.authentication.sign_out import SignOut
from gateway.authentication.used_attempts import UsedAttempts
from gateway.handler import Handler
from gateway.limiting import Limiting
from gateway.operations import logs
from gateway.operations.metrics import Metrics
from gateway.operations.open_requests import OpenRequests
from gateway.operations.owned_tasks import OwnedTasks
from gateway.operations.random_ahead import RandomAhead
from gateway.operations.refused_log import RefusedLog
from gateway.operations.request_log import RequestLog
from gateway.pages.render import Renderer
from gateway.proxying.client import GatewayServer
from gateway.proxying.forward import Forwarder
from gateway.renewal import Renewal
from gateway.revocation import Revocation
from gateway.routing.received import Publication
from gateway.routing.table import RouteTable
from gateway.sessions.aiohttp_storage import SessionStorage
from gateway.sessions.codec import KeyRing
from gateway.sessions.cookie_store import CookieStore
from gateway.sessions.renewal import BackOff
from gateway.telling import Telling
from gateway.visit import host_of

Clock = Callable[[], float]


@dataclass(frozen=True, slots=True)
class Parts:
    """What start and stop have to do with."""

    server: GatewayServer
    forwarder: Forwarder
    provider: LogtoProvider
    tasks: OwnedTasks
    http: aiohttp.ClientSession
    metrics: Metrics
    open_requests: OpenRequests
    revocation: Revocation


@dataclass(frozen=True, slots=True)
class _Cookies:
    sessions: CookieStore
    attempts: AttemptCookies
    arrival: Arrival


@dataclass(frozen=True, slots=True)
class _Common:
    """What all steps of signing in and out share."""

    http: aiohttp.ClientSession
    provider: LogtoProvider
    cookies: _Cookies
    metrics: Metrics
    tasks: OwnedTasks
    revocation: Revocation
    renewal: Renewal
    now: Clock


def assemble(settings: Settings, *, now: Clock, monotonic: Clock) -> Parts:
    """Return the parts of a gateway for *settings*; *now* is in unix seconds.

    Must be called with a running event loop.  Raises StartFailed.
    """
    metrics, tasks, open_requests = Metrics(), OwnedTasks(), OpenRequests()
    revocation, telling = Revocation.of(settings, now), Telling.of(settings)
    http = open_session(settings.logto)
    provider = LogtoProvider(settings.logto, http, now=now)
    cookies = _cookies(settings, revocation)
    id_bytes = RandomAhead(secrets.token_bytes)
    forwarder = Forwarder(
        settings,
        is_reserved=telling.reserved,
        strip_cookies=cookies.sessions.own.strip_own,
        is_own_set_cookie=cookies.sessions.own.is_own_set_cookie,
        now=now,
        random_bytes=id_bytes,
        is_over=cookies.sessions.is_over,
    )
    revocation.revocations.watch(lambda _mark: forwarder.session_ended())
    revalidation = Revalidation(
        provider=provider,
        sessions=cookies.sessions,
        tasks=tasks,
        metrics=metrics,
        wanted_claims=telling.headers.wanted_claims,
        revalidate=settings.session.revalidate,
        timeout=settings.logto.timeout,
        now=now,
        logto=BackOff(secrets.token_hex(8)),
    )
    renewal = Renewal(cookies.sessions, revalidation, cookies.arrival)
    common = _Common(http, provider, cookies, metrics, tasks, revocation, renewal, now)
    limiting = Limiting.of(settings, metrics, monotonic)
    routes = RouteTable(settings.routes, settings.server.public_url.host)
    handler = Handler(
        publication=Publication(
            settings.server.public_url,
            settings.server.trusted_proxies,
            settings.server.trust_unix,
        ),
        routes=routes,
        addresses=_addresses(settings, routes, telling, common, limiting),
        renewal=common.renewal,
        telling=telling,
        forwarder=limiting.forwarder(forwarder),
        pages=Renderer(
            settings.logto.endpoint,
            str(settings.server.public_url),
            settings.logto.sign_in,
        ),
        request_log=RequestLog(metrics, open_requests, monotonic=monotonic, now=now),
        now=now,
        new_id=lambda: id_bytes(12).hex(),
        explain_denials=settings.server.explain_denials,
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
    _watch(parts)
    return parts


def _watch(parts: Parts) -> None:
    """Have the metrics show what the parts know of themselves."""
    metrics, requests, server = parts.metrics, parts.open_requests, parts.server
    metrics.watch(
        "gateway_open_requests",
        "Requests, streams and WebSockets that are being answered now.",
        lambda: requests.count,
    )
    metrics.watch(
        "gateway_open_connections",
        "Clients' connections, idle ones too.",
        lambda: len(server.connections),
    )
    metrics.watch(
        "gateway_owned_tasks",
        "Calls to Logto under way that no client can cancel.",
        lambda: parts.tasks.count,
    )
    metrics.count(
        "gateway_log_lines_lost",
        "Log lines that nobody took in time.",
        logs.lost_lines,
    )


def _cookies(settings: Settings, revocation: Revocation) -> _Cookies:
    session = settings.session
    keys = KeyRing(session.keys)
    secure = settings.server.public_url.is_https
    random = secrets.token_bytes
    return _Cookies(
        CookieStore(
            session,
            keys,
            secure=secure,
            random_bytes=random,
            revocations=revocation.revocations,
        ),
        AttemptCookies(session, keys, secure=secure, random_bytes=random),
        Arrival(session, keys, secure=secure, random_bytes=random),
    )


def _addresses(
    settings: Settings,
    routes: RouteTable,
    telling: Telling,
    common: _Common,
    limiting: Limiting,
) -> Addresses:
    cookies = common.cookies
    return Addresses(
        sign_in=SignIn(
            provider=common.provider,
            attempts=cookies.attempts,
            arrival=cookies.arrival,
            metrics=common.metrics,
            random_text=secrets.token_urlsafe,
        ),
        sign_in_limit=limiting.sign_ins,
        callback=Callback(
            provider=common.provider,
            attempts=cookies.attempts,
            used=UsedAttempts(),
            arrival=cookies.arrival,
            tasks=common.tasks,
            metrics=common.metrics,
            wanted_claims=telling.headers.wanted_claims,
            random_text=secrets.token_urlsafe,
            strict=settings.session.same_site == "strict",
            revocations=common.revocation.revocations,
        ),
        sign_out=SignOut(
            provider=common.provider,
            attempts=cookies.attempts,
            arrival=cookies.arrival,
            tasks=common.tasks,
            revalidation=common.renewal.revalidation,
            metrics=common.metrics,
        ),
        renewal=common.renewal,
        revoking=common.revocation.revoking,
        told_by_logto=common.revocation.told_by_logto(
            settings.logto, common.http, common.now
        ),
        storage=SessionStorage(cookies.sessions, host_of=host_of, now=common.now),
        arrival=cookies.arrival,
        accounts=Accounts(
            telling.headers, settings.session.idle_timeout, settings.session.max_age
        ),
        key_set=telling.key_set if telling.jwks else None,
        hosts=frozenset(host for host in routes.hosts if not host.startswith("*")),
    )
