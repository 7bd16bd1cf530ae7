"""Reads one response out of the bytes of a connection; does no I/O."""

from collections.abc import Callable
from dataclasses import dataclass

from gateway.fields import Field
from gateway.proxying.chunked import ChunkedDecoder
from gateway.proxying.field_lines import FieldsInvalid
from gateway.proxying.upstream.response_head import (
    Framing,
    ResponseHead,
    parse_response_head,
)

_MOST_INTERIM = 16  # 1xx responses before one that counts


class HeadTooLarge(FieldsInvalid):
    """The head of a response is longer than we take."""


@dataclass(frozen=True, slots=True)
class HeadLimits:
    """The longest head in bytes, and the most fields in it."""

    size: int
    count: int


def _nobody(_head: ResponseHead) -> None:
    pass


class ResponseReader:
    """Reads the responses of one connection, each from ``begin`` to ``end``.

    Between these a response ``is_due``.  ``head`` is set once the final head is there,
    ``complete`` once the body is, ``extra`` holds bytes behind it: after these no other
    can follow.
    """

    __slots__ = (
        "_chunks",
        "_held",
        "_interim",
        "_left",
        "_limits",
        "_method",
        "_on_interim",
        "_searched",
        "_upgrade",
        "complete",
        "extra",
        "head",
        "is_due",
    )

    def __init__(self, limits: HeadLimits) -> None:
        self._limits = limits
        self._held: bytes | bytearray = b""  # of a head that is not whole
        self._searched = 0  # bytes of it that hold no end
        self._left = 0
        self.extra = b""
        self.begin("GET", _nobody, upgrade=False)
        self.is_due = False

    def begin(
        self, method: str, on_interim: Callable[[ResponseHead], None], *, upgrade: bool
    ) -> None:
        """Make ready for the response to a request with *method*.

        *upgrade* says whether it asked to switch protocols; *on_interim* is called
        with each 1xx head.
        """
        self._method = method
        self._upgrade = upgrade
        self._on_interim = on_interim
        self._interim = 0
        self._chunks: ChunkedDecoder | None = None
        self.head: ResponseHead | None = None
        self.complete = False
        self.is_due = True

    def end(self) -> bool:
        """Let go of who asked.  Return whether another response can follow."""
        self.is_due = False
        self._on_interim = _nobody
        head = self.head
        return self.complete and head is not None and head.keep_alive and not self.extra

    @property
    def has_begun(self) -> bool:
        """Whether a byte of the response has come."""
        return self.head is not None or self._interim > 0 or bool(self._held)

    @property
    def trailers(self) -> list[Field]:
        """The trailer fields of a complete chunked body."""
        return self._chunks.trailers if self._chunks is not None else []

    def feed(self, data: bytes) -> bytes:
        """Return the payload within *data*.  Raises FieldsInvalid, HeadTooLarge."""
        if self.head is not None:
            return self._feed_body(data, self.head.framing)
        if self._held:
            return self._feed_head(data)
        raw, end, rest = data.partition(b"\r\n\r\n")
        if not end or len(raw) > self._limits.size:
            return self._feed_head(data)
        head = parse_response_head(raw, self._method, self._limits.count)
        if head.length == len(rest):  # a whole response, as nearly always (hot path)
            self.head = head
            self.complete = True
            return rest
        return self._take_head(head, rest)

    def _feed_head(self, data: bytes) -> bytes:
        """Read a head that comes in bits, and what stands behind it."""
        gathered: bytes | bytearray = data
        if self._held:  # grown in place: it costs its length, not the square of it
            self._held += data
            gathered, self._held = self._held, b""
        end = self._end_of_head(gathered)
        if end < 0:
            whole = isinstance(gathered, bytes)
            self._held = bytearray(gathered) if whole else gathered
            return b""
        raw = bytes(gathered[:end])
        head = parse_response_head(raw, self._method, self._limits.count)
        return self._take_head(head, bytes(gathered[end + 4 :]))

    def _end_of_head(self, data: bytes | bytearray) -> int:
        end = data.find(b"\r\n\r\n", self._searched)
        if end > self._limits.size or (end < 0 and len(data) > self._limits.size):
            raise HeadTooLarge("the head is too large")
        if end < 0 and not b"HTTP/1.".startswith(data[:7]):
            raise FieldsInvalid("not a status line of HTTP/1.1")
        self._searched = max(0, len(data) - 3) if end < 0 else 0
        return end

    def _take_head(self, head: ResponseHead, rest: bytes) -> bytes:
        """Take *head* in.  Return the payload within *rest*, which stands behind it."""
        if head.framing is Framing.TUNNEL:
            if not self._upgrade:
                raise FieldsInvalid("a 101 that nobody asked for")
        elif head.status < 200:  # noqa: PLR2004
            self._interim += 1
            if self._interim > _MOST_INTERIM:
                raise FieldsInvalid("a flood of interim responses")
            self._on_interim(head)
            return self.feed(rest) if rest else b""
        self.head = head
        self._left = head.length
        self.complete = head.framing is Framing.NONE
        if head.framing is Framing.CHUNKED:
            self._chunks = ChunkedDecoder(extensions=True)
        return self._feed_body(rest, head.framing) if rest else b""

    def _feed_body(self, data: bytes, framing: Framing) -> bytes:
        if self.complete or framing is Framing.TUNNEL:
            self.extra += data
            return b""
        if self._chunks is not None:
            payload = self._chunks.feed(data)
            self.complete = self._chunks.complete
            self.extra = self._chunks.rest
            return payload
        if framing is Framing.UNTIL_CLOSE:
            return data
        self._left -= len(data)
        if self._left > 0:
            return data
        self.complete = True
        if self._left:
            data, self.extra = data[: self._left], data[self._left :]
        return data

    def feed_eof(self) -> None:
        """Take note that the upstream has closed; ``complete`` says if that is well."""
        if self.head is not None and self.head.framing is Framing.UNTIL_CLOSE:
            self.complete = True
