"""An upstream that answers as badly as upstreams have ever answered."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from tests.support.raw_upstream import Conversation, RawRequest, raw_upstream

Behaviour = bytes | Callable[[Conversation], Awaitable[None]]
LEAK = b"LEAK"  # stands in answers that nobody may see
PATIENCE = 10.0


async def _reset(conversation: Conversation) -> None:
    conversation.reset()


async def _close(conversation: Conversation) -> None:
    conversation.writer.close()


def _then_silence(data: bytes) -> Behaviour:
    async def behave(conversation: Conversation) -> None:
        await conversation.write(data)
        await conversation.gone()

    return behave


def _then_reset(data: bytes) -> Behaviour:
    async def behave(conversation: Conversation) -> None:
        await conversation.write(data)
        conversation.reset()

    return behave


def _endless(start: bytes, more: bytes) -> Behaviour:
    async def behave(conversation: Conversation) -> None:
        await conversation.write(start)
        async with asyncio.timeout(PATIENCE):
            while True:
                await conversation.write(more * 100)

    return behave


OK = b"HTTP/1.1 200 OK\r\n"
LENGTH = b"Content-Length: 4\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n"
END = b"\r\nLEAK"


def _with(*lines: bytes, end: bytes = END) -> bytes:
    return OK + b"".join(lines) + end


# No answer at all, or none that can be understood: 502 or 504.
HEADS: dict[str, Behaviour] = {
    "closes": _close,
    "resets": _reset,
    "is silent": _then_silence(b""),
    "half a head, then silence": _then_silence(b"HTTP/1.1 200 OK\r\nX-A: LEAK"),
    "half a head, then closes": b"HTTP/1.1 200 OK\r\nX-A: LEAK",
    "half a head, then resets": _then_reset(b"HTTP/1.1 200 OK\r\nX-A: LEAK"),
    "half a status line": b"HTTP/1",
    "a page without a head": b"<html>LEAK</html>\r\n\r\n",
    "a greeting of another protocol": b"220 LEAK ESMTP\r\n",
    "frames of HTTP/2": b"\x00\x00\x12\x04\x00\x00\x00\x00\x00\x00\x03\x00\x00LEAK",
    "an alert of TLS": b"\x15\x03\x01\x00\x02\x02\x0a",
    "random bytes": bytes(range(128, 256)) * 8,
    "an empty line first": b"\r\n" + _with(LENGTH),
    "HTTP/2.0": b"HTTP/2.0 200 OK\r\nContent-Length: 4\r\n\r\nLEAK",
    "HTTP/1.2": b"HTTP/1.2 200 OK\r\nContent-Length: 4\r\n\r\nLEAK",
    "lower case": b"http/1.1 200 OK\r\nContent-Length: 4\r\n\r\nLEAK",
    "two blanks": b"HTTP/1.1  200 OK\r\nContent-Length: 4\r\n\r\nLEAK",
    "status 0": b"HTTP/1.1 0 OK\r\n\r\nLEAK",
    "status 99": b"HTTP/1.1 099 OK\r\n\r\nLEAK",
    "status 2000": b"HTTP/1.1 2000 OK\r\n\r\nLEAK",
    "status -1": b"HTTP/1.1 -01 OK\r\n\r\nLEAK",
    "status of other digits": b"HTTP/1.1 \xd9\xa2\xd9\xa0 OK\r\n\r\nLEAK",
    "a status of letters": b"HTTP/1.1 two OK\r\n\r\nLEAK",
    "NUL in a value": _with(b"X-A: b\x00c\r\n", LENGTH),
    "NUL in a name": _with(b"X-\x00A: b\r\n", LENGTH),
    "NUL in the status line": b"HTTP/1.1 200 O\x00K\r\nContent-Length: 4\r\n\r\nLEAK",
    "a control byte in a value": _with(b"X-A: b\x01c\r\n", LENGTH),
    "DEL in a value": _with(b"X-A: b\x7f\r\n", LENGTH),
    "a bare CR in a value": _with(b"X-A: b\rSet-Cookie: c=d\r\n", LENGTH),
    "a bare LF in a value": _with(b"X-A: b\nSet-Cookie: c=d\r\n", LENGTH),
    "bare LFs": b"HTTP/1.1 200 OK\nContent-Length: 4\n\nLEAK",
    "a folded line": _with(b"X-A: b\r\n c\r\n", LENGTH),
    "a blank before the colon": _with(b"Content-Length : 4\r\n"),
    "a line without a colon": _with(b"LEAK\r\n", LENGTH),
    "a line without a name": _with(b": LEAK\r\n", LENGTH),
    "a name that is no token": _with(b"X A: b\r\n", LENGTH),
    "lengths that differ": _with(LENGTH, b"Content-Length: 40\r\n"),
    "a length twice": _with(LENGTH, LENGTH),
    "a list of lengths": _with(b"Content-Length: 4, 4\r\n"),
    "a negative length": _with(b"Content-Length: -4\r\n"),
    "a length with a sign": _with(b"Content-Length: +4\r\n"),
    "a length in hexadecimal": _with(b"Content-Length: 0x4\r\n"),
    "a length beyond numbers": _with(b"Content-Length: " + b"9" * 30 + b"\r\n"),
    "both framings": _with(LENGTH, CHUNKED, end=b"\r\n4\r\nLEAK\r\n0\r\n\r\n"),
    "chunked twice": _with(CHUNKED, CHUNKED, end=b"\r\n4\r\nLEAK\r\n0\r\n\r\n"),
    "gzip, chunked": _with(b"Transfer-Encoding: gzip, chunked\r\n"),
    "identity": _with(b"Transfer-Encoding: identity\r\n"),
    "chunked in HTTP/1.0": b"HTTP/1.0 200 OK\r\n" + CHUNKED + b"\r\n0\r\n\r\n",
    "a head of 100 KB": _with(b"X-A: " + b"b" * 100_000 + b"\r\n", LENGTH),
    "500 fields": _with(b"X-A: b\r\n" * 500, LENGTH),
    "an endless head": _endless(OK, b"X-A: b\r\n"),
    "an endless line": _endless(OK + b"X-A: ", b"bbbbbbbb"),
    "a flood of 100": b"HTTP/1.1 100 Continue\r\n\r\n" * 5000 + _with(LENGTH),
    "endless 103": _endless(b"", b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"),
    "103, then nothing": _then_silence(b"HTTP/1.1 103 Early Hints\r\n\r\n"),
    "103, then garbage": b"HTTP/1.1 103 Early Hints\r\n\r\nLEAK LEAK LEAK\r\n\r\n",
    "101 to another protocol": b"HTTP/1.1 101 x\r\nConnection: Upgrade\r\n"
    b"Upgrade: h2c\r\n\r\nLEAK",
    "101 to nothing": b"HTTP/1.1 101 x\r\n\r\nLEAK",
    "101 to two protocols": b"HTTP/1.1 101 x\r\nConnection: Upgrade\r\n"
    b"Upgrade: websocket, h2c\r\n\r\nLEAK",
}
# An answer that begins well: what was sent is cut off, so that it cannot look whole.
BODIES: dict[str, Behaviour] = {
    "closes early": _with(b"Content-Length: 400\r\n", end=b"\r\nsome"),
    "resets early": _then_reset(_with(b"Content-Length: 400\r\n", end=b"\r\nsome")),
    "a chunk too short": _with(CHUNKED, end=b"\r\n400\r\nsome"),
    "no last chunk": _with(CHUNKED, end=b"\r\n4\r\nsome\r\n"),
    "half a last chunk": _with(CHUNKED, end=b"\r\n4\r\nsome\r\n0\r\n"),
    "a chunk too long": _with(CHUNKED, end=b"\r\n4\r\nsomeLEAK\r\n0\r\n\r\n"),
    "other bytes behind a chunk": _with(CHUNKED, end=b"\r\n4\r\nsomeXX0\r\n\r\n"),
    "a size of letters": _with(CHUNKED, end=b"\r\n4\r\nsome\r\nLEAK\r\nx\r\n0\r\n\r\n"),
    "an empty size": _with(CHUNKED, end=b"\r\n4\r\nsome\r\n\r\n0\r\n\r\n"),
    "a negative size": _with(CHUNKED, end=b"\r\n4\r\nsome\r\n-4\r\nLEAK\r\n0\r\n\r\n"),
    "a size with 0x": _with(CHUNKED, end=b"\r\n4\r\nsome\r\n0x4\r\nLEAK\r\n0\r\n\r\n"),
    "a size beyond numbers": _with(CHUNKED, end=b"\r\n4\r\nsome\r\n" + b"f" * 20),
    "an endless size": _endless(_with(CHUNKED, end=b"\r\n"), b"00000000"),
    "an endless extension": _endless(_with(CHUNKED, end=b"\r\n4;"), b"aaaaaaaa"),
    "bare LFs between chunks": _with(CHUNKED, end=b"\r\n4\nsome\n0\n\n"),
    "NUL in a trailer": _with(CHUNKED, end=b"\r\n4\r\nsome\r\n0\r\nX: \x00\r\n\r\n"),
    "endless trailers": _endless(
        _with(CHUNKED, end=b"\r\n4\r\nsome\r\n0\r\n"), b"X-A: b\r\n"
    ),
    "an endless body": _endless(_with(CHUNKED, end=b"\r\n"), b"4\r\nsome\r\n"),
}
# A whole answer with more behind it: the answer arrives, the rest never does.
GOOD = OK + b"Content-Length: 4\r\n\r\ngood"
SECOND = OK + b"Content-Length: 4\r\n\r\nLEAK"
LEFT_OVERS: dict[str, Behaviour] = {
    "another answer behind it": GOOD + SECOND,
    "garbage behind it": GOOD + LEAK,
    "one byte behind it": GOOD + b"\n",
    "an empty line behind it": GOOD + b"\r\n",
    "1xx behind it": GOOD + b"HTTP/1.1 103 x\r\nX-A: LEAK\r\n\r\n",
    "a megabyte behind it": GOOD + LEAK * 250_000,
    "chunked, another behind it": _with(
        CHUNKED, end=b"\r\n4\r\ngood\r\n0\r\n\r\n" + SECOND
    ),
    "204 with a body": b"HTTP/1.1 204 No Content\r\n\r\n" + SECOND,
    "304 with a body": b"HTTP/1.1 304 Not Modified\r\n\r\n" + SECOND,
    "205 with a body": b"HTTP/1.1 205 Reset\r\nContent-Length: 0\r\n\r\n" + SECOND,
    "half an answer behind it": _then_silence(GOOD + b"HTTP/1.1 200 OK\r\nX-A: LE"),
    "a 101 behind it": GOOD + b"HTTP/1.1 101 x\r\nUpgrade: websocket\r\n\r\nLEAK",
}


@dataclass(slots=True)
class HostileUpstream:
    """Behaves as the path says (``/KIND/NUMBER``), else answers with the target.

    ``heads`` holds the head of every request; a behaviour set under a path of its own
    in ``scripts`` is played for that path, when the request's head is there.
    """

    url: str = ""
    heads: list[RawRequest] = field(default_factory=list)
    scripts: dict[bytes, Behaviour] = field(default_factory=dict)

    async def converse(self, conversation: Conversation) -> None:
        """Serve one connection."""
        while True:
            request = await conversation.read_head()
            self.heads.append(request)
            target = request.line.split(b" ")[1]
            behaviour = self.scripts.get(target.partition(b"?")[0])
            if isinstance(behaviour, bytes):
                await conversation.write(behaviour)
                if behaviour not in LEFT_OVERS.values():
                    return
                continue  # and goes on, as if nothing had happened
            if behaviour is not None:
                await behaviour(conversation)
                return
            length = b"Content-Length: %d\r\n\r\n" % len(target)
            await conversation.write(OK + length + target)

    def play(self, kind: str, table: dict[str, Behaviour]) -> Iterator[bytes]:
        """Yield a path for each behaviour of *table*."""
        for number, behaviour in enumerate(table.values()):
            path = f"/{kind}/{number}".encode()
            self.scripts[path] = behaviour
            yield path


@asynccontextmanager
async def hostile_upstream() -> AsyncIterator[HostileUpstream]:
    """Run one on a port of the system's choice."""
    upstream = HostileUpstream()
    async with raw_upstream(upstream.converse) as raw:
        upstream.url = raw.url
        yield upstream
