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
_LONGEST_REMEMBERED = 256
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
# Lines seen before, as most are: the field, and its lower-case name where that decides.
# It only remembers what _learn works out, and takes less than two megabytes.
_seen: dict[bytes, tuple[Field, bytes]] = {}


def is_token(value: bytes) -> bool:
    """Tell whether *value* is a token (RFC 9110 §5.6.2)."""
    return bool(value) and not value.translate(None, _TOKEN)


def has_controls(data: bytes) -> bool:
    """Tell whether *data* holds a control byte other than HTAB (RFC 9110 §5.5)."""
    return len(data.translate(None, _CONTROLS)) != len(data)


def split_head(head: bytes) -> list[bytes]:
    """Return the lines of *head*, which ends before its empty line.

    CR and LF that are not part of a CRLF are left in them, for parse_fields() to find.
    """
    return head.split(b"\r\n")


def parse_fields(
    lines: list[bytes], limit: int
) -> tuple[list[Field], list[tuple[bytes, bytes]]]:
    """Return the fields of *lines* as (name, value), and again those that decide.

    The second list holds the DECISIVE ones, with lower-case names.  *limit* is the
    number of fields allowed.  Raises FieldsInvalid, also for control bytes.
    """
    if len(lines) > limit:
        raise FieldsInvalid("too many header fields")
    fields: list[Field] = []
    decisive: list[tuple[bytes, bytes]] = []
    for line in lines:
        field, kind = _seen.get(line) or _learn(line)
        if kind:
            decisive.append((kind, field[1]))
        fields.append(field)
    return fields, decisive


def _learn(line: bytes) -> tuple[Field, bytes]:
    name, colon, value = line.partition(b":")
    if has_controls(line):
        raise FieldsInvalid("a control byte in the head")
    if not colon:
        raise FieldsInvalid("a header line without a colon")
    if not is_token(name):
        raise FieldsInvalid("a header name that is not a token")
    lower = name.lower()
    learnt = (name, value.strip(b" \t")), lower if lower in DECISIVE else b""
    if len(line) <= _LONGEST_REMEMBERED:
        if len(_seen) >= _MOST_REMEMBERED:
            _seen.clear()
        _seen[line] = learnt
    return learnt


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
