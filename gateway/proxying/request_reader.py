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
    *heads* reads heads of at most *head_size* bytes.  In ``inbox`` is what waits.
    """

    __slots__ = ("_heads", "_loop", "body", "inbox")

    def __init__(
        self, loop: asyncio.AbstractEventLoop, heads: KnownHeads, head_size: int
    ) -> None:
        self._loop = loop
        self._heads = heads
        self.inbox = Inbox(head_size)
        self.body: RequestBody | None = None  # of the current request

    def feed(self, data: bytes) -> None:
        """Take *data* in."""
        if self.body is None or self.body.complete:
            self.inbox.feed(data)
            return
        rest = self.body.feed(data)
        if rest:
            self.inbox.feed(rest)

    def known_head(self, data: bytes) -> RequestHead | None:
        """Return the next request's head where *data* is just that, and came before.

        It has no body, and nothing is kept of *data*.  Else None: feed() takes it.
        """
        if self.inbox.data:
            return None
        head = self._heads.get(data)
        if head is None or head.chunked or head.length:
            return None
        self.body = None
        return head

    def read_head(self, protocol: BaseProtocol) -> RequestHead | None:
        """Return the next request's head, None while it is not whole.

        Its body is ``body`` from then on, and pauses *protocol*, which is not kept: two
        that hold one another wait for a garbage collection.  Raises RequestRefused.
        """
        self.body = None
        raw = self.inbox.take_head()
        if raw is None:
            return None
        head = self._heads.read(raw)
        if head.chunked or head.length:
            length = None if head.chunked else head.length
            self.body = RequestBody(protocol, self._loop, length)
            early = self.inbox.take_all()
            if early:
                self.feed(early)
        return head
