"""Sockets that accept connections for one server, from binding to closing."""

import asyncio
import socket
import ssl
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from config.listen import Address
from gateway.operations.listening import accept, bind, describe, siblings
from gateway.operations.unix_socket import identity, remove


class Listeners:
    """The listeners of ``[server] listen`` or ``[admin] listen``.

    *sockets* are listened on instead of what is to be bound, where they are given.
    """

    def __init__(self, sockets: Sequence[socket.socket] = ()) -> None:
        self._sockets = list(sockets)
        self._servers: list[asyncio.Server] = []
        self._files: list[tuple[Path, int, int]] = []

    @property
    def addresses(self) -> tuple[str, ...]:
        """Where they listen, as ``host:port`` or ``unix:/path``."""
        return tuple(dict.fromkeys(map(describe, self._sockets)))

    def bind(self, addresses: Iterable[Address], key: str) -> None:
        """Bind *addresses*, which the setting *key* holds, unless sockets were given.

        Raises StartFailed; what was bound until then closes with :meth:`close`.
        """
        if self._sockets:
            return
        for address in addresses:
            for bound in bind(address, key):
                self._sockets.append(bound)
                file = identity(bound)
                if file is not None:
                    self._files.append(file)

    def spread(self, workers: int) -> list[list[socket.socket]]:
        """Return for each of so many *workers* what it is to accept from.

        Raises StartFailed.
        """
        spread: list[list[socket.socket]] = []
        while self._sockets:
            bound = self._sockets[0]
            spread.append(siblings(bound, workers))
            self._sockets.pop(0)
        self._sockets = list(dict.fromkeys(one for each in spread for one in each))
        return [list(each) for each in zip(*spread, strict=True)]

    async def accept(
        self, factory: Callable[[], asyncio.Protocol], tls: ssl.SSLContext | None = None
    ) -> None:
        """Accept connections from now on; *factory* makes the protocol of each."""
        for bound in self._sockets:
            self._servers.append(await accept(bound, factory, tls))

    def close(self) -> None:
        """Accept nothing more; connections that are open stay.  May be repeated."""
        for server in self._servers:
            server.close()
        for bound in self._sockets:
            bound.close()
        self._sockets.clear()
        self._servers.clear()
        self.remove_files()

    def remove_files(self) -> None:
        """Remove the files of our Unix sockets."""
        for file in self._files:
            remove(file)
        self._files.clear()
