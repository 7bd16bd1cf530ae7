"""Holds what a client has sent until a request head is whole."""

from gateway.proxying.request_head import RequestRefused

_TOKEN = (
    b"!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
)


class Inbox:
    """``data``: bytes of a connection that nobody has read yet.

    *limit* is the length of the longest head.
    """

    __slots__ = ("_limit", "_searched", "data")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self.data: bytes | bytearray = b""
        self._searched = 0

    def feed(self, data: bytes) -> None:
        """Append *data*."""
        if not self.data:
            self.data = data
        elif isinstance(self.data, bytearray):  # in place: what comes in bits costs
            self.data += data  # its length, not the square of it
        else:
            self.data = bytearray(self.data) + data

    def take_all(self) -> bytes:
        """Return everything, and be empty."""
        data, self.data, self._searched = self.data, b"", 0
        return bytes(data)

    def take_head(self) -> bytes | None:
        """Return a whole head with its empty line; None where more must come.

        Raises RequestRefused as soon as what has come can become no head: 400, or 431
        where it is too long.  What can never end must not wait for a time-out.
        """
        if not self.data:
            return None
        if self.data[:2] == b"\r\n":  # RFC 9112 §2.2: ignore one empty line
            self.data = self.data[2:]
            self._searched = 0
        data = self.data
        end = data.find(b"\r\n\r\n", self._searched)
        if end > self._limit or (end < 0 and len(data) > self._limit):
            reason = "the request's head is too large: too many cookies, perhaps?"
            raise RequestRefused(431, reason, limit="header_size")
        if end < 0:
            self._check_beginning(data)
            self._searched = max(0, len(data) - 3)
            return None
        end += 4
        self._searched = 0
        if end == len(data):  # as nearly always: without a copy
            self.data = b""
            return bytes(data)
        self.data = data[end:]
        return bytes(data[:end])

    def _check_beginning(self, data: bytes | bytearray) -> None:
        if data[:1] != b"\r" and data[:1].translate(None, _TOKEN):
            raise RequestRefused(400, "this is not HTTP")
        fresh = data[max(0, self._searched - 1) :]
        line_feeds, carriage_returns = fresh.count(b"\n"), fresh.count(b"\r")
        pairs = fresh.count(b"\r\n")
        cut = self._searched > 0 and fresh[:1] == b"\n"  # its CR was looked at before
        if (
            line_feeds - cut != pairs
            or carriage_returns - fresh.endswith(b"\r") != pairs
        ):
            raise RequestRefused(400, "a bare CR or LF in the head")
