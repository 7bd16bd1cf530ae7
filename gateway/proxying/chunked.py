"""The chunked coding: taken apart and put together (RFC 9112 §7.1)."""

from gateway.fields import Field
from gateway.proxying.field_lines import FieldsInvalid, parse_fields, split_head

LAST_CHUNK = b"0\r\n\r\n"
_HEX = b"0123456789abcdefABCDEF"
_LONGEST_SIZE_LINE = 4096
_MOST_DIGITS = 15
_LONGEST_TRAILERS = 16 * 1024
_MOST_TRAILERS = 64


class ChunkedDecoder:
    """Takes a chunked body apart as its bytes come.

    *extensions* says whether chunk extensions are skipped (as RFC 9112 asks of a
    recipient) or refused: clients have no use for them but smuggling.
    After the end ``complete`` is true, ``trailers`` holds the trailer fields and
    ``rest`` the bytes behind the body.
    """

    __slots__ = (
        "_between",
        "_extensions",
        "_held",
        "_left",
        "_searched",
        "complete",
        "rest",
        "trailers",
    )

    def __init__(self, *, extensions: bool) -> None:
        self._extensions = extensions
        self._held = b""  # an incomplete line, or incomplete trailers
        self._searched = 0  # bytes of it that hold no end
        self._left = 0  # bytes of the current chunk still to come
        self._between = False  # the CRLF behind a chunk's data is due
        self.complete = False
        self.trailers: list[Field] = []
        self.rest = b""

    def feed(self, data: bytes) -> bytes:
        """Return the payload within *data*.  Raises FieldsInvalid."""
        if self._left > len(data):  # the common case of a large body
            self._left -= len(data)
            return data
        if self._held:
            data, self._held = self._held + data, b""
        payload: list[bytes] = []
        position = 0
        while position >= 0:
            if self._left:
                position = self._take(data, position, payload)
            elif self._between:
                position = self._end_of_chunk(data, position)
            else:
                position = self._size_line(data, position)
        return payload[0] if len(payload) == 1 else b"".join(payload)

    def _take(self, data: bytes, position: int, payload: list[bytes]) -> int:
        part = data[position : position + self._left]
        if part:
            payload.append(part)
            self._left -= len(part)
        if self._left:
            return -1
        self._between = True
        return position + len(part)

    def _end_of_chunk(self, data: bytes, position: int) -> int:
        ending = data[position : position + 2]
        if not b"\r\n".startswith(ending):
            raise FieldsInvalid("a chunk longer than its size")
        if len(ending) < 2:  # noqa: PLR2004
            self._held = ending
            return -1
        self._between = False
        return position + 2

    def _size_line(self, data: bytes, position: int) -> int:
        new, self._searched = position + self._searched, 0
        end = data.find(b"\r\n", position, position + _LONGEST_SIZE_LINE)
        if end < 0:
            if len(data) - position >= _LONGEST_SIZE_LINE or data.find(b"\n", new) >= 0:
                raise FieldsInvalid("a chunk size without end")
            self._hold(data, position)
            return -1
        size = self._size(data[position:end])
        if size == 0:
            return self._trailer_section(data, position, end, max(new - 3, end + 2))
        self._left = size
        return end + 2

    def _hold(self, data: bytes, position: int) -> None:
        """Keep *data* from *position* on until more of it has come."""
        self._held = data[position:]
        self._searched = len(self._held)

    def _size(self, line: bytes) -> int:
        digits, semicolon, _ = line.partition(b";")
        if self._extensions:
            digits = digits.rstrip(b" \t")
        elif semicolon:
            raise FieldsInvalid("a chunk extension")
        if not digits or len(digits) > _MOST_DIGITS or digits.translate(None, _HEX):
            raise FieldsInvalid("a chunk size that is not a number")
        return int(digits, 16)

    def _trailer_section(self, data: bytes, start: int, end: int, new: int) -> int:
        """Read what follows the last chunk; from *start* again when more must come.

        Its end is not before *new*.
        """
        if data[end : end + 4] == b"\r\n\r\n":
            close = end
        else:
            close = data.find(b"\r\n\r\n", new, end + _LONGEST_TRAILERS)
        if close < 0:
            if len(data) - end >= _LONGEST_TRAILERS:
                raise FieldsInvalid("trailers without end")
            self._hold(data, start)
            return -1
        if close > end:
            lines = split_head(data[end + 2 : close])
            self.trailers, _ = parse_fields(lines, _MOST_TRAILERS)
        self.complete = True
        self.rest = data[close + 4 :]
        return -1


def chunk(payload: bytes) -> bytes:
    """Return *payload*, which is not empty, as one chunk."""
    return b"%x\r\n%b\r\n" % (len(payload), payload)


def last_chunk(trailers: list[Field]) -> bytes:
    """Return the end of a chunked body that carries *trailers*."""
    if not trailers:
        return LAST_CHUNK
    lines = b"".join(b"%b: %b\r\n" % field for field in trailers)
    return b"0\r\n%b\r\n" % lines
