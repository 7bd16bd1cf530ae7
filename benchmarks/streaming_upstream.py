"""The upstream of what nginx cannot answer: echo, events, and a sink for uploads.

Started as a process of its own: python -m benchmarks.streaming_upstream PORT.
"""

import asyncio
import base64
import hashlib
import sys
from typing import cast

import uvloop

EVENT = b"data: " + b"x" * 92 + b"\n\n"
EVERY = 0.2  # seconds between two events
PAYLOAD = 64  # bytes of a WebSocket message
CLIENT_FRAME = 2 + 4 + PAYLOAD  # header, mask, payload
SERVER_FRAME = b"\x82" + bytes((PAYLOAD,)) + b"x" * PAYLOAD
_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_CHUNK = b"%x\r\n%b\r\n" % (len(EVENT), EVENT)
_listeners: set[asyncio.Transport] = set()


class Connection(asyncio.BufferedProtocol):
    """One connection: requests, until one makes a stream of it."""

    def __init__(self) -> None:
        self._buffer = bytearray(1024 * 1024)
        self._head = b""
        self._left = 0  # bytes of an upload that are still to come
        self._frames: int | None = None  # bytes of an unfinished frame

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = cast(asyncio.Transport, transport)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        """Forget the listener."""
        _listeners.discard(self._transport)

    def get_buffer(self, _hint: int) -> bytearray:
        """Return where to write what comes."""
        return self._buffer

    def buffer_updated(self, count: int) -> None:
        """Read *count* bytes."""
        if self._frames is not None:
            whole, self._frames = divmod(self._frames + count, CLIENT_FRAME)
            self._transport.write(SERVER_FRAME * whole)
        elif self._left:
            self._upload(count)
        else:
            self._head += self._buffer[:count]
            head, end, rest = self._head.partition(b"\r\n\r\n")
            if end:
                self._head = b""
                self._answer(head, len(rest))

    def _answer(self, head: bytes, early: int) -> None:
        fields = {
            name.lower(): value.strip()
            for name, _, value in (
                line.partition(b":") for line in head.split(b"\r\n")[1:]
            )
        }
        if b"sec-websocket-key" in fields:
            self._frames = 0
            self._buffer = bytearray(4096)  # thousands of these lie idle
            digest = hashlib.sha1(fields[b"sec-websocket-key"] + _GUID).digest()  # noqa: S324
            self._transport.write(
                b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                b"Connection: Upgrade\r\nSec-WebSocket-Accept: %b\r\n\r\n"
                % base64.b64encode(digest)
            )
        elif head.startswith(b"GET "):
            self._buffer = bytearray(4096)
            self._transport.write(
                b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
                b"Transfer-Encoding: chunked\r\n\r\n"
            )
            _listeners.add(self._transport)
        else:
            self._left = int(fields.get(b"content-length", b"0"))
            self._upload(early)

    def _upload(self, count: int) -> None:
        self._left -= count
        if self._left <= 0:
            self._left = 0
            self._transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")


async def serve(port: int) -> None:
    """Serve on *port* of loopback, for ever."""
    loop = asyncio.get_running_loop()
    await loop.create_server(Connection, "127.0.0.1", port, backlog=1024)
    while True:
        await asyncio.sleep(EVERY)
        for transport in list(_listeners):
            transport.write(_CHUNK)


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(int(sys.argv[1])))
