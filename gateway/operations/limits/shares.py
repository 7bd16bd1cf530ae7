"""Who holds how much of something that runs out: connections, open WebSockets.

One client can use up its own share only.  What all may have together is taken from
whoever holds the most, so that nobody can lock out everyone: it takes as many clients
as there are places, and those who are in stay in.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

H = TypeVar("H")


class Refused(StrEnum):
    """Why there is no place: the client has its share, or all places are taken."""

    PER_CLIENT = "per_client"
    IN_ALL = "in_all"


@dataclass(frozen=True, slots=True)
class Admitted(Generic[H]):
    """There is a place; *shed* had to lose its own for it."""

    shed: H | None = None


class Shares(Generic[H]):
    """Places for *in_all* holders, *per_client* for those of one client.

    A client is a text; None is one whose share is not limited (a trusted proxy stands
    for many), and which loses no place to others.  Taking and leaving cost the same
    however many there are; finding who is to go looks at one client's holders.
    """

    __slots__ = ("_by_count", "_clients", "_holders", "_in_all", "_most", "_per_client")

    def __init__(self, in_all: int, per_client: int) -> None:
        self._in_all = in_all
        self._per_client = per_client
        self._holders: dict[H, str | None] = {}
        self._clients: dict[str, dict[H, None]] = {}  # in the order they came
        self._by_count: dict[int, dict[str, None]] = {}  # clients with so many
        self._most = 0

    def __len__(self) -> int:
        return len(self._holders)

    @property
    def clients(self) -> int:
        """How many clients are kept count of."""
        return len(self._clients)

    def take(
        self, client: str | None, holder: H, is_idle: Callable[[H], bool]
    ) -> Admitted[H] | Refused:
        """Take a place of *client* for *holder*, or say why there is none.

        Where all are taken, the client with the most loses one, unless *client* would
        then have as many: its first holder that *is_idle*, or its newest.
        """
        held = 0 if client is None else len(self._clients.get(client, ()))
        if client is not None and held >= self._per_client:
            return Refused.PER_CLIENT
        shed = None
        if len(self._holders) >= self._in_all:
            if held + 1 >= self._most:
                return Refused.IN_ALL
            shed = self._who_goes(is_idle)
            self.leave(shed)
        self._holders[holder] = client
        if client is not None:
            self._clients.setdefault(client, {})[holder] = None
            self._recount(client, held, held + 1)
        return Admitted(shed)

    def leave(self, holder: H) -> None:
        """Give the place of *holder* back; whoever has none is ignored."""
        if holder not in self._holders:
            return
        client = self._holders.pop(holder)
        if client is not None:
            self._let_go(client, holder)

    def exempt(self, holder: H) -> None:
        """Count *holder*, where it has a place, to no client any more."""
        client = self._holders.get(holder)
        if client is not None:
            self._holders[holder] = None
            self._let_go(client, holder)

    def _let_go(self, client: str, holder: H) -> None:
        holders = self._clients[client]
        del holders[holder]
        self._recount(client, len(holders) + 1, len(holders))
        if not holders:
            del self._clients[client]

    def _who_goes(self, is_idle: Callable[[H], bool]) -> H:
        heaviest = next(iter(self._by_count[self._most]))
        holders = self._clients[heaviest]
        return next(filter(is_idle, holders), next(reversed(holders)))

    def _recount(self, client: str, before: int, after: int) -> None:
        """Move *client* to those with *after* holders; counts change by one."""
        if before:
            equals = self._by_count[before]
            del equals[client]
            if not equals:
                del self._by_count[before]
        if after:
            self._by_count.setdefault(after, {})[client] = None
        if after > self._most or self._most not in self._by_count:
            self._most = after
