"""What the upstream receives: the client's fields, cleaned, then ours.

The order is the defence: hop-by-hop fields go first, so that nothing a client names in
Connection can remove what we add; identity comes last, so that it is the only one.
"""

from collections.abc import Callable, Container
from dataclasses import dataclass
from enum import IntEnum

from gateway.fields import Field, Fields
from gateway.identity.reserved_names import reduced
from gateway.proxying import hop_by_hop
from gateway.proxying.field_lines import tokens
from gateway.proxying.trace import is_traceparent

_MOST_REMEMBERED = 2048
_LONGEST_REMEMBERED = 64


class _Kind(IntEnum):
    """What becomes of a client's field, by its name."""

    PASS = 0
    DROP = 1
    HOST = 2
    COOKIE = 3
    CONNECTION = 4
    TRACE = 5
    TE = 6


_BY_NAME = {
    b"host": _Kind.HOST,
    b"cookie": _Kind.COOKIE,
    b"connection": _Kind.CONNECTION,
    b"transfer-encoding": _Kind.PASS,  # one "chunked": the parser takes no other
    b"te": _Kind.TE,
    b"traceparent": _Kind.TRACE,
    b"tracestate": _Kind.TRACE,
    b"x-request-id": _Kind.DROP,
}


_TRAILERS_WELCOME = (b"TE", b"trailers"), (b"Connection", b"TE")


def without_authorization(fields: Fields) -> list[Field]:
    """Return *fields* without ``Authorization``, however it is spelt.

    It was for the gateway, and an application must not find a token in its logs.
    """
    return [field for field in fields if reduced(field[0]) != b"authorization"]


@dataclass(frozen=True, slots=True)
class Cleaned:
    """A client's fields that may go on, and what was read on the way."""

    fields: list[Field]
    traced: bool  # a valid traceparent is among them


class RequestHeaders:
    """The rule, with its memory of names.

    *is_reserved* holds every name that only we may set, in any spelling;
    *strip_cookies* takes a Cookie value and returns it without our cookies, None
    where nothing is left.
    """

    def __init__(
        self,
        is_reserved: Container[bytes],
        strip_cookies: Callable[[bytes], bytes | None],
    ) -> None:
        self._is_reserved = is_reserved
        self._strip_cookies = strip_cookies
        self._kinds: dict[bytes, _Kind] = {}

    def clean(self, fields: Fields, host: bytes) -> Cleaned:
        """Return *fields* without what must not pass, *host* in the place of Host.

        Order, case, duplicates and bytes of the rest stay as they are.
        """
        kinds = self._kinds
        kept: list[Field] = []
        special: list[tuple[_Kind, Field]] = []
        for field in fields:
            kind = kinds.get(field[0])
            if kind is None:
                kind = self._learn(field[0])
            if not kind:
                kept.append(field)
            elif kind is not _Kind.DROP:
                special.append((kind, field))
                kept += self._replaced(kind, field, host)
        return _finish(kept, special, host)

    def _replaced(self, kind: _Kind, field: Field, host: bytes) -> tuple[Field, ...]:
        """Return what stands in the place of *field*."""
        if kind is _Kind.HOST:
            return ((field[0], host),)
        if kind is _Kind.COOKIE:
            value = self._strip_cookies(field[1])
            return () if value is None else ((field[0], value),)
        return ()

    def trailers(self, fields: list[Field]) -> list[Field]:
        """Return the trailer *fields* that may follow a body (RFC 9110 §6.5.1)."""
        return [
            field
            for field in fields
            if self._learn(field[0]) is _Kind.PASS
            and field[0].lower() not in hop_by_hop.NEVER | hop_by_hop.ALWAYS
        ]

    def _learn(self, name: bytes) -> _Kind:
        lower = name.lower()
        kind = _BY_NAME.get(lower)
        if kind is None:
            dropped = lower in hop_by_hop.ALWAYS or name in self._is_reserved
            kind = _Kind.DROP if dropped else _Kind.PASS
        if len(name) <= _LONGEST_REMEMBERED:
            if len(self._kinds) >= _MOST_REMEMBERED:
                self._kinds.clear()
            self._kinds[name] = kind
        return kind


def _finish(
    kept: list[Field], special: list[tuple[_Kind, Field]], host: bytes
) -> Cleaned:
    """Apply what concerns several fields at once."""
    for kind, (_, value) in special:
        if kind is _Kind.CONNECTION:
            kept = hop_by_hop.without_nominated(kept, [value])
        elif kind is _Kind.TE and b"trailers" in tokens([value]):
            # RFC 9110 §10.1.4: TE is hop-by-hop, and on our hop trailers are welcome.
            kept += _TRAILERS_WELCOME
    kinds = [kind for kind, _ in special]
    if _Kind.HOST not in kinds:  # HTTP/1.0
        kept.insert(0, (b"Host", host))
    if _Kind.TRACE not in kinds:
        return Cleaned(kept, traced=False)
    trace = [field for kind, field in special if kind is _Kind.TRACE]
    traced = _is_traced(trace)
    return Cleaned(kept + trace if traced else kept, traced)


def _is_traced(trace: list[Field]) -> bool:
    parents = [value for name, value in trace if name.lower() == b"traceparent"]
    return len(parents) == 1 and is_traceparent(parents[0])
