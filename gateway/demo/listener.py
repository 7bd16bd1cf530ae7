"""A web application on loopback that can be stopped and started on the same port."""

import errno
import socket
from collections.abc import Callable, Iterator
from contextlib import suppress
from types import TracebackType
from typing import Self

from aiohttp import web

SHUTDOWN_SECONDS = 0.1
"""Streams and hanging answers are cut after this long."""


class Listener:
    """Serves what *make* builds; *host* "localhost" or "127.0.0.1" names it.

    As "localhost" it listens on ::1 too where the machine has it, so that no other
    program can answer there.
    """

    def __init__(
        self, make: Callable[[], web.Application], host: str, port: int
    ) -> None:
        self._make = make
        self.host = host
        self.port = port
        self._runner: web.AppRunner | None = None

    @property
    def origin(self) -> str:
        """The origin to open: "http://localhost:8082"."""
        return f"http://{self.host}:{self.port}"

    async def start(self) -> None:
        """Listen.  Raises OSError when the port is taken."""
        sockets = bind(self.host, self.port)
        self.port = sockets[0].getsockname()[1]
        runner = web.AppRunner(
            self._make(), access_log=None, shutdown_timeout=SHUTDOWN_SECONDS
        )
        await runner.setup()
        for bound in sockets:
            await web.SockSite(runner, bound).start()
        self._runner = runner

    async def stop(self) -> None:
        """Stop listening and cut what is open; starting again is possible."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        await self.stop()


def bind(host: str, port: int) -> list[socket.socket]:
    """Return listening sockets on loopback; *port* 0 takes any free one.

    Raises OSError when the port is taken.
    """
    first = _bound(socket.AF_INET, "127.0.0.1", port)
    sockets = [first]
    if host == "localhost":
        try:
            sockets.append(_bound(socket.AF_INET6, "::1", first.getsockname()[1]))
        except OSError as error:
            if error.errno == errno.EADDRINUSE and port:
                first.close()
                raise
    return sockets


def free_ports(first: int) -> Iterator[int]:
    """Yield the ports from *first* on that nobody listens on, on 127.0.0.1 and ::1."""
    for port in range(first, 65536):
        with suppress(OSError):
            for bound in bind("localhost", port):
                bound.close()
            yield port


def _bound(family: int, address: str, port: int) -> socket.socket:
    bound = socket.socket(family, socket.SOCK_STREAM)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((address, port))
        bound.listen()
    except OSError:
        bound.close()
        raise
    return bound
