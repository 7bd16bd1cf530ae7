"""What the client receives: the upstream's fields, led to the public address.

Every other field keeps its place, case and bytes.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import IntEnum

from gateway.fields import Field, Fields
from gateway.proxying import cache_privacy, hop_by_hop
from gateway.proxying.location import Addresses, public_reference, public_refresh
from gateway.proxying.set_cookie import public_set_cookie

_MOST_REMEMBERED = 2048
_LONGEST_REMEMBERED = 64


class _Kind(IntEnum):
    """What becomes of an upstream's field, by its name; each is one bit."""

    PASS = 0
    DROP = 1
    CONNECTION = 2
    DATE = 4
    LOCATION = 8
    REFRESH = 16
    SET_COOKIE = 32
    CACHES = 64


_ADDRESSED = _Kind.LOCATION | _Kind.REFRESH | _Kind.SET_COOKIE
_BY_NAME = {
    b"cache-control": _Kind.CACHES,
    b"connection": _Kind.CONNECTION,
    b"content-location": _Kind.LOCATION,
    b"date": _Kind.DATE,
    b"location": _Kind.LOCATION,
    b"refresh": _Kind.REFRESH,
    b"set-cookie": _Kind.SET_COOKIE,
}
# Names seen before, whatever the route; bounded.
_kinds: dict[bytes, _Kind] = {}


@dataclass(frozen=True, slots=True, eq=False)  # each is itself, and found fast
class ResponseRule:
    """What a route asks of its answers.

    *private*: no shared cache may keep them; *vary*: they differ by cookie, and
    *vary_by_bearer* by ``Authorization``.
    *scheme* and *port* (b"" where it is the default) are those of the public address,
    *upstream* is the upstream's origin (b"" for a unix socket) and *upstream_host* its
    host alone; *prefix* is what strip_prefix takes away, b"" for nothing. *alike* is
    the rule that differs in the prefix alone, None where there is no prefix.
    """

    private: bool
    vary: bool
    scheme: bytes
    port: bytes
    upstream: bytes
    upstream_host: bytes
    prefix: bytes
    is_own_set_cookie: Callable[[bytes], bool]
    alike: "ResponseRule | None" = None
    vary_by_bearer: bool = False

    def addresses(self, host: bytes) -> Addresses:
        """Return the addresses of an answer to a request for *host* (a Host value)."""
        name, colon, port = host.rpartition(b":")
        bare = (name if colon and port.isdigit() else host).lower().removesuffix(b".")
        public = b"%b://%b%b" % (self.scheme, bare, self.port and b":" + self.port)
        return Addresses(public, bare, self.upstream, self.prefix)

    def client_fields(
        self,
        fields: Fields,
        host: bytes,
        set_cookies: Sequence[bytes],
        date: bytes,
    ) -> list[Field]:
        """Return the fields for the client; *host* is the Host it asked.

        *set_cookies* are ours to add, *date* is the Date to give where there is none.
        """
        kept: list[Field] = []
        connections: list[bytes] = []
        seen = 0
        for field in fields:
            kind = _kinds.get(field[0])
            if kind is None:
                kind = _learn(field[0])
            if kind:
                seen |= kind
                if kind is _Kind.CONNECTION:
                    connections.append(field[1])
                kept += self._changed(kind, field, host)
            else:
                kept.append(field)
        if not seen & _Kind.DATE:
            kept.append((b"Date", date))
        kept = hop_by_hop.without_nominated(kept, connections)
        return self._for_caches(kept, set_cookies, told=bool(seen & _Kind.CACHES))

    def _changed(self, kind: _Kind, field: Field, host: bytes) -> tuple[Field, ...]:
        """Return what stands in the place of *field*."""
        name, value = field
        match kind:
            case _Kind.DATE | _Kind.CACHES:
                return (field,)
            case _Kind.LOCATION:
                return ((name, public_reference(value, self.addresses(host))),)
            case _Kind.REFRESH:
                return ((name, public_refresh(value, self.addresses(host))),)
            case _Kind.SET_COOKIE if not self.is_own_set_cookie(value):
                value = public_set_cookie(value, self._foreign(host), self.prefix)
                return ((name, value),)
            case _:
                return ()

    def _foreign(self, host: bytes) -> bytes:
        """Return the upstream's host, b"" where the client uses the same."""
        same = self.addresses(host).public_host == self.upstream_host
        return b"" if same else self.upstream_host

    def _for_caches(
        self, kept: list[Field], set_cookies: Sequence[bytes], *, told: bool
    ) -> list[Field]:
        """Keep shared caches away; *told* says if the upstream spoke to them."""
        if self.private:
            if told:
                kept = cache_privacy.private(kept)
            else:
                kept.append(cache_privacy.PRIVATE)
        if self.vary:
            kept = cache_privacy.vary_by(kept, b"Cookie")
        if self.vary_by_bearer:
            kept = cache_privacy.vary_by(kept, b"Authorization")
        if set_cookies:
            kept = cache_privacy.no_store(kept)
            kept += ((b"Set-Cookie", value) for value in set_cookies)
        return kept


def depends_on_prefix(fields: Fields) -> bool:
    """Return whether the prefix of a route makes a difference to these *fields*."""
    return any((_kinds.get(name) or _learn(name)) & _ADDRESSED for name, _ in fields)


def without_cors(fields: list[Field]) -> list[Field]:
    """Return *fields* without what they tell browsers about other origins."""
    return [
        field for field in fields if not field[0].lower().startswith(b"access-control-")
    ]


def interim_fields(fields: Fields) -> list[Field]:
    """Return the fields of a 1xx that may go on (RFC 9110 §15.2)."""
    kept = hop_by_hop.end_to_end(fields)
    return [
        field
        for field in kept
        if field[0].lower() not in {b"set-cookie", b"content-length"}
    ]


def trailer_fields(fields: list[Field]) -> list[Field]:
    """Return the trailer *fields* that may follow a body (RFC 9110 §6.5.1)."""
    dropped = hop_by_hop.ALWAYS | hop_by_hop.NEVER
    return [field for field in fields if field[0].lower() not in dropped]


def _learn(name: bytes) -> _Kind:
    lower = name.lower()
    kind = _Kind.DROP if lower in hop_by_hop.ALWAYS else _Kind.PASS
    if cache_privacy.is_for_cdn(lower):
        kind = _Kind.CACHES
    kind = _BY_NAME.get(lower, kind)
    if len(name) <= _LONGEST_REMEMBERED:
        if len(_kinds) >= _MOST_REMEMBERED:
            _kinds.clear()
        _kinds[name] = kind
    return kind
