"""What start and stop have to do with, and what the metrics show of it."""

from collections.abc import Callable
from dataclasses import dataclass

import aiohttp

from gateway.assembly.cookies import Cookies
from gateway.authentication.logto_provider import LogtoProvider
from gateway.operations import logs
from gateway.operations.metrics import Metrics
from gateway.operations.open_requests import OpenRequests
from gateway.operations.owned_tasks import OwnedTasks
from gateway.proxying.client import GatewayServer
from gateway.proxying.forward import Forwarder
from gateway.renewal import Renewal
from gateway.revocation import Revocation

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
class Common:
    """What all steps of signing in and out share."""

    http: aiohttp.ClientSession
    provider: LogtoProvider
    cookies: Cookies
    metrics: Metrics
    tasks: OwnedTasks
    revocation: Revocation
    renewal: Renewal
    now: Clock


def watch(parts: Parts) -> None:
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
        "Calls to Logto and Redis under way that no client can cancel.",
        lambda: parts.tasks.count,
    )
    redis = parts.revocation.in_redis
    if redis is not None:
        metrics.watch(
            "gateway_redis_away",
            "1 while Redis cannot be asked, or takes no writes.",
            lambda: float(bool(redis.condition.trouble)),
        )
        metrics.count(
            "gateway_redis_failures",
            "What Redis could not be asked, or did not take.",
            lambda: redis.condition.failures,
        )
        metrics.watch(
            "gateway_sessions_known",
            "Sessions in Redis that need not be asked for at each request.",
            lambda: len(redis.known),
        )
    metrics.count(
        "gateway_log_lines_lost",
        "Log lines that nobody took in time.",
        logs.lost_lines,
    )
