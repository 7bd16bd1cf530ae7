"""The story of one exchange: what the upstream receives, and who carries it there.

``Forwarder.forward`` takes a ``Permit``, which only policy makes: nothing is forwarded
without a decision.
"""

import asyncio
import contextlib
from collections.abc import Callable, Container, Coroutine
from dataclasses import dataclass
from email.utils import formatdate

from config.settings import Settings
from gateway.fields import Field, lines
from gateway.policy.access import Permit
from gateway.policy.cors import answer_fields
from gateway.proxying.client_request import ClientRequest
from gateway.proxying.exchange import Exchange, OpenExchanges
from gateway.proxying.failure import FailureKind, UpstreamFailure
from gateway.proxying.forwarded import forwarding_fields
from gateway.proxying.location import without_prefix
from gateway.proxying.relay import Asked
from gateway.proxying.relayed import Relayed
from gateway.proxying.request_head import RequestHead
from gateway.proxying.request_headers import RequestHeaders, without_authorization
from gateway.proxying.session_watch import Attend, SessionWatch
from gateway.proxying.stamp import Stamp
from gateway.proxying.upstream.response_reader import HeadLimits
from gateway.proxying.way import RequestRule, Way, Ways
from gateway.sessions.session import Session

__all__ = ["FailureKind", "Forwarder", "Stamp", "UpstreamFailure"]

_UPGRADE: tuple[Field, ...] = ((b"Connection", b"Upgrade"), (b"Upgrade", b"websocket"))
_TRACE = b"\r\ntraceparent: "


@dataclass(slots=True)  # frozen but for requests that are not alike
class Passed:
    """What all requests with the same fields, on the same way, tell the upstream.

    *lines* are the client's fields that pass, and where they came from.
    """

    lines: bytes
    traced: bool


@dataclass(slots=True)  # as Passed
class Start:
    """What all requests with the same head, on the same way, begin with.

    *data* goes up to the request's id, and is little longer than that head; *asked* is
    what their answers depend on.
    """

    data: bytes
    traced: bool
    asked: Asked


class Forwarder:
    """Forwards requests to upstreams; made with a running event loop.

    *is_reserved* holds the names only we may set; *strip_cookies* takes our cookies out
    of a Cookie value (None: nothing is left); *is_own_set_cookie* tells whether a
    Set-Cookie value is for a name of ours; *attend* what became of a session whose
    exchange is under way (None: it must end); *now* is in unix seconds;
    *new_traceparent* returns what begins a trace (W3C Trace Context).
    Raises OSError where a route's ``ca_file`` cannot be used.
    """

    def __init__(  # noqa: PLR0913
        self,
        settings: Settings,
        *,
        is_reserved: Container[bytes],
        strip_cookies: Callable[[bytes], bytes | None],
        is_own_set_cookie: Callable[[bytes], bool],
        now: Callable[[], float],
        new_traceparent: Callable[[], bytes],
        attend: Attend,
    ) -> None:
        server = settings.server
        public = server.public_url
        self._now = now
        self._new_traceparent = new_traceparent
        self._request_headers = RequestHeaders(is_reserved, strip_cookies)
        self._scheme = public.scheme.encode()
        self._port = b"%d" % public.port
        limits = HeadLimits(server.max_header_size, server.max_header_count)
        self._ways = Ways(
            public,
            limits,
            server.upstream_connections,
            is_own_set_cookie=is_own_set_cookie,
            trailers=self._request_headers.trailers,
            http_date=self._http_date,
        )
        self._by_route = {
            id(route): self._ways.way(route)
            for route in settings.routes
            if not route.upstream.is_elsewhere
        }
        self._routes = settings.routes  # keeps the ids valid
        self._open = OpenExchanges()
        self._watch = SessionWatch(asyncio.get_running_loop(), self._open, attend, now)
        self._second = 0
        self._date = b""

    @property
    def open_exchanges(self) -> int:
        """How many exchanges are under way."""
        return len(self._open)

    def in_use(self) -> list[Session]:
        """Return the sessions of which an exchange is under way."""
        users = (exchange.who for exchange in self._open)
        return [who for who in users if isinstance(who, Session)]

    def forward(
        self, request: ClientRequest, permit: Permit, stamp: Stamp
    ) -> Coroutine[None, None, Relayed]:
        """Forward *request* to the upstream of its *permit*, and relay the answer.

        Raises UpstreamFailure while nothing has been sent to the client.  A failure
        after that breaks the client's connection off, and stands in the request's
        ``record``.  The coroutine is the exchange's own: one less (hot path).
        """
        way = self._by_route.get(id(permit.route)) or self._ways.way(permit.route)
        head, client = request.head, stamp.client
        key = way, stamp.host, client.forwarded_for
        start: Start | None = head.line_notes.get(key)
        if start is None:
            start = self._start(head, way, stamp)
            head.line_notes.keep(key, start)
        trace = b"" if start.traced else _TRACE + self._new_traceparent()
        identity, behind = stamp.identity, way.behind_id
        data = b"".join(
            (start.data, stamp.request_id, trace, behind, identity, b"\r\n")
        )
        if stamp.who is not None:
            self._watch.begin()
        return Exchange(
            request, permit, stamp, way, start.asked, data, self._open
        ).run()

    def session_ended(self) -> None:
        """Look soon whether an open exchange belongs to a session that is over."""
        self._watch.look_soon()

    async def close(self, deadline: float) -> None:
        """Let exchanges end for *deadline* seconds, then cut those that are left."""
        self._ways.close()
        self._watch.close()
        if self._open:
            self._open.emptied = asyncio.Event()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(deadline):
                    await self._open.emptied.wait()
        for exchange in list(self._open):
            exchange.cut("shutdown")

    def _start(self, head: RequestHead, way: Way, stamp: Stamp) -> Start:
        # Host and address follow from fields and peer, a handshake from the method too.
        key = way.asking, head.wants_upgrade, stamp.host, stamp.client.forwarded_for
        passed: Passed | None = head.notes.get(key)
        if passed is None:
            passed = self._passed(head, way.asking, stamp)
            head.notes.keep(key, passed)
        raw = stamp.target.raw
        if way.prefix:
            raw = without_prefix(raw, way.prefix)
        data = b"%b %b HTTP/1.1\r\n%bX-Request-Id: " % (
            head.method.encode("ascii"), raw, passed.lines
        )  # fmt: skip
        cors = () if way.cors is None else answer_fields(way.cors, head.fields)
        asked = Asked(way.rule, stamp.host, head.minor, cors)
        return Start(data, passed.traced, asked)

    def _passed(self, head: RequestHead, asking: RequestRule, stamp: Stamp) -> Passed:
        host = stamp.host if asking.preserve_host else asking.host
        cleaned = self._request_headers.clean(head.fields, host)
        fields = cleaned.fields
        if not asking.keeps_authorization:
            fields = without_authorization(fields)
        if head.wants_upgrade:
            fields += _UPGRADE
        fields += forwarding_fields(
            stamp.client.forwarded_for, stamp.host, self._scheme, self._port
        )
        return Passed(lines(fields), cleaned.traced)

    def _http_date(self) -> bytes:
        second = int(self._now())
        if second != self._second:
            self._second = second
            self._date = formatdate(second, usegmt=True).encode("ascii")
        return self._date
