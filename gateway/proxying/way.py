"""What is known about a route before a request comes: worked out once."""

import asyncio
import ssl
from collections.abc import Callable
from dataclasses import dataclass

from config.cors import Cors
from config.origin import DEFAULT_PORTS, Origin
from config.routes import Route
from config.upstream import Upstream
from gateway.fields import Field, lines
from gateway.proxying.response_headers import ResponseRule
from gateway.proxying.upstream.connection import UpstreamConnection
from gateway.proxying.upstream.dial import Dialler, tls_context
from gateway.proxying.upstream.pool import Pool
from gateway.proxying.upstream.response_reader import HeadLimits


@dataclass(frozen=True, slots=True, eq=False)  # each is itself, and found fast
class RequestRule:
    """What passes on to an upstream: its own Host field is *host*.

    *keeps_authorization* where the client's ``Authorization`` goes on to it.
    """

    host: bytes
    preserve_host: bool
    keeps_authorization: bool


@dataclass(frozen=True, slots=True, eq=False)
class Way:
    """The way to an upstream.

    *prefix* is what to strip; *behind_id* stands behind the request's id: the end of
    its line, and one that tells of the prefix.  *cors* where answers say by our rules
    which origins may read them.  *trailers* filters the trailer fields of a request;
    *http_date* returns the Date of now.
    """

    loop: asyncio.AbstractEventLoop
    pool: Pool
    dialler: Dialler
    asking: RequestRule
    rule: ResponseRule
    prefix: bytes
    behind_id: bytes
    cors: Cors | None
    timeout: float
    connect_timeout: float
    trailers: Callable[[list[Field]], list[Field]]
    http_date: Callable[[], bytes]


class Ways:
    """The ways of all routes; routes to one upstream share its connections.

    Routes that are alike share their rules as well, and with them what is remembered
    of fields because of them.
    """

    def __init__(  # noqa: PLR0913
        self,
        public: Origin,
        limits: HeadLimits,
        most_connections: int,
        *,
        is_own_set_cookie: Callable[[bytes], bool],
        trailers: Callable[[list[Field]], list[Field]],
        http_date: Callable[[], bytes],
    ) -> None:
        self._public = public
        self._limits = limits
        self._most_connections = most_connections
        self._is_own_set_cookie = is_own_set_cookie
        self._trailers = trailers
        self._http_date = http_date
        self._loop = asyncio.get_running_loop()
        self._pools: dict[tuple[Upstream, str], tuple[Pool, Dialler]] = {}
        self._contexts: dict[str, ssl.SSLContext] = {}
        self._asking: dict[tuple[bytes, bool, bool], RequestRule] = {}
        self._rules: dict[tuple[bool, bool, bool, Upstream, bytes], ResponseRule] = {}

    def way(self, route: Route) -> Way:
        """Return the way of *route*.  Raises OSError for a ``ca_file`` of no use."""
        upstream = route.upstream
        pool, dialler = self._pool(upstream, route.ca_file)
        prefix = b""
        if route.strip_prefix and route.path != "/":
            prefix = route.path.encode("ascii")
        return Way(
            loop=self._loop,
            pool=pool,
            dialler=dialler,
            asking=self._asking_rule(route),
            rule=self._rule(route, prefix),
            prefix=prefix,
            behind_id=b"\r\n"
            + lines([(b"X-Forwarded-Prefix", prefix)] if prefix else []),
            cors=_own_cors(route),
            timeout=route.timeout,
            connect_timeout=route.connect_timeout,
            trailers=self._trailers,
            http_date=self._http_date,
        )

    def close(self) -> None:
        """Close every idle connection."""
        for pool, _ in self._pools.values():
            pool.close()

    def _pool(self, upstream: Upstream, ca_file: str) -> tuple[Pool, Dialler]:
        found = self._pools.get((upstream, ca_file))
        if found is None:
            tls = self._context(ca_file) if upstream.scheme == "https" else None
            pool = Pool(self._loop, limit=self._most_connections)
            found = pool, Dialler(upstream, tls, self._connection)
            self._pools[upstream, ca_file] = found
        return found

    def _connection(self) -> UpstreamConnection:
        return UpstreamConnection(self._loop, self._limits)

    def _context(self, ca_file: str) -> ssl.SSLContext:
        if ca_file not in self._contexts:
            self._contexts[ca_file] = tls_context(ca_file)
        return self._contexts[ca_file]

    def _asking_rule(self, route: Route) -> RequestRule:
        parts = (
            _authority(route.upstream),
            route.preserve_host,
            route.pass_bearer or not route.takes_bearers,
        )
        return self._asking.setdefault(parts, RequestRule(*parts))

    def _rule(self, route: Route, prefix: bytes) -> ResponseRule:
        public, upstream = self._public, route.upstream
        private = route.access != "public" and not route.shared_cache
        vary = route.access == "optional" and not route.shared_cache
        default = public.port == DEFAULT_PORTS[public.scheme]
        is_tcp = upstream.scheme != "unix"
        origin = f"{upstream.scheme}://{upstream.host}:{upstream.port}"
        bearers = vary and route.takes_bearers
        key = private, vary, bearers, upstream, prefix
        known = self._rules.get(key)
        if known is not None:
            return known
        rule = self._rules[key] = ResponseRule(
            private=private,
            vary=vary,
            scheme=public.scheme.encode(),
            port=b"" if default else b"%d" % public.port,
            upstream=origin.encode() if is_tcp else b"",
            upstream_host=upstream.host.encode(),
            prefix=prefix,
            is_own_set_cookie=self._is_own_set_cookie,
            alike=self._rule(route, b"") if prefix else None,
            vary_by_bearer=bearers,
        )
        return rule


def _own_cors(route: Route) -> Cors | None:
    """Return the `cors` of *route* unless the application answers by its own."""
    cors = route.cors
    return None if cors is None or cors.preflights == "upstream" else cors


def _authority(upstream: Upstream) -> bytes:
    """Return the Host field that *upstream* knows itself by."""
    if upstream.scheme == "unix":
        return b"localhost"
    if upstream.port == DEFAULT_PORTS[upstream.scheme]:
        return upstream.host.encode()
    return f"{upstream.host}:{upstream.port}".encode()
