"""Opens connections: TCP with happy eyeballs, TLS with verification, Unix sockets."""

import asyncio
import socket
import ssl
from collections.abc import Callable

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
        _, connection = await loop.create_connection(
            self._make,
            host,
            upstream.port,
            ssl=self._tls,
            server_hostname=host if self._tls is not None else None,
            happy_eyeballs_delay=_HAPPY_EYEBALLS,
        )
        if connection.transport is not None:
            sock = connection.transport.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        return connection


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
