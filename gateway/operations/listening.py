"""Binding the addresses of ``[server] listen``: a sentence for whatever fails."""

import asyncio
import errno
import socket
import ssl
import sys
from collections.abc import Callable
from pathlib import Path

from config.listen import Address, UnixAddress
from gateway.operations.start_failed import StartFailed, why_unusable
from gateway.operations.unix_socket import bind_unix

BACKLOG = 1024  # connections that wait to be accepted
HANDSHAKE = 10.0  # seconds for a TLS handshake, so that silence costs little
FAREWELL = 2.0  # seconds to wait for a client's TLS close_notify


def bind(address: Address, key: str) -> list[socket.socket]:
    """Return listening sockets for *address*: several where a name has several.

    *key* says in errors which setting it is.  A socket file that nobody listens on any
    more is replaced.  Raises StartFailed.
    """
    bound: list[socket.socket] = []
    try:
        if isinstance(address, UnixAddress):
            return [bind_unix(address.path, BACKLOG)]
        found = socket.getaddrinfo(
            address.host, address.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
        for family, _type, _protocol, _name, where in dict.fromkeys(found):
            bound.append(_bound(family, where))
    except OSError as error:
        for one in bound:
            one.close()
        raise StartFailed(
            f"cannot listen on {address} ({key}): {_why(error)}"
        ) from error
    return bound


def siblings(bound: socket.socket, count: int) -> list[socket.socket]:
    """Return *count* sockets to accept from what comes where *bound* listens.

    On Linux the kernel spreads connections over them evenly (SO_REUSEPORT), and *bound*
    is closed; it made sure that nobody else listens there.  Elsewhere, and for a Unix
    socket, they are all *bound* itself.  Raises StartFailed.
    """
    if bound.family == socket.AF_UNIX or sys.platform != "linux":
        return [bound] * count
    family, where = bound.family, bound.getsockname()
    bound.close()
    spread: list[socket.socket] = []
    try:
        while len(spread) < count:
            spread.append(_bound(family, where, shared=True))
    except OSError as error:
        for one in spread:
            one.close()
        raise StartFailed(f"cannot listen on {where[0]}: {_why(error)}") from error
    return spread


def _bound(family: int, where: object, *, shared: bool = False) -> socket.socket:
    one = socket.socket(family, socket.SOCK_STREAM)
    try:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if shared:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
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
    """Return a server for the *bound* socket; *factory* makes its connections.

    *tls* is for TCP: whoever connects to a Unix socket is on this machine.
    """
    loop = asyncio.get_running_loop()
    if bound.family == socket.AF_UNIX:
        return await loop.create_unix_server(factory, sock=bound, backlog=BACKLOG)
    if tls is None:
        return await loop.create_server(factory, sock=bound, backlog=BACKLOG)
    return await loop.create_server(
        factory,
        sock=bound,
        backlog=BACKLOG,
        ssl=tls,
        ssl_handshake_timeout=HANDSHAKE,
        ssl_shutdown_timeout=FAREWELL,
    )


def describe(bound: socket.socket) -> str:
    """Return where *bound* really listens, as ``host:port`` or ``unix:/path``."""
    name = bound.getsockname()
    if isinstance(name, str):
        return f"unix:{name}"
    host = f"[{name[0]}]" if ":" in name[0] else name[0]
    return f"{host}:{name[1]}"


def tls_context(certificate: str, key: str) -> ssl.SSLContext | None:
    """Return the context for ``tls_certificate`` and ``tls_key``; None without them.

    Raises StartFailed where the files cannot be read or do not belong together.
    """
    if not certificate:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    try:
        # An encrypted key must fail here: OpenSSL would ask on the terminal.
        context.load_cert_chain(certificate, key or None, password=lambda: "")
    except (OSError, ssl.SSLError) as error:
        raise StartFailed(
            f"cannot use tls_certificate {certificate} with tls_key {key}: "
            f"{_why_no_tls(certificate, key, error)}"
        ) from error
    return context


def _why_no_tls(certificate: str, key: str, error: OSError) -> str:
    """Return what is wrong; OpenSSL itself seldom says more than "PEM lib"."""
    try:
        chain = Path(certificate).read_text("latin-1")
        private = Path(key).read_text("latin-1") if key else chain
    except OSError as unreadable:
        return why_unusable(unreadable)
    if "BEGIN CERTIFICATE" not in chain:
        return "tls_certificate holds no certificate (PEM)"
    if "PRIVATE KEY" not in private:
        return "tls_key holds no private key (PEM)"
    if "ENCRYPTED" in private:
        return "the key is encrypted; write it without a pass phrase"
    if getattr(error, "reason", None) == "KEY_VALUES_MISMATCH":
        return "the key belongs to another certificate"
    return why_unusable(error)


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
        case errno.ENOENT:
            return "the folder does not exist"
        case _:
            return error.strerror or str(error)
