"""A second opinion on what bytes mean: HTTP/1.1, read as strictly as the RFCs allow.

It shares no code with the gateway, on purpose: it is the oracle of the smuggling tests
and the ear of the upstream behind them (RFC 9110 §5, RFC 9112 §2-7).
"""

import re
from dataclasses import dataclass, replace

Field = tuple[bytes, bytes]

_REQUEST_LINE = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+) (\S+) HTTP/1\.([01])")
_STATUS_LINE = re.compile(rb"HTTP/1\.1 ([1-9][0-9][0-9]) [^\r\n]*")
_FIELD = re.compile(
    rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*((?:[\x21-\x7e\x80-\xff]"
    rb"(?:[ \t\x21-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?)?)[ \t]*"
)
_CHUNK_SIZE = re.compile(rb"[0-9A-Fa-f]{1,15}")
_ABSOLUTE = re.compile(rb"(?i:https?)://[^/?#]*(.*)")


class MalformedError(Exception):
    """Bytes that have no single meaning; the message says why."""


@dataclass(frozen=True, slots=True)
class Message:
    """A request or a response; *body* without its framing."""

    start: bytes
    fields: tuple[Field, ...]
    body: bytes = b""
    trailers: tuple[Field, ...] = ()

    @property
    def method(self) -> bytes:
        """The method of a request."""
        return self.start.split(b" ")[0]

    @property
    def target(self) -> bytes:
        """The target of a request in origin-form."""
        target = self.start.split(b" ")[1]
        absolute = _ABSOLUTE.fullmatch(target)
        if absolute is None:
            return target
        return absolute[1] if absolute[1].startswith(b"/") else b"/" + absolute[1]

    @property
    def status(self) -> int:
        """The status of a response."""
        return int(self.start.split(b" ")[1])

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode("utf-8", "replace")

    def values(self, name: bytes) -> list[bytes]:
        """Return the values of every field called *name*."""
        return [value for key, value in self.fields if key.lower() == name.lower()]

    def value(self, name: bytes) -> bytes | None:
        """Return the only field called *name*, None without one."""
        found = self.values(name)
        assert len(found) <= 1, found
        return found[0] if found else None


Taken = tuple[Message, bytes]  # a message, and the bytes behind it


def take_request(data: bytes) -> Taken | None:
    """Return the first request in *data*, None where more must come.

    Raises MalformedError.
    """
    data = data.removeprefix(b"\r\n")  # RFC 9112 §2.2: one empty line is ignored
    head = _head(data)
    if head is None:
        return None
    start, fields, rest = head
    line = _REQUEST_LINE.fullmatch(start)
    if line is None:
        raise MalformedError(f"request line {start!r}")
    if line[3] == b"1" and len(_named(fields, b"host")) != 1:
        raise MalformedError("Host is missing or repeated")
    if line[3] == b"0" and _named(fields, b"transfer-encoding"):
        raise MalformedError("Transfer-Encoding in HTTP/1.0")
    return _with_body(start, fields, rest, bodiless=False, default=0)


def take_response(data: bytes, method: bytes = b"GET") -> Taken | None:
    """Return the first response in *data*, to a request with *method*.

    None where more must come; what ends with the connection must be whole already.
    Raises MalformedError.
    """
    head = _head(data)
    if head is None:
        return None
    start, fields, rest = head
    line = _STATUS_LINE.fullmatch(start)
    if line is None:
        raise MalformedError(f"status line {start!r}")
    bodiless = method == b"HEAD" or line[1] in {b"204", b"304"} or line[1] < b"200"
    return _with_body(start, fields, rest, bodiless=bodiless, default=len(rest))


def responses(data: bytes, methods: tuple[bytes, ...] = ()) -> list[Message]:
    """Return all final responses in *data*, to requests with *methods* (GET).

    Raises MalformedError, also for a response that is not whole.
    """
    found: list[Message] = []
    while data:
        method = methods[len(found)] if len(found) < len(methods) else b"GET"
        taken = take_response(data, method)
        if taken is None:
            raise MalformedError(f"cut off: {data!r}")
        message, data = taken
        if message.status >= 200 or message.status == 101:
            found.append(message)
        if message.status == 101:
            break  # what follows is another protocol
    return found


def _head(data: bytes) -> tuple[bytes, tuple[Field, ...], bytes] | None:
    end = data.find(b"\r\n\r\n")
    if end < 0:
        return None
    start, *lines = data[:end].split(b"\r\n")
    return start, _fields(lines), data[end + 4 :]


def _fields(lines: list[bytes]) -> tuple[Field, ...]:
    found: list[Field] = []
    for line in lines:
        match = _FIELD.fullmatch(line)
        if match is None:
            raise MalformedError(f"field line {line!r}")
        found.append((match[1], match[2]))
    return tuple(found)


def _named(fields: tuple[Field, ...], name: bytes) -> list[bytes]:
    return [value for key, value in fields if key.lower() == name]


def _with_body(
    start: bytes,
    fields: tuple[Field, ...],
    rest: bytes,
    *,
    bodiless: bool,
    default: int,
) -> Taken | None:
    encodings = _named(fields, b"transfer-encoding")
    lengths = _named(fields, b"content-length")
    if encodings and (lengths or [one.lower() for one in encodings] != [b"chunked"]):
        raise MalformedError(f"framing: {encodings} and {lengths}")
    if lengths and (len(lengths) > 1 or not re.fullmatch(rb"[0-9]{1,18}", lengths[0])):
        raise MalformedError(f"framing: {lengths}")
    if bodiless:
        return Message(start, fields), rest
    if encodings:
        return _chunked(start, fields, rest)
    length = int(lengths[0]) if lengths else default
    if len(rest) < length:
        return None
    return Message(start, fields, rest[:length]), rest[length:]


def _chunked(start: bytes, fields: tuple[Field, ...], rest: bytes) -> Taken | None:
    body = b""
    while (size := _chunk_size(rest)) is not None:
        rest = rest.partition(b"\r\n")[2]
        if not size:
            return _with_trailers(Message(start, fields, body), rest)
        chunk, ending, rest = rest[:size], rest[size : size + 2], rest[size + 2 :]
        if len(ending) < 2:
            return None
        if ending != b"\r\n":
            raise MalformedError("a chunk longer than its size")
        body += chunk
    return None


def _chunk_size(rest: bytes) -> int | None:
    line, ending, _ = rest.partition(b"\r\n")
    if not ending:
        return None
    if not _CHUNK_SIZE.fullmatch(line):
        raise MalformedError(f"chunk size {line!r}")
    return int(line, 16)


def _with_trailers(message: Message, rest: bytes) -> Taken | None:
    if rest.startswith(b"\r\n"):
        return message, rest[2:]
    section, ending, rest = rest.partition(b"\r\n\r\n")
    if not ending:
        return None
    return replace(message, trailers=_fields(section.split(b"\r\n"))), rest
