"""A real upstream that records raw bytes and answers with scripted raw bytes."""

import asyncio
import contextlib
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
WAIT = 5.0  # seconds after which something that should come is missed


@dataclass(frozen=True, slots=True)
class RawRequest:
    """A request as it stood on the wire."""

    head: bytes
    body: bytes

    @property
    def line(self) -> bytes:
        return self.head.split(b"\r\n")[0]

    @property
    def fields(self) -> list[tuple[bytes, bytes]]:
        pairs = [line.partition(b": ") for line in self.head.split(b"\r\n")[1:]]
        return [(name, value) for name, _, value in pairs]

    def values(self, name: bytes) -> list[bytes]:
        return [value for field, value in self.fields if field.lower() == name.lower()]

    def value(self, name: bytes) -> bytes | None:
        found = self.values(name)
        return found[0] if found else None


class Conversation:
    """One connection, from the upstream's side."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.reader = reader
        self.writer = writer
        self.requests: list[RawRequest] = []

    async def read_head(self) -> RawRequest:
        """Return the next request without its body; IncompleteReadError at the end."""
        head = (await self.reader.readuntil(b"\r\n\r\n"))[:-4]
        return RawRequest(head, b"")

    async def read_request(self) -> RawRequest:
        """Return the next request whole; a chunked body keeps its framing."""
        request = await self.read_head()
        body = b""
        if request.value(b"Transfer-Encoding") == b"chunked":
            body = await self._chunks()
        elif length := int(request.value(b"Content-Length") or 0):
            body = await self.reader.readexactly(length)
        request = RawRequest(request.head, body)
        self.requests.append(request)
        return request

    async def _chunks(self) -> bytes:
        whole = line = b""
        size = -1
        while size:
            line = await self.reader.readuntil(b"\r\n")
            size = int(line, 16)
            whole += line
            if size:
                whole += await self.reader.readexactly(size + 2)
        while line != b"\r\n":
            line = await self.reader.readuntil(b"\r\n")
            whole += line
        return whole

    async def write(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def held_back(self) -> None:
        """Wait until what was written is no longer taken, and stays so for a while."""
        before = -1
        while (
            before != (now := self.writer.transport.get_write_buffer_size()) or not now
        ):
            before = now
            await self.stay_silent(0.2)

    async def gone(self) -> None:
        """Wait until the gateway has left."""
        async with asyncio.timeout(WAIT):
            with contextlib.suppress(ConnectionError):
                while await self.reader.read(65536):
                    pass

    async def stay_silent(self, seconds: float) -> None:
        """Let time pass while the connection stays as it is."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self.reader.read(1)

    def reset(self) -> None:
        """Break off as a crashed process does."""
        sock: socket.socket = self.writer.get_extra_info("socket")
        linger = struct.pack("ii", 1, 0)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.writer.transport.abort()


Script = Callable[[Conversation], Awaitable[None]]


def answering(response: bytes, *, then_close: bool = False) -> Script:
    """Return a script that answers every request with *response*."""

    async def script(conversation: Conversation) -> None:
        while True:
            await conversation.read_request()
            await conversation.write(response)
            if then_close:
                return

    return script


@dataclass(slots=True)
class RawUpstream:
    """Where it listens, and what it has seen."""

    url: str
    port: int
    conversations: list[Conversation] = field(default_factory=list)

    @property
    def requests(self) -> list[RawRequest]:
        return [one for each in self.conversations for one in each.requests]

    @property
    def request(self) -> RawRequest:
        """The only request there was."""
        (only,) = self.requests
        return only


@contextlib.asynccontextmanager
async def raw_upstream(  # noqa: PLR0915
    script: Script | bytes = OK,
    *,
    unix: str = "",
    tls: ssl.SSLContext | None = None,
    host: str = "127.0.0.1",
) -> AsyncIterator[RawUpstream]:
    """Yield an upstream that runs *script* on each connection."""
    play = answering(script) if isinstance(script, bytes) else script
    upstream = RawUpstream("", 0)
    tasks: set[asyncio.Task[None]] = set()

    async def converse(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        conversation = Conversation(reader, writer)
        upstream.conversations.append(conversation)
        ends = (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError)
        with contextlib.suppress(*ends):
            await play(conversation)
        tasks.discard(task)
        writer.close()
        with contextlib.suppress(*ends, ssl.SSLError):
            await writer.wait_closed()

    if unix:
        server = await asyncio.start_unix_server(converse, unix)
        upstream.url = f"unix:{unix}"
    else:
        server = await asyncio.start_server(
            converse, host, 0, ssl=tls, limit=1024 * 1024
        )
        upstream.port = server.sockets[0].getsockname()[1]
        scheme = "https" if tls else "http"
        upstream.url = f"{scheme}://{'localhost' if tls else host}:{upstream.port}"
    try:
        yield upstream
    finally:
        server.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
