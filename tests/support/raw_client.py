"""A client that sends exactly the bytes it is told to, and sees every byte back."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass

WAIT = 5.0  # seconds after which something that should come is missed


@dataclass(frozen=True, slots=True)
class RawResponse:
    """A response as it stood on the wire; a chunked *body* keeps its framing."""

    head: bytes
    body: bytes

    @property
    def status(self) -> int:
        return int(self.head[9:12])

    @property
    def fields(self) -> list[tuple[bytes, bytes]]:
        lines = self.head.split(b"\r\n")[1:]
        pairs = [line.partition(b":") for line in lines]
        return [(name, value.strip()) for name, _, value in pairs]

    def values(self, name: bytes) -> list[bytes]:
        return [value for field, value in self.fields if field.lower() == name.lower()]

    def value(self, name: bytes) -> bytes | None:
        found = self.values(name)
        return found[0] if found else None


class RawClient:
    """One connection."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._reader = reader
        self.writer = writer

    def send(self, data: bytes) -> None:
        self.writer.write(data)

    def half_close(self) -> None:
        self.writer.write_eof()

    def abort(self) -> None:
        self.writer.transport.abort()

    async def read(self, size: int) -> bytes:
        """Return exactly *size* bytes."""
        async with asyncio.timeout(WAIT):
            return await self._reader.readexactly(size)

    async def read_some(self) -> bytes:
        """Return what comes next; b"" at the end."""
        async with asyncio.timeout(WAIT):
            return await self._reader.read(65536)

    async def read_until(self, mark: bytes) -> bytes:
        async with asyncio.timeout(WAIT):
            return await self._reader.readuntil(mark)

    async def read_to_end(self, seconds: float = WAIT) -> bytes:
        """Return everything until the clean end; a reset raises ConnectionError."""
        async with asyncio.timeout(seconds):
            return await self._reader.read()

    async def read_head(self) -> RawResponse:
        """Return a response without its body."""
        return RawResponse((await self.read_until(b"\r\n\r\n"))[:-4], b"")

    async def read_response(self, *, bodyless: bool = False) -> RawResponse:
        """Return a response with its body, by its framing."""
        head = await self.read_head()
        length = head.value(b"Content-Length")
        if bodyless or head.status in {204, 304} or head.status < 200:
            return head
        if head.value(b"Transfer-Encoding") == b"chunked":
            return RawResponse(head.head, await self._chunks())
        if length is not None:
            return RawResponse(head.head, await self.read(int(length)))
        return RawResponse(head.head, await self.read_to_end())

    async def read_final(self, *, bodyless: bool = False) -> RawResponse:
        """Return the first response that is not interim."""
        while True:
            response = await self.read_response(bodyless=bodyless)
            if response.status >= 200 or response.status == 101:
                return response

    async def _chunks(self) -> bytes:
        whole = line = b""
        size = -1
        while size:
            line = await self.read_until(b"\r\n")
            size = int(line, 16)
            whole += line
            if size:
                whole += await self.read(size + 2)
        while line != b"\r\n":
            line = await self.read_until(b"\r\n")
            whole += line
        return whole


def payload(chunked: bytes) -> bytes:
    """Return the payload of a whole *chunked* body."""
    result = b""
    while True:
        line, _, chunked = chunked.partition(b"\r\n")
        size = int(line, 16)
        if not size:
            return result
        result += chunked[:size]
        chunked = chunked[size + 2 :]


@contextlib.asynccontextmanager
async def connected(
    port: int, host: str = "127.0.0.1", source: str | None = None
) -> AsyncIterator[RawClient]:
    """Yield a client of *port*, with the address *source* where it matters."""
    reader, writer = await asyncio.open_connection(
        host,
        port,
        limit=4 * 1024 * 1024,
        local_addr=None if source is None else (source, 0),
    )
    try:
        yield RawClient(reader, writer)
    finally:
        writer.transport.abort()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


async def exchange(port: int, request: bytes, source: str | None = None) -> RawResponse:
    """Send *request* on a connection of its own and return the response."""
    async with connected(port, source=source) as client:
        client.send(request)
        return await client.read_final(bodyless=request.startswith(b"HEAD "))
