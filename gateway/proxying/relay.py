"""Relays an answer to the client: its head, its body as it comes, its end."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from gateway.fields import Field, values
from gateway.known import Notes
from gateway.proxying.chunked import chunk, last_chunk
from gateway.proxying.client_request import ClientRequest
from gateway.proxying.failure import Broken, FailureKind
from gateway.proxying.field_lines import serialise, tokens
from gateway.proxying.plain_answer import status_line
from gateway.proxying.relayed import Relayed
from gateway.proxying.response_headers import (
    ResponseRule,
    depends_on_prefix,
    interim_fields,
    trailer_fields,
    without_cors,
)
from gateway.proxying.tunnel import Tunnel
from gateway.proxying.upstream.connection import UpstreamConnection
from gateway.proxying.upstream.response_head import Framing, ResponseHead

_CONTINUE = 100
_UNFRAMED = (Framing.CHUNKED, Framing.UNTIL_CLOSE)
_SWITCHING = (b"Connection", b"Upgrade"), (b"Upgrade", b"websocket")


@dataclass(slots=True)  # frozen but for the hot path
class Outgoing:
    """What is sent to the upstream, and what its answer will need.

    *head* is the request's whole head; *host* the Host that the client asked;
    *trailers* filters the trailer fields of a request, *set_cookies* returns our own
    cookies for the answer when its head is there.  *cors* stand in the place of what
    the upstream tells browsers about other origins; none: its own passes.
    """

    head: bytes
    host: bytes
    set_cookies: Callable[[], Sequence[bytes]]
    date: bytes
    trailers: Callable[[list[Field]], list[Field]]
    cors: tuple[Field, ...] = ()


class Relay:
    """The way of one answer to the client of *request*."""

    __slots__ = ("_client", "_loop", "_outgoing", "_request", "_rule", "tunnel")

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        request: ClientRequest,
        rule: ResponseRule,
        outgoing: Outgoing,
    ) -> None:
        self._loop = loop
        self._request = request
        self._client = request.connection
        self._rule = rule
        self._outgoing = outgoing
        self.tunnel: Tunnel | None = None

    def interim(self, head: ResponseHead) -> None:
        """Relay a 1xx, where the client understands it (RFC 9110 §15.2)."""
        request = self._request.head
        asked = request.expects_continue or head.status != _CONTINUE
        if request.minor and asked and self._client.transport is not None:
            fields = interim_fields(head.fields)
            self._client.send(serialise(status_line(head.status), fields))

    async def answer(
        self, connection: UpstreamConnection, head: ResponseHead
    ) -> Relayed:
        """Relay the answer that begins with *head*.

        Raises Broken before its first byte.  A failure after that is in the request's
        record, and the client's connection broken off: a cut answer never looks whole.
        """
        if head.framing is Framing.TUNNEL:
            return await self._through_tunnel(connection, head)
        unframed = head.framing in _UNFRAMED
        chunked = unframed and self._request.head.minor == 1
        keep_alive = self._request.keep_alive and (chunked or not unframed)
        start = self._start(head, chunked=chunked, keep_alive=keep_alive)
        self._request.record.status = head.status
        try:
            await self._body(connection, start, chunked=chunked)
        except Broken as broken:
            self._request.record.failure = broken.kind
            self._client.abort()
            keep_alive = False
        return Relayed(head.status, keep_alive=keep_alive)

    def _start(self, head: ResponseHead, *, chunked: bool, keep_alive: bool) -> bytes:
        """Return the head for the client, the same for the same unless it sets cookies.

        With an upstream's head that came before, its Date too, there is nothing new.
        """
        outgoing, minor = self._outgoing, self._request.head.minor
        set_cookies = outgoing.set_cookies()
        notes = None if set_cookies else head.notes
        rule = self._rule if notes is None else self._rule_for(head, notes)
        key = rule, outgoing.host, minor, keep_alive, outgoing.cors
        known: bytes | None = notes.get(key) if notes is not None else None
        if known is not None:
            return known
        fields = self._fields(head, set_cookies)
        if chunked:
            fields.append((b"Transfer-Encoding", b"chunked"))
        if not keep_alive:
            fields.append((b"Connection", b"close"))
        elif not minor:
            fields.append((b"Connection", b"keep-alive"))
        start = serialise(status_line(head.status), fields)
        if notes is not None and values(head.fields, b"date"):
            notes.keep(key, start)
        return start

    def _rule_for(self, head: ResponseHead, notes: Notes) -> ResponseRule:
        """Return the rule that what follows from *head* can be kept by.

        A route's prefix counts only for heads that name addresses, so that routes
        which strip theirs share what is known of the others.
        """
        if self._rule.alike is None:
            return self._rule
        depends: bool | None = notes.get(depends_on_prefix)
        if depends is None:
            depends = depends_on_prefix(head.fields)
            notes.keep(depends_on_prefix, depends)
        return self._rule if depends else self._rule.alike

    def _fields(self, head: ResponseHead, set_cookies: Sequence[bytes]) -> list[Field]:
        outgoing = self._outgoing
        fields = self._rule.client_fields(
            head.fields, outgoing.host, set_cookies, outgoing.date
        )
        if not outgoing.cors:
            return fields
        return [*without_cors(fields), *outgoing.cors]

    async def _body(
        self, connection: UpstreamConnection, start: bytes, *, chunked: bool
    ) -> None:
        """Send *start* and the body; a short answer leaves in one piece."""
        client = self._client
        record = self._request.record
        payload = connection.read_nowait()
        piece = start + (chunk(payload) if chunked and payload else payload)
        while not connection.complete:
            client.send(piece)
            record.bytes_sent += len(payload)
            if client.is_congested:
                await client.drain()
            payload = await connection.read()
            piece = chunk(payload) if chunked and payload else payload
        record.bytes_sent += len(payload)
        if chunked:
            piece += last_chunk(trailer_fields(connection.trailers))
        if piece:
            client.send(piece)

    async def _through_tunnel(
        self, connection: UpstreamConnection, head: ResponseHead
    ) -> Relayed:
        if tokens(values(head.fields, b"upgrade")) != {b"websocket"}:
            raise Broken(FailureKind.INVALID, "a 101 for another protocol")
        client, upstream = self._client.transport, connection.transport
        if client is None or upstream is None:
            raise Broken(FailureKind.CUT, "closed after its 101")
        fields = self._fields(head, self._outgoing.set_cookies())
        fields += _SWITCHING
        self._request.record.status = head.status
        self._client.send(serialise(status_line(head.status), fields))
        tunnel = self.tunnel = Tunnel(self._loop, client, upstream)
        tunnel.open(connection, self._client)
        try:
            await tunnel.run()
        finally:
            self._request.record.bytes_sent = tunnel.from_upstream.bytes
            self._request.record.bytes_received = tunnel.from_client.bytes
        return Relayed(head.status, keep_alive=False)
