"""Reads the head of a response, and how its body ends (RFC 9112 §4, §6.3)."""

from dataclasses import dataclass
from enum import Enum, auto

from gateway.fields import Field
from gateway.known import Known, Notes
from gateway.proxying.field_lines import (
    FieldsInvalid,
    content_length,
    has_controls,
    parse_fields,
    split_head,
    tokens,
)

_SWITCHING = 101
_NO_CONTENT = 204
_BODYLESS = frozenset({_NO_CONTENT, 304})


class Framing(Enum):
    """How the end of a body is known."""

    NONE = auto()
    LENGTH = auto()
    CHUNKED = auto()
    UNTIL_CLOSE = auto()
    TUNNEL = auto()  # after a 101: bytes of another protocol


@dataclass(slots=True)
class ResponseHead:
    """A status line with its fields.  The reason phrase is not kept.

    Where *notes* are, it is shared by all responses with the same head: nobody may
    change it, but for *notes*, where the relay keeps what it works out of such heads.
    It would be frozen but for the hot path: freezing costs a microsecond a response.
    """

    status: int
    fields: tuple[Field, ...]
    framing: Framing
    length: int  # of the body in bytes; -1 where it is not in the head that it ends
    keep_alive: bool
    notes: Notes | None = None


_known: Known[ResponseHead] = Known()


def parse_response_head(head: bytes, method: str, most_fields: int) -> ResponseHead:
    """Return what *head*, the bytes before the empty line, says.

    *method* is that of the request.  Raises FieldsInvalid, also for framing that two
    recipients could understand differently.
    """
    if method == "HEAD":  # the same bytes mean something else there
        return _read(head, method, most_fields)
    found = _known.get(head)
    if found is None:
        found = _read(head, method, most_fields)
        if b"set-cookie" not in head.lower():  # which comes once, and is a secret
            found.notes = Notes()
            _known.add(head, found)
    elif len(found.fields) > most_fields:
        raise FieldsInvalid("too many header fields")
    return found


def _read(head: bytes, method: str, most_fields: int) -> ResponseHead:
    lines = split_head(head)
    status, minor = _status_line(lines[0])
    fields, decisive = parse_fields(lines[1:], most_fields)
    lengths: list[bytes] = []
    encodings: list[bytes] = []
    options: list[bytes] = []
    for name, value in decisive:
        match name:
            case b"content-length":
                lengths.append(value)
            case b"transfer-encoding":
                encodings.append(value)
            case b"connection":
                options.append(value)
            case _:
                pass
    length = content_length(lengths)
    if encodings:
        _check_chunked(encodings, minor, length)
    if lengths and (status < 200 or status == _NO_CONTENT):  # noqa: PLR2004
        # RFC 9110 §8.6 forbids it: some recipient would wait for the bytes.
        fields = [field for field in fields if field[0].lower() != b"content-length"]
    framing = _framing(method, status, length, chunked=bool(encodings))
    return ResponseHead(
        status,
        tuple(fields),
        framing,
        _body_length(status, framing, length),
        _persists(minor, options, framing),
    )


def _body_length(status: int, framing: Framing, length: int | None) -> int:
    if framing is Framing.LENGTH:
        return length or 0
    return 0 if framing is Framing.NONE and status >= 200 else -1  # noqa: PLR2004


def _status_line(line: bytes) -> tuple[int, int]:
    """Return status and minor version of ``HTTP/1.1 200 OK`` (the reason may lack)."""
    if has_controls(line):
        raise FieldsInvalid("a control byte in the status line")
    version, code = line[:9], line[9:12]
    if version not in {b"HTTP/1.1 ", b"HTTP/1.0 "} or line[12:13] not in {b"", b" "}:
        raise FieldsInvalid("not a status line of HTTP/1.1")
    if len(code) != 3 or not code.isdigit() or code < b"100":  # noqa: PLR2004
        raise FieldsInvalid("a status that is not three digits from 100")
    return int(code), line[7] - 48


def _check_chunked(encodings: list[bytes], minor: int, length: int | None) -> None:
    if length is not None:
        raise FieldsInvalid("both Transfer-Encoding and Content-Length")
    if not minor:
        raise FieldsInvalid("Transfer-Encoding in HTTP/1.0")
    if len(encodings) > 1 or encodings[0].lower() != b"chunked":
        raise FieldsInvalid("a Transfer-Encoding other than chunked")


def _framing(method: str, status: int, length: int | None, *, chunked: bool) -> Framing:
    if status == _SWITCHING:
        return Framing.TUNNEL
    if method == "HEAD" or status < 200 or status in _BODYLESS:  # noqa: PLR2004
        return Framing.NONE
    if chunked:
        return Framing.CHUNKED
    if length is None:
        return Framing.UNTIL_CLOSE
    return Framing.LENGTH if length else Framing.NONE


def _persists(minor: int, options: list[bytes], framing: Framing) -> bool:
    if framing in (Framing.UNTIL_CLOSE, Framing.TUNNEL):
        return False
    if not options:
        return minor == 1
    named = tokens(options)
    return b"close" not in named and (minor == 1 or b"keep-alive" in named)
