"""Ends a connection so that nobody can take it for a proper end."""

import asyncio
import contextlib
import socket
import struct

_RESET = struct.pack("ii", 1, 0)  # SO_LINGER for no seconds: close with a reset


def break_off(transport: asyncio.WriteTransport) -> None:
    """Drop what is not sent yet, and let the other end see a reset.

    Where a close is the only end of a body (HTTP/1.0), a plain one would make what was
    cut look whole.
    """
    sock = transport.get_extra_info("socket")
    if sock is not None:
        with contextlib.suppress(OSError):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    transport.abort()
