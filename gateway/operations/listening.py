"""Binding the addresses of ``[server] listen``: a sentence for whatever fails."""

import asyncio
import contextlib
import errno
import socket
import ssl
from collections.abc import Callable
from pathlib import Path

from config.listen import Address, UnixAddress

BACKLOG = 1024  # connections that wait to be accepted


class ListenFailed(Exception):  # noqa: N818 - says what is the case
    """An address cannot be listened on; the message says why and what to do."""


def bind(address: Address) -> list[socket.socket]:
    """Return sockets bound to *address*: several where a name has several addresses.

    A socket file that nobody listens on any more is replaced.  Raises ListenFailed.
    """
    bound: list[socket.socket] = []
    try:
        if isinstance(address, UnixAddress):
            _remove_stale(Path(address.path))
            return [_bound(socket.AF_UNIX, address.path)]
        found = socket.getaddrinfo(
            address.host, address.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
        for family, _type, _protocol, _name, where in dict.fromkeys(found):
            bound.append(_bound(family, where))
    except OSError as error:
        for one in bound:
            one.close()
        raise ListenFailed(f"cannot listen on {address}: {_why(error)}") from error
    return bound


def _bound(family: int, where: object) -> socket.socket:
    one = socket.socket(family, socket.SOCK_STREAM)
    try:
        if family != socket.AF_UNIX:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        one.bind(where)  # type: ignore[arg-type] # whatever getaddrinfo returned
        one.listen(BACKLOG)
    except OSError:
        one.close()
        raise
    return one


async def accept(
    bound: socket.socket,
    factory: Callable[[], asyncio.Protocol],
    tls: ssl.SSLContext | None,
) -> asyncio.Server:
    """Return a server for the *bound* socket; *factory* makes its connections."""
    loop = asyncio.get_running_loop()
    if bound.family == socket.AF_UNIX:
        return await loop.create_unix_server(
            factory, sock=bound, ssl=tls, backlog=BACKLOG
        )
    return await loop.create_server(factory, sock=bound, ssl=tls, backlog=BACKLOG)


def describe(bound: socket.socket) -> str:
    """Return where *bound* really listens, as ``host:port`` or ``unix:/path``."""
    name = bound.getsockname()
    if isinstance(name, str):
        return f"unix:{name}"
    host = f"[{name[0]}]" if ":" in name[0] else name[0]
    return f"{host}:{name[1]}"


def tls_context(certificate: str, key: str) -> ssl.SSLContext | None:
    """Return the context for ``tls_certificate`` and ``tls_key``; None without them.

    Raises ListenFailed where the files cannot be read or do not belong together.
    """
    if not certificate:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    try:
        context.load_cert_chain(certificate, key or None)
    except (OSError, ssl.SSLError) as error:
        raise ListenFailed(
            f"cannot use tls_certificate {certificate} with tls_key {key}: {error}"
        ) from error
    return context


def _remove_stale(path: Path) -> None:
    """Remove the socket file at *path* when nobody listens on it any more."""
    if not path.is_socket():
        return
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            with contextlib.suppress(FileNotFoundError):
                path.unlink()
            return
    raise OSError(errno.EADDRINUSE, "a process listens there")


def _why(error: OSError) -> str:
    if isinstance(error, socket.gaierror):
        return "the host has no address here"
    match error.errno:
        case errno.EADDRINUSE:
            return (
                "the address is in use. Another gateway or another program listens "
                "there; stop it, or choose another address"
            )
        case errno.EACCES | errno.EPERM:
            return (
                "permission denied. Ports below 1024 and foreign folders need more "
                "rights; choose a port from 1024 up"
            )
        case errno.EADDRNOTAVAIL:
            return "this machine has no such address"
        case _:
            return error.strerror or str(error)
