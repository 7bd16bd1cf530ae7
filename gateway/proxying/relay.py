"""Relays an answer to the client: its head, its body as it comes, its end."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

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
from gateway.proxying.way import Way

_CONTINUE = 100
_UNFRAMED = (Framing.CHUNKED, Framing.UNTIL_CLOSE)
_SWITCHING = (b"Connection", b"Upgrade"), (b"Upgrade", b"websocket")


class Asked(NamedTuple):
    """What an answer's head depends on, besides that of the upstream.

    *host* is the Host that the client asked, in HTTP/1.*minor*; *cors* stand in the
    place of what the upstream tells browsers about other origins; none: its own passes.
    """

    rule: ResponseRule
    host: bytes
    minor: int
    cors: tuple[Field, ...] = ()


class Relay:
    """The way of one answer to the client, for the Exchange that it is a part of.

    *set_cookies* returns our own cookies for the answer when its head is there.
    """

    __slots__ = ("_asked", "_request", "_set_cookies", "_way", "tunnel")

    _request: ClientRequest
    _way: Way
    _asked: Asked
    _set_cookies: Callable[[], Sequence[bytes]]
    tunnel: Tunnel | None

    def interim(self, head: ResponseHead) -> None:
        """Relay a 1xx, where the client understands it (RFC 9110 §15.2)."""
        request, client = self._request.head, self._request.connection
        asked = request.expects_continue or head.status != _CONTINUE
        if request.minor and asked and client.transport is not None:
            fields = interim_fields(head.fields)
            client.send(serialise(status_line(head.status), fields))

    def answer_at_once(
        self, connection: UpstreamConnection, head: ResponseHead
    ) -> Relayed:
        """Relay an answer that has come as a whole, of the length that *head* says.

        It is what answer() does, without waiting for anything (hot path).
        """
        request = self._request
        start, relayed = self._start(head, keep_alive=request.keep_alive)
        payload = connection.read_nowait()
        record = request.record
        record.status = head.status
        record.bytes_sent = len(payload)
        request.connection.send(start + payload)
        return relayed

    async def answer(
        self, connection: UpstreamConnection, head: ResponseHead
    ) -> Relayed:
        """Relay the answer that begins with *head*.

        Raises Broken before its first byte.  A failure after that is in the request's
        record, and the client's connection broken off: a cut answer never looks whole.
        """
        if head.framing is Framing.TUNNEL:
            return await self._through_tunnel(connection, head)
        request = self._request
        unframed = head.framing in _UNFRAMED
        chunked = unframed and request.head.minor == 1
        keep_alive = request.keep_alive and (chunked or not unframed)
        start, relayed = self._start(head, chunked=chunked, keep_alive=keep_alive)
        request.record.status = head.status
        try:
            await self._body(connection, start, chunked=chunked)
        except Broken as broken:
            request.record.failure = broken.kind
            request.connection.abort()
            return Relayed(head.status, keep_alive=False)
        return relayed

    def _start(
        self, head: ResponseHead, *, keep_alive: bool, chunked: bool = False
    ) -> tuple[bytes, Relayed]:
        """Return the head for the client, and what is said of the answer behind it.

        They are kept for an upstream's *head* that comes again, with its Date; not
        where we set cookies.
        """
        set_cookies = self._set_cookies()
        notes = None if set_cookies else head.notes
        if notes is None:
            return self._new_start(
                head, set_cookies, keep_alive=keep_alive, chunked=chunked
            )
        asked = self._asked
        alike = asked.rule.alike
        if alike is not None and not _depends_on_prefix(head, notes):
            asked = asked._replace(rule=alike)
        key = asked if keep_alive else (asked, b"close")
        known: tuple[bytes, Relayed] | None = notes.get(key)
        if known is None:
            known = self._new_start(head, (), keep_alive=keep_alive, chunked=chunked)
            if values(head.fields, b"date"):
                notes.keep(key, known)
        return known

    def _new_start(
        self,
        head: ResponseHead,
        set_cookies: Sequence[bytes],
        *,
        keep_alive: bool,
        chunked: bool,
    ) -> tuple[bytes, Relayed]:
        fields = self._fields(head, set_cookies)
        if chunked:
            fields.append((b"Transfer-Encoding", b"chunked"))
        if not keep_alive:
            fields.append((b"Connection", b"close"))
        elif not self._asked.minor:
            fields.append((b"Connection", b"keep-alive"))
        start = serialise(status_line(head.status), fields)
        return start, Relayed(head.status, keep_alive=keep_alive)

    def _fields(self, head: ResponseHead, set_cookies: Sequence[bytes]) -> list[Field]:
        asked = self._asked
        date = self._way.http_date()
        fields = asked.rule.client_fields(head.fields, asked.host, set_cookies, date)
        if not asked.cors:
            return fields
        return [*without_cors(fields), *asked.cors]

    async def _body(
        self, connection: UpstreamConnection, start: bytes, *, chunked: bool
    ) -> None:
        """Send *start* and the body; a short answer leaves in one piece."""
        client = self._request.connection
        record = self._request.record
        response = connection.response
        payload = connection.read_nowait()
        piece = start + (chunk(payload) if chunked and payload else payload)
        while not response.complete:
            client.send(piece)
            record.bytes_sent += len(payload)
            if client.is_congested:
                await client.drain()
            payload = await connection.read()
            piece = chunk(payload) if chunked and payload else payload
        record.bytes_sent += len(payload)
        if chunked:
            piece += last_chunk(trailer_fields(response.trailers))
        if piece:
            client.send(piece)

    async def _through_tunnel(
        self, connection: UpstreamConnection, head: ResponseHead
    ) -> Relayed:
        if tokens(values(head.fields, b"upgrade")) != {b"websocket"}:
            raise Broken(FailureKind.INVALID, "a 101 for another protocol")
        request = self._request
        client, upstream = request.connection.transport, connection.transport
        if client is None or upstream is None:
            raise Broken(FailureKind.CUT, "closed after its 101")
        fields = self._fields(head, self._set_cookies())
        fields += _SWITCHING
        request.record.status = head.status
        request.connection.send(serialise(status_line(head.status), fields))
        tunnel = self.tunnel = Tunnel(self._way.loop, client, upstream)
        tunnel.open(connection, request.connection)
        try:
            await tunnel.run()
        finally:
            request.record.bytes_sent = tunnel.from_upstream.bytes
            request.record.bytes_received = tunnel.from_client.bytes
        return Relayed(head.status, keep_alive=False)


def _depends_on_prefix(head: ResponseHead, notes: Notes) -> bool:
    """Tell whether the prefix that a route strips has a part in what follows of *head*.

    It has only where a head names addresses; of all others routes that strip theirs
    share what is known with those that strip none.
    """
    depends: bool | None = notes.get(depends_on_prefix)
    if depends is None:
        depends = depends_on_prefix(head.fields)
        notes.keep(depends_on_prefix, depends)
    return depends
