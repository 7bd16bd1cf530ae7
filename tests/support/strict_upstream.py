"""An upstream that reads strictly, and notes down whatever it does not understand."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from tests.support.raw_upstream import Conversation, RawUpstream, raw_upstream
from tests.support.strict_http import MalformedError, Message, take_request

SWITCHING = (
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
    b"Connection: Upgrade\r\nSec-WebSocket-Accept: x\r\n"
)


@dataclass(slots=True)
class StrictUpstream:
    """Answers 200 with "application" and the target it was asked for.

    ``requests`` holds every whole request since the last ``forget``, ``complaints``
    whatever was no HTTP, ``streams`` the bytes that came through after a 101.  A
    handshake is accepted.  ``answers`` are whole answers by path, ``fields`` (lines
    that end with CRLF) are added to the usual ones.
    """

    raw: RawUpstream = field(default_factory=lambda: RawUpstream("", 0))
    requests: list[Message] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    streams: list[bytes] = field(default_factory=list)
    answers: dict[bytes, bytes] = field(default_factory=dict)
    fields: bytes = b""

    @property
    def url(self) -> str:
        """Where it listens."""
        return self.raw.url

    @property
    def targets(self) -> list[bytes]:
        """What was asked for, in order."""
        return [request.target for request in self.requests]

    @property
    def last(self) -> Message:
        """The request that came last."""
        return self.requests[-1]

    def forget(self) -> None:
        """Forget every request so far, and what was set for answers."""
        self.requests.clear()
        self.streams.clear()
        self.answers.clear()
        self.fields = b""

    async def converse(self, conversation: Conversation) -> None:
        """Serve one connection."""
        data = b""
        while more := await conversation.reader.read(65536):
            data += more
            try:
                while (taken := take_request(data)) is not None:
                    request, data = taken
                    self.requests.append(request)
                    await conversation.write(self._answer(request))
                    if request.values(b"upgrade"):
                        await self._stream(conversation, data)
                        return
            except MalformedError as error:
                self.complaints.append(f"{error} in {data!r}")
                return

    async def _stream(self, conversation: Conversation, data: bytes) -> None:
        """Send back what comes, until it ends."""
        place = len(self.streams)
        self.streams.append(data)
        await conversation.write(data)
        while more := await conversation.reader.read(65536):
            self.streams[place] += more
            await conversation.write(more)

    def _answer(self, request: Message) -> bytes:
        path = request.target.partition(b"?")[0]
        if path in self.answers:
            return self.answers[path]
        if request.values(b"upgrade"):
            return SWITCHING + self.fields + b"\r\n"
        body = b"application " + request.target
        length = b"Content-Length: %d\r\n" % len(body)
        head = b"HTTP/1.1 200 OK\r\n" + length + self.fields + b"\r\n"
        return head if request.method == b"HEAD" else head + body


@asynccontextmanager
async def strict_upstream() -> AsyncIterator[StrictUpstream]:
    """Run one on a port of the system's choice."""
    upstream = StrictUpstream()
    async with raw_upstream(upstream.converse) as raw:
        upstream.raw = raw
        yield upstream
        await asyncio.sleep(0)  # what has come already is still read
