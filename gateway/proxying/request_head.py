"""Reads the head of a request, in exactly one way or not at all (RFC 9112 §2-6)."""

from dataclasses import dataclass, field

from gateway.fields import Field
from gateway.known import Known, LineNotes, Notes
from gateway.proxying.field_lines import (
    FieldsInvalid,
    content_length,
    has_controls,
    is_token,
    parse_fields,
    split_head,
    tokens,
)

_VERSION = b"HTTP/"
_LONGEST_METHOD = 32
# Of a head that is remembered: 200 small ones take ten times the bytes they came in.
MOST_FIELDS = 64
_METHODS = {
    name.encode("ascii"): name
    for name in ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")
}
_TOO_MANY = "too many header fields"


class RequestRefused(Exception):  # noqa: N818 - says what is the case
    """A request that is not served: *status* is the answer, the message says why.

    *limit* names the limit that it met, where it met one.
    """

    def __init__(self, status: int, reason: str, *, limit: str = "") -> None:
        super().__init__(reason)
        self.status = status
        self.limit = limit


@dataclass(slots=True)
class Meaning:
    """What the lines behind a request line say, whatever that line is.

    It is shared by all requests with the same lines: nobody may change it, but for
    *notes*, where later steps keep what they work out of such lines.
    """

    fields: tuple[Field, ...]
    length: int = 0  # of the body in bytes; 0 where it is chunked or there is none
    chunked: bool = False
    keep_alive: bool = True
    expects_continue: bool = False
    wants_websocket: bool = False
    notes: Notes = field(default_factory=Notes)


@dataclass(slots=True)
class RequestHead:
    """A request line with its fields, and what they decide.

    It is shared by all requests with the same head: nobody may change it, but for
    *line_notes*, where later steps keep what they work out of this very line with these
    fields (and *notes*, of the fields alone).  It would be frozen but for the hot path:
    freezing costs a microsecond where no two requests are alike.
    """

    method: str
    target: bytes
    minor: int  # of HTTP/1.x: 0 or 1
    fields: tuple[Field, ...]
    length: int
    chunked: bool
    keep_alive: bool
    expects_continue: bool
    wants_upgrade: bool  # a WebSocket handshake
    notes: Notes  # of its Meaning
    # Each has its own: one that was made of another by replace() as well.
    line_notes: Notes = field(init=False, compare=False, default_factory=LineNotes)


_known: Known[Meaning] = Known(from_second=True)  # of HTTP/1.1


def parse_request_head(head: bytes, most_fields: int) -> RequestHead:
    """Return what *head*, the bytes before the empty line, says.

    Raises RequestRefused: 400 for what is malformed or ambiguous, 431 for more than
    *most_fields* fields, 505 for another version of HTTP.
    """
    line, end, rest = head.partition(b"\r\n")
    method, target, minor = _request_line(line)
    meaning = _known.get(rest) if minor else None
    if meaning is None:
        try:
            meaning = _meaning(split_head(rest) if end else [], minor, most_fields)
        except FieldsInvalid as error:
            raise RequestRefused(400, str(error)) from error
        if minor and len(meaning.fields) <= MOST_FIELDS:
            _known.add(rest, meaning)
    elif len(meaning.fields) > most_fields:
        raise RequestRefused(431, _TOO_MANY)
    return RequestHead(
        method,
        target,
        minor,
        meaning.fields,
        meaning.length,
        meaning.chunked,
        # What follows a CONNECT is meant for somebody else (RFC 9110 §9.3.6).
        meaning.keep_alive and method != "CONNECT",
        meaning.expects_continue,
        meaning.wants_websocket and method == "GET",
        meaning.notes,
    )


def _request_line(line: bytes) -> tuple[str, bytes, int]:
    method, space, rest = line.partition(b" ")
    target, second, version = rest.partition(b" ")
    if (
        not space
        or not second
        or not target
        or has_controls(line)
        or target.find(b"\t") >= 0
    ):
        raise RequestRefused(400, "a malformed request line")
    name = _METHODS.get(method)
    if name is None:
        if not is_token(method) or len(method) > _LONGEST_METHOD:
            raise RequestRefused(400, "a method that is not a token")
        name = method.decode("ascii")
    if version == b"HTTP/1.1":
        return name, target, 1
    if version == b"HTTP/1.0":
        return name, target, 0
    well_formed = len(version) == 8 and version[:5] == _VERSION  # noqa: PLR2004
    raise RequestRefused(505 if well_formed else 400, "not HTTP/1.1")


def _meaning(lines: list[bytes], minor: int, most_fields: int) -> Meaning:
    """Return what *lines* mean in HTTP/1.*minor*."""
    if len(lines) > most_fields:
        raise RequestRefused(431, _TOO_MANY)
    fields, decisive = parse_fields(lines, most_fields)
    meaning = Meaning(tuple(fields))
    by_name: dict[bytes, list[bytes]] = {}
    for name, value in decisive:
        by_name.setdefault(name, []).append(value)
    _check_host(by_name.get(b"host", []), minor)
    encodings = by_name.get(b"transfer-encoding")
    if encodings is not None:
        _check_chunked(encodings, minor, b"content-length" in by_name)
        meaning.chunked = True
    elif (lengths := by_name.get(b"content-length")) is not None:
        meaning.length = content_length(lengths) or 0
    options = tokens(by_name.get(b"connection", ()))
    meaning.keep_alive = b"close" not in options if minor else b"keep-alive" in options
    if minor and b"upgrade" in options:
        bodyless = not meaning.chunked and not meaning.length
        protocols = tokens(by_name.get(b"upgrade", ()))
        # RFC 6455 §4.1.  Whatever else asks for an upgrade is an ordinary request,
        # and its Upgrade field stays here.
        meaning.wants_websocket = bodyless and protocols == {b"websocket"}
    if minor and b"expect" in by_name:
        meaning.expects_continue = tokens(by_name[b"expect"]) == {b"100-continue"}
    return meaning


def _check_host(hosts: list[bytes], minor: int) -> None:
    # RFC 9112 §3.2: a server MUST answer 400 to a missing or repeated Host.
    if len(hosts) > 1 or (minor and not hosts):
        raise RequestRefused(400, "Host is missing or repeated")


def _check_chunked(encodings: list[bytes], minor: int, has_length: bool) -> None:  # noqa: FBT001
    # RFC 9112 §6.1 lets a server refuse both; every leniency here was a smuggling bug.
    if has_length:
        raise RequestRefused(400, "both Transfer-Encoding and Content-Length")
    if not minor:
        raise RequestRefused(400, "Transfer-Encoding in HTTP/1.0")
    if len(encodings) > 1 or encodings[0].lower() != b"chunked":
        raise RequestRefused(400, "a Transfer-Encoding other than chunked")
