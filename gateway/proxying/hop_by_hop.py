"""Removes what concerns one connection only (RFC 9110 §7.6.1)."""

from collections.abc import Iterable
from functools import lru_cache

from gateway.fields import Field, Fields, values
from gateway.proxying.field_lines import tokens

ALWAYS = frozenset(
    {
        b"connection",
        b"http2-settings",
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"proxy-connection",
        b"te",
        b"transfer-encoding",
        b"upgrade",
    }
)
# Fields meant for everybody along the way: RFC 9110 §7.6.1 forbids to name them in
# Connection, and a client that does so anyhow must not take them from the upstream.
NEVER = frozenset(
    {
        b"authorization",
        b"cache-control",
        b"content-encoding",
        b"content-length",
        b"content-range",
        b"content-type",
        b"cookie",
        b"date",
        b"expect",
        b"host",
        b"location",
        b"origin",
        b"range",
        b"referer",
        b"set-cookie",
        b"trailer",
        b"vary",
    }
)
_PLAIN_OPTIONS = frozenset({b"close", b"keep-alive", b"te", b"upgrade"})


_LONGEST_REMEMBERED = 128
_MOST_REMEMBERED = 512


def nominated(connection: bytes) -> frozenset[bytes]:
    """Return the names, in lower case, that a Connection value makes hop-by-hop."""
    if len(connection) > _LONGEST_REMEMBERED:
        return _nominated(connection)
    return _remembered(connection)


def _nominated(connection: bytes) -> frozenset[bytes]:
    return frozenset(tokens([connection]) - _PLAIN_OPTIONS - NEVER - ALWAYS)


_remembered = lru_cache(maxsize=_MOST_REMEMBERED)(_nominated)


def without_nominated(fields: list[Field], connections: Iterable[bytes]) -> list[Field]:
    """Return *fields* without those that the *connections* values name."""
    for connection in connections:
        names = nominated(connection)
        if names:
            fields = [field for field in fields if field[0].lower() not in names]
    return fields


def end_to_end(fields: Fields) -> list[Field]:
    """Return *fields* without those that are hop-by-hop or named in Connection."""
    kept = [field for field in fields if field[0].lower() not in ALWAYS]
    return without_nominated(kept, values(fields, b"connection"))
