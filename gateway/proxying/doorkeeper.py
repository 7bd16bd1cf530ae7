"""Who is told of connections as they come and go, and may refuse one."""

import asyncio
import socket
from typing import Protocol

from gateway.fields import Fields


class Guest(Protocol):
    """A connection of a client."""

    @property
    def is_idle(self) -> bool:
        """Whether no request is being served on it."""
        ...

    def abort(self) -> None:
        """Break it off."""


class Doorkeeper(Protocol):
    """Is told; a *peer* is an address, None for a Unix socket."""

    def opened(self, connection: Guest, peer: str | None) -> bool:
        """Return whether *connection* may stay."""
        ...

    def introduced(self, connection: Guest, peer: str | None, fields: Fields) -> None:
        """Take note of the first request on *connection*."""

    def limited(self, limit: str, peer: str | None) -> None:
        """Take note that *peer* met the *limit*."""

    def closed(self, connection: Guest) -> None:
        """Take note that *connection* is over."""


class OpenDoor:
    """Lets everybody in."""

    def opened(self, _connection: Guest, _peer: str | None) -> bool:
        """Return True."""
        return True

    def introduced(
        self, _connection: Guest, _peer: str | None, _fields: Fields
    ) -> None:
        """Do nothing."""

    def limited(self, _limit: str, _peer: str | None) -> None:
        """Do nothing."""

    def closed(self, _connection: Guest) -> None:
        """Do nothing."""


def peer_of(transport: asyncio.BaseTransport) -> str | None:
    """Return the address at the other end; None for a Unix socket."""
    name = transport.get_extra_info("peername")
    return str(name[0]) or None if isinstance(name, tuple) else None


def has_left(transport: asyncio.BaseTransport, peer: str | None) -> bool:
    """Tell whether a client is gone before anybody learnt its address, the *peer*.

    uvloop asks for that late.  Such a client must not pass for a Unix socket's, which
    may be a trusted proxy: what it has sent could still be read.
    """
    if peer is not None:
        return False
    sock: socket.socket | None = transport.get_extra_info("socket")
    return sock is None or sock.family != socket.AF_UNIX
