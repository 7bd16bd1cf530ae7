"""What one client may ask of us: sign-ins in a minute, requests at a time."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network

import structlog

from config.settings import Settings
from gateway.authentication.allowance import MOST_CLIENTS, Allowance, one_client
from gateway.limited_forwarding import (
    Forwards,
    LimitedForwarder,
    RequestCounts,
    Upgrade,
)
from gateway.operations.limits.admission import Admission, Connection
from gateway.operations.limits.limited_log import LimitedLog
from gateway.operations.limits.open_files import raise_limit, room_for_clients
from gateway.operations.limits.shares import Shares
from gateway.operations.limits.unlisted_proxies import UnlistedProxies
from gateway.operations.metrics import Metrics
from gateway.pages.page import Page, TooManySignIns
from gateway.proxying.client import ClientLimits
from gateway.routing.client_address import UNKNOWN, ClientAddress, client_address
from gateway.visit import Visit

SIGN_INS = frozenset(
    {
        *("sign-in", "sign-up", "sign-in-again", "callback"),
        *("switch-account", "organization"),
    }
)
MINUTE = 60.0
log = structlog.get_logger("gateway.limits")


@dataclass(frozen=True, slots=True)
class Clients:
    """Who counts as one client, and who stands for many; *monotonic* is in seconds."""

    trusted: Sequence[IPv4Network | IPv6Network]
    unlisted: UnlistedProxies
    monotonic: Callable[[], float]
    _behind: dict[str, str | None] = field(default_factory=dict)  # a trusted proxy

    def key(self, client: ClientAddress) -> str | None:
        """Return what *client* is counted by; None where it stands for many.

        It does where nobody can tell: on a Unix socket that is not trusted, or where a
        trusted proxy does not say whom it speaks for.
        """
        address = client.address
        if address == UNKNOWN:
            return None
        if client.trusted:
            if address not in self._behind:
                if len(self._behind) >= MOST_CLIENTS:
                    self._behind.clear()
                here = client_address(address, (), self.trusted, trust_unix=False)
                self._behind[address] = None if here.trusted else one_client(address)
            return self._behind[address]
        unlisted = self.unlisted
        if unlisted.peers and unlisted.know(address, self.monotonic()):
            return None
        return one_client(address)


@dataclass(frozen=True, slots=True)
class SignInLimit:
    """Ways to Logto and back, so many *a_minute* for each client."""

    a_minute: int
    allowance: Allowance
    clients: Clients
    told: LimitedLog

    @classmethod
    def of(cls, a_minute: int, clients: Clients, told: LimitedLog) -> "SignInLimit":
        """Return one that allows as many at once as in a minute."""
        return cls(a_minute, Allowance(a_minute / MINUTE, a_minute), clients, told)

    def refuse(self, name: str, visit: Visit) -> Page | None:
        """Return the page that refuses *visit* to the own address *name*; None: go on.

        Raises nothing; other addresses are not limited.
        """
        if name not in SIGN_INS:
            return None
        client = visit.received.client
        key = self.clients.key(client)
        if key is None or self.allowance.take(key, self.clients.monotonic()):
            return None
        self.told.tell("sign_ins_per_minute", client.address)
        return TooManySignIns(math.ceil(MINUTE / self.a_minute))


@dataclass(frozen=True, slots=True)
class Limiting:
    """All that limits clients, by the settings ``[limits]``."""

    settings: Settings
    clients: Clients
    told: LimitedLog
    admission: Admission
    sign_ins: SignInLimit

    @classmethod
    def of(
        cls, settings: Settings, metrics: Metrics, monotonic: Callable[[], float]
    ) -> "Limiting":
        """Return what *settings* say; *monotonic* is in seconds."""
        limits, trusted = settings.limits, settings.server.trusted_proxies
        told, unlisted = LimitedLog(metrics, monotonic), UnlistedProxies()
        clients = Clients(trusted, unlisted, monotonic)
        connections: Shares[Connection] = Shares(
            _connections(settings), limits.connections_per_client
        )
        return cls(
            settings,
            clients,
            told,
            Admission(connections, unlisted, trusted, one_client, told, monotonic),
            SignInLimit.of(limits.sign_ins_per_minute, clients, told),
        )

    def of_connections(self) -> ClientLimits:
        """Return what a client may take on one connection."""
        server, limits = self.settings.server, self.settings.limits
        return ClientLimits(
            head_size=server.max_header_size,
            head_count=server.max_header_count,
            path_length=limits.path_length,
            head_timeout=limits.head_timeout,
            body_timeout=limits.body_timeout,
            send_timeout=limits.send_timeout,
            keep_alive=server.keep_alive,
        )

    def forwarder(self, forwarder: Forwards) -> LimitedForwarder:
        """Return *forwarder*, within the limits of requests and WebSockets.

        One client never gets more than half of the connections to an upstream.
        """
        limits, server = self.settings.limits, self.settings.server
        shares: Shares[Upgrade] = Shares(limits.upgrades, limits.upgrades_per_client)
        most = min(limits.requests_per_client, server.upstream_connections // 2)
        return LimitedForwarder(
            forwarder, shares, RequestCounts(max(1, most)), self.clients.key, self.told
        )


def _connections(settings: Settings) -> int:
    """Return how many connections of clients there may be, and can be."""
    wanted, open_files = settings.limits.connections, raise_limit()
    upstreams = len({route.upstream for route in settings.routes})
    room = room_for_clients(
        open_files, upstreams * settings.server.upstream_connections
    )
    if room < wanted:
        log.warning(
            "few_open_files",
            open_files=open_files,
            connections=room,
            hint=f"The process may open too few files for limits.connections = "
            f"{wanted}; raise the hard limit (ulimit -Hn, LimitNOFILE=).",
        )
    return min(room, wanted)
