"""Reads the head of a request, in exactly one way or not at all (RFC 9112 §2-6)."""

from dataclasses import dataclass

from gateway.fields import Field
from gateway.proxying.field_lines import (
    FieldsInvalid,
    content_length,
    is_token,
    parse_fields,
    split_head,
    tokens,
)

_VERSION = b"HTTP/"
_LONGEST_METHOD = 32


class RequestRefused(Exception):  # noqa: N818 - says what is the case
    """A request that is not served: *status* is the answer, the message says why."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


@dataclass(slots=True)
class RequestHead:
    """A request line with its fields, and what they decide.

    It would be frozen but for the hot path: freezing costs a microsecond a request.
    """

    method: str
    target: bytes
    minor: int  # of HTTP/1.x: 0 or 1
    fields: list[Field]
    length: int  # of the body in bytes; 0 where it is chunked or there is none
    chunked: bool
    keep_alive: bool
    expects_continue: bool
    wants_upgrade: bool  # a WebSocket handshake


def parse_request_head(head: bytes, most_fields: int) -> RequestHead:
    """Return what *head*, the bytes before the empty line, says.

    Raises RequestRefused: 400 for what is malformed or ambiguous, 431 for more than
    *most_fields* fields, 505 for another version of HTTP.
    """
    try:
        lines = split_head(head)
        method, target, minor = _request_line(lines[0])
        if len(lines) - 1 > most_fields:
            raise RequestRefused(431, "too many header fields")
        fields, decisive = parse_fields(lines[1:], most_fields)
        return _decide(
            RequestHead(method, target, minor, fields, 0, *_NOTHING), decisive
        )
    except FieldsInvalid as error:
        raise RequestRefused(400, str(error)) from error


_NOTHING = (False, True, False, False)


def _request_line(line: bytes) -> tuple[str, bytes, int]:
    method, space, rest = line.partition(b" ")
    target, second, version = rest.partition(b" ")
    if not space or not second or not target or b"\t" in target:
        raise RequestRefused(400, "a malformed request line")
    if not is_token(method) or len(method) > _LONGEST_METHOD:
        raise RequestRefused(400, "a method that is not a token")
    if version == b"HTTP/1.1":
        return method.decode("ascii"), target, 1
    if version == b"HTTP/1.0":
        return method.decode("ascii"), target, 0
    well_formed = len(version) == 8 and version[:5] == _VERSION  # noqa: PLR2004
    raise RequestRefused(505 if well_formed else 400, "not HTTP/1.1")


def _decide(head: RequestHead, decisive: list[tuple[bytes, bytes]]) -> RequestHead:
    """Fill in what the *decisive* fields say about body and connection."""
    if len(decisive) == 1 and decisive[0][0] == b"host" and head.minor:
        return head  # what most requests are
    by_name: dict[bytes, list[bytes]] = {}
    for name, value in decisive:
        by_name.setdefault(name, []).append(value)
    _check_host(by_name.get(b"host", []), head.minor)
    _decide_body(head, by_name)
    if b"connection" in by_name or not head.minor:
        _decide_connection(head, by_name)
    if head.minor and b"expect" in by_name:
        head.expects_continue = tokens(by_name[b"expect"]) == {b"100-continue"}
    return head


def _decide_body(head: RequestHead, by_name: dict[bytes, list[bytes]]) -> None:
    encodings = by_name.get(b"transfer-encoding")
    if encodings is not None:
        _check_chunked(encodings, head.minor, b"content-length" in by_name)
        head.chunked = True
    elif (lengths := by_name.get(b"content-length")) is not None:
        head.length = content_length(lengths) or 0


def _decide_connection(head: RequestHead, by_name: dict[bytes, list[bytes]]) -> None:
    options = tokens(by_name.get(b"connection", ()))
    head.keep_alive = (
        b"close" not in options if head.minor else b"keep-alive" in options
    )
    if b"upgrade" in options and b"upgrade" in by_name:
        head.wants_upgrade = _is_handshake(head, by_name[b"upgrade"])


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


def _is_handshake(head: RequestHead, protocols: list[bytes]) -> bool:
    """Tell whether this is a WebSocket handshake (RFC 6455 §4.1).

    A GET of HTTP/1.1 without a body.  Whatever else asks for an upgrade is an
    ordinary request, and its Upgrade field stays here.
    """
    return (
        head.method == "GET"
        and head.minor == 1
        and not head.chunked
        and not head.length
        and tokens(protocols) == {b"websocket"}
    )
