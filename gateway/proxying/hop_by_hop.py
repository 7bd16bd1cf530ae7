"""Removes what concerns one connection only (RFC 9110 §7.6.1)."""

from gateway.fields import Field, Fields
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


def nominated(fields: Fields) -> frozenset[bytes]:
    """Return the names, in lower case, that Connection declares to be hop-by-hop."""
    options = tokens(value for name, value in fields if name.lower() == b"connection")
    return frozenset(options - _PLAIN_OPTIONS - NEVER - ALWAYS)


def end_to_end(fields: Fields) -> list[Field]:
    """Return *fields* without those that are hop-by-hop or named in Connection."""
    dropped = ALWAYS | nominated(fields)
    return [field for field in fields if field[0].lower() not in dropped]
