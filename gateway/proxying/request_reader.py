"""Reads the requests of one connection out of its bytes."""

import asyncio
from dataclasses import dataclass

from aiohttp.base_protocol import BaseProtocol

from gateway.proxying.known_heads import KnownHeads
from gateway.proxying.request_body import RequestBody
from gateway.proxying.request_head import RequestHead
from gateway.proxying.request_inbox import Inbox


@dataclass(frozen=True, slots=True)
class ClientLimits:
    """What a client may take: bytes and fields of a head, seconds."""

    head_size: int = 64 * 1024
    head_count: int = 200
    path_length: int = 8 * 1024  # of a target up to its query
    head_timeout: float = 15.0  # from a head's first byte to its last
    body_timeout: float = 60.0  # without a byte of a body
    send_timeout: float = 60.0  # without a byte taken of what waits to be sent
    keep_alive: float = 75.0


class RequestReader:
    """Head, body, head, body: what belongs to which request.

    One request at a time: what comes behind it waits until it has been answered.
    *heads* reads heads of at most *head_size* bytes.
    """

    __slots__ = ("_heads", "_inbox", "_loop", "body")

    def __init__(
        self, loop: asyncio.AbstractEventLoop, heads: KnownHeads, head_size: int
    ) -> None:
        self._loop = loop
        self._heads = heads
        self._inbox = Inbox(head_size)
        self.body: RequestBody | None = None  # of the current request

    @property
    def waiting(self) -> int:
        """How many bytes wait behind the current request."""
        return len(self._inbox)

    @property
    def body_complete(self) -> bool:
        """Whether the current request has come to its end."""
        return self.body is None or self.body.complete

    def feed(self, data: bytes) -> None:
        """Take *data* in."""
        if self.body is None or self.body.complete:
            self._inbox.feed(data)
            return
        rest = self.body.feed(data)
        if rest:
            self._inbox.feed(rest)

    def read_head(self, protocol: BaseProtocol) -> RequestHead | None:
        """Return the next request's head, None while it is not whole.

        Its body is ``body`` from then on, and pauses *protocol*, which is not kept: two
        that hold one another wait for a garbage collection.  Raises RequestRefused.
        """
        self.body = None
        raw = self._inbox.take_head()
        if raw is None:
            return None
        head = self._heads.read(raw)
        if head.chunked or head.length:
            length = None if head.chunked else head.length
            self.body = RequestBody(protocol, self._loop, length)
            early = self._inbox.take_all()
            if early:
                self.feed(early)
        return head

    def take_rest(self) -> bytes:
        """Return what waits behind the current request, and forget it."""
        return self._inbox.take_all()
