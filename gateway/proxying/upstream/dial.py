"""Opens connections: TCP with happy eyeballs, TLS with verification, Unix sockets."""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Callable, Sequence
from typing import Any

from aiohappyeyeballs import AddrInfoType, start_connection

from config.upstream import Upstream
from gateway.proxying.failure import Broken, FailureKind
from gateway.proxying.upstream.connection import UpstreamConnection

_HAPPY_EYEBALLS = 0.25  # seconds before the next address is tried (RFC 8305 §5)


def tls_context(ca_file: str) -> ssl.SSLContext:
    """Return a context that verifies, by *ca_file* or ("") the system's authorities.

    Raises OSError or ssl.SSLError where the file cannot be used.
    """
    context = ssl.create_default_context(cafile=ca_file or None)
    context.set_alpn_protocols(["http/1.1"])
    return context


class Dialler:
    """Dials one upstream."""

    def __init__(
        self,
        upstream: Upstream,
        tls: ssl.SSLContext | None,
        make: Callable[[], UpstreamConnection],
    ) -> None:
        self._upstream = upstream
        self._tls = tls
        self._make = make

    async def dial(self, seconds: float) -> UpstreamConnection:
        """Return a new connection.  Raises Broken, after *seconds* at the latest."""
        try:
            async with asyncio.timeout(seconds):
                return await self._connect()
        except TimeoutError:
            detail = f"{self._upstream} accepted nothing in {seconds:g} s"
            raise Broken(FailureKind.CONNECT_TIMEOUT, detail) from None
        except (OSError, UnicodeError) as error:
            raise Broken(_kind(error), f"{self._upstream}: {error}") from error

    async def _connect(self) -> UpstreamConnection:
        loop = asyncio.get_running_loop()
        upstream = self._upstream
        if upstream.scheme == "unix":
            _, connection = await loop.create_unix_connection(
                self._make, upstream.socket_path
            )
            return connection
        host = upstream.host.strip("[]")
        found = _literal(host, upstream.port) or await loop.getaddrinfo(
            host, upstream.port, type=socket.SOCK_STREAM
        )
        if (only := _only(found)) is not None:
            return await self._open(host, host=only[0], port=only[1])
        # The loops' own race differs: uvloop's tries one address at a time.
        sock = await start_connection(
            found, happy_eyeballs_delay=_HAPPY_EYEBALLS, interleave=1, loop=loop
        )
        return await self._open(host, sock=sock)

    async def _open(self, name: str, **where: Any) -> UpstreamConnection:  # noqa: ANN401 (as the loop takes it)
        transport, connection = await asyncio.get_running_loop().create_connection(
            self._make,
            ssl=self._tls,
            server_hostname=None if self._tls is None else name,
            **where,
        )
        sock = transport.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection


def _literal(host: str, port: int) -> list[AddrInfoType]:
    """Return where *host* is if it is an address, which needs no look-up."""
    for family in (socket.AF_INET, socket.AF_INET6):
        with contextlib.suppress(OSError):
            socket.inet_pton(family, host)
            address = (host, port) if family == socket.AF_INET else (host, port, 0, 0)
            return [(family, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", address)]
    return []


def _only(found: Sequence[tuple[Any, ...]]) -> tuple[str, int] | None:
    """Return the address of *found* where it is the only one: that needs no race."""
    if len(found) > 1:
        return None
    host, port, *more = found[0][4]
    return None if any(more) else (str(host), int(port))  # an IPv6 one may have a scope


def _kind(error: Exception) -> FailureKind:
    match error:
        case ssl.SSLError() | ssl.CertificateError():
            return FailureKind.UNTRUSTED
        case socket.gaierror() | UnicodeError():
            return FailureKind.UNKNOWN_NAME
        case ConnectionRefusedError() | FileNotFoundError():
            return FailureKind.REFUSED
        case _:
            return FailureKind.UNREACHABLE
