"""Forwards as long as there is a place: so many requests and WebSockets at a time."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Protocol

from gateway.operations.limits.limited_log import LimitedLog
from gateway.operations.limits.shares import Refused, Shares
from gateway.pages.page import Page, TooManyRequests, TooManyUpgrades
from gateway.policy.access import Permit
from gateway.proxying.client import ClientRequest
from gateway.proxying.forward import Stamp
from gateway.proxying.relayed import Relayed
from gateway.routing.client_address import ClientAddress

TRY_AGAIN = 10  # seconds after which a WebSocket may be free
SOON = 1  # seconds after which a request may be over


class Forwards(Protocol):
    """Forwards what is permitted."""

    def forward(
        self, request: ClientRequest, permit: Permit, stamp: Stamp
    ) -> Awaitable[Relayed]:
        """Return the relayed answer.  Raises UpstreamFailure."""
        ...


@dataclass(frozen=True, slots=True)
class RequestCounts:
    """How many requests of each client are with an upstream, *most* for one."""

    most: int
    _counts: dict[str, int] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self._counts)

    def enter(self, client: str) -> bool:
        """Count one more of *client*'s.  Return whether it may have one."""
        count = self._counts.get(client, 0)
        if count >= self.most:
            return False
        self._counts[client] = count + 1
        return True

    def leave(self, client: str) -> None:
        """Take note that one of *client*'s is over."""
        count = self._counts[client] - 1
        if count:
            self._counts[client] = count
        else:
            del self._counts[client]


@dataclass(frozen=True, slots=True, eq=False)
class Upgrade:
    """A WebSocket that has its place."""

    request: ClientRequest

    def cut(self) -> None:
        """End it, since somebody else needs the place more."""
        self.request.record.ended = "limited"
        self.request.connection.abort()


@dataclass(frozen=True, slots=True)
class LimitedForwarder:
    """Forwards by *forwarder*, as long as there is a place for one more.

    *key* returns what a client is counted by, None where it stands for many.
    """

    forwarder: Forwards
    shares: Shares[Upgrade]
    requests: RequestCounts
    key: Callable[[ClientAddress], str | None]
    told: LimitedLog

    async def forward(
        self, request: ClientRequest, permit: Permit, stamp: Stamp
    ) -> Relayed | Page:
        """Return the relayed answer, or the page that refuses the request.

        Raises UpstreamFailure.
        """
        key = self.key(stamp.client)
        if request.head.wants_upgrade:
            return await self._upgrade(key, request, permit, stamp)
        if key is None:
            return await self.forwarder.forward(request, permit, stamp)
        if not self.requests.enter(key):
            self.told.tell("requests_per_client", stamp.client.address)
            return TooManyRequests(SOON)
        try:
            return await self.forwarder.forward(request, permit, stamp)
        finally:
            self.requests.leave(key)

    async def _upgrade(
        self, key: str | None, request: ClientRequest, permit: Permit, stamp: Stamp
    ) -> Relayed | Page:
        upgrade, client = Upgrade(request), stamp.client
        admitted = self.shares.take(key, upgrade, _is_idle)
        match admitted:
            case Refused.PER_CLIENT:
                self.told.tell("upgrades_per_client", client.address)
                return TooManyUpgrades(TRY_AGAIN)
            case Refused.IN_ALL:
                self.told.tell("upgrades", client.address)
                return TooManyUpgrades(TRY_AGAIN)
            case _:
                if admitted.shed is not None:
                    self.told.tell("upgrades", client.address)
                    admitted.shed.cut()
        try:
            return await self.forwarder.forward(request, permit, stamp)
        finally:
            self.shares.leave(upgrade)


def _is_idle(_upgrade: Upgrade) -> bool:
    return False  # nobody can tell: the newest goes
