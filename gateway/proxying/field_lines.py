"""Reads header field lines strictly, and writes them (RFC 9112 §5, RFC 9110 §5.5).

Obs-fold, whitespace around a name, bare CR or LF, NUL and the other control bytes are
refused on both sides: each is a way to make two parsers disagree.
"""

from collections.abc import Iterable
from functools import lru_cache

from gateway.fields import Field, lines

_TOKEN = (
    b"!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
)
_CONTROLS = bytes((*range(9), *range(10, 32), 127))  # every control byte but HTAB
_LONGEST_REMEMBERED = 64
_MOST_REMEMBERED = 2048
_LONGEST_REMEMBERED_LIST = 128
_MOST_REMEMBERED_LISTS = 512


class FieldsInvalid(ValueError):  # noqa: N818 - says what is the case
    """A head that cannot be read in exactly one way; the message says why."""


# The fields that decide on framing, routing and the life of a connection.
DECISIVE = frozenset(
    {
        b"connection",
        b"content-length",
        b"expect",
        b"host",
        b"transfer-encoding",
        b"upgrade",
    }
)
# Names seen before: b"" where the name decides nothing here, else its lower case.
# It only remembers what _learn works out, and is bounded.
_seen: dict[bytes, bytes] = {}


def is_token(value: bytes) -> bool:
    """Tell whether *value* is a token (RFC 9110 §5.6.2)."""
    return bool(value) and not value.translate(None, _TOKEN)


def has_controls(data: bytes) -> bool:
    """Tell whether *data* holds a control byte other than HTAB (RFC 9110 §5.5)."""
    return len(data.translate(None, _CONTROLS)) != len(data)


def split_head(head: bytes) -> list[bytes]:
    r"""Return the lines of *head*, which ends before its empty line.

    Raises FieldsInvalid for control bytes, and for CR or LF not part of a CRLF.
    """
    lines = head.split(b"\r\n")
    if len(head) - len(head.translate(None, _CONTROLS)) != 2 * (len(lines) - 1):
        raise FieldsInvalid("a control byte in the head")
    return lines


def parse_fields(
    lines: list[bytes], limit: int
) -> tuple[list[Field], list[tuple[bytes, bytes]]]:
    """Return the fields of *lines* as (name, value), and again those that decide.

    The second list holds the DECISIVE ones, with lower-case names.  *limit* is the
    number of fields allowed.  Raises FieldsInvalid.
    """
    if len(lines) > limit:
        raise FieldsInvalid("too many header fields")
    fields: list[Field] = []
    decisive: list[tuple[bytes, bytes]] = []
    for line in lines:
        name, colon, value = line.partition(b":")
        if not colon:
            raise FieldsInvalid("a header line without a colon")
        value = value.strip(b" \t")
        kind = _seen.get(name)
        if kind is None:
            kind = _learn(name)
        if kind:
            decisive.append((kind, value))
        fields.append((name, value))
    return fields, decisive


def _learn(name: bytes) -> bytes:
    if not is_token(name):
        raise FieldsInvalid("a header name that is not a token")
    lower = name.lower()
    kind = lower if lower in DECISIVE else b""
    if len(name) <= _LONGEST_REMEMBERED:
        if len(_seen) >= _MOST_REMEMBERED:
            _seen.clear()
        _seen[name] = kind
    return kind


def tokens(values: Iterable[bytes]) -> set[bytes]:
    """Return the members of comma-separated lists, in lower case."""
    found: set[bytes] = set()
    for value in values:
        short = len(value) <= _LONGEST_REMEMBERED_LIST
        found |= _remembered(value) if short else _members(value)
    return found


def _members(value: bytes) -> frozenset[bytes]:
    parts = (part.strip(b" \t") for part in value.lower().split(b","))
    return frozenset(part for part in parts if part)


_remembered = lru_cache(maxsize=_MOST_REMEMBERED_LISTS)(_members)


def content_length(values: list[bytes]) -> int | None:
    """Return the one Content-Length of *values*, None where there is none.

    Raises FieldsInvalid for more than one, or what is not 1*19DIGIT (RFC 9112 §6.3).
    """
    if not values:
        return None
    if len(values) > 1 or not values[0].isdigit() or len(values[0]) > 19:  # noqa: PLR2004
        raise FieldsInvalid("Content-Length is malformed or repeated")
    return int(values[0])


def serialise(start: bytes, fields: Iterable[Field]) -> bytes:
    """Return a head: *start* (with its CRLF), the lines of *fields*, an empty line."""
    return b"%b%b\r\n" % (start, lines(fields))
