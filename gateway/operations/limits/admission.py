"""Which connections of clients there is a place for."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network
from typing import Protocol

import structlog

from gateway.fields import Fields
from gateway.operations.freed_memory import FreedMemory
from gateway.operations.limits.limited_log import LimitedLog
from gateway.operations.limits.shares import Refused, Shares
from gateway.operations.limits.unlisted_proxies import UnlistedProxies
from gateway.routing.client_address import client_address

log = structlog.get_logger("gateway.limits")


class Connection(Protocol):
    """A connection of a client."""

    @property
    def is_idle(self) -> bool:
        """Whether no request is being served on it."""
        ...

    def abort(self) -> None:
        """Break it off."""


@dataclass(frozen=True, slots=True)
class Admission:
    """Says so once for each connection, and knows when it is over.

    The connections of a trusted proxy stand for many clients, as do those of a peer
    that looks like one.  *one_client* returns what all addresses of a client share;
    *monotonic* is in seconds.
    """

    shares: Shares[Connection]
    unlisted: UnlistedProxies
    trusted: Sequence[IPv4Network | IPv6Network]
    one_client: Callable[[str], str]
    told: LimitedLog
    monotonic: Callable[[], float]
    memory: FreedMemory = field(default_factory=FreedMemory)

    def opened(self, connection: Connection, peer: str | None) -> bool:
        """Return whether *connection* from *peer* (None: a Unix socket) may stay."""
        address, client = "unix", None
        if peer is not None:
            found = client_address(peer, (), self.trusted, trust_unix=False)
            address = found.address
            if not found.trusted and not self.unlisted.know(address, self.monotonic()):
                client = self.one_client(address)
        admitted = self.shares.take(client, connection, _is_idle)
        match admitted:
            case Refused.PER_CLIENT:
                self.told.tell("connections_per_client", address)
                return False
            case Refused.IN_ALL:
                self.told.tell("connections", address)
                return False
            case _:
                if admitted.shed is not None:
                    self.told.tell("connections", address)
                    admitted.shed.abort()
                self.memory.now(len(self.shares))
                return True

    def introduced(
        self, connection: Connection, peer: str | None, fields: Fields
    ) -> None:
        """Take note of the *fields* of the first request on a *connection*."""
        if peer is None:
            return
        found = client_address(peer, (), self.trusted, trust_unix=False)
        if found.trusted:
            return
        now = self.monotonic()
        network = self.unlisted.meet(found.address, fields, now)
        if network is not None:
            log.warning(
                "unlisted_proxy",
                peer=found.address,
                network=network,
                hint="It sends X-Forwarded-For, which does not count. If it is a proxy "
                f'of yours, list "{network}" in server.trusted_proxies; until then '
                "the limits per client do not apply to it.",
            )
        if self.unlisted.know(found.address, now):
            self.shares.exempt(connection)

    def limited(self, limit: str, peer: str | None) -> None:
        """Take note that *peer* met the *limit*."""
        self.told.tell(limit, peer or "unix")

    def closed(self, connection: Connection) -> None:
        """Take note that *connection* is over."""
        self.shares.leave(connection)
        self.memory.now(len(self.shares))


def _is_idle(connection: Connection) -> bool:
    return connection.is_idle
