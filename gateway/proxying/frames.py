"""Where WebSocket frames end (RFC 6455 §5.2), by their lengths alone.

Only what is needed to put a Close frame between two frames of somebody else's.
"""

_MASKED = 0x80
_SHORT, _LONG = 126, 127  # lengths that stand in 2 and in 8 bytes of their own
_CLOSE = 0x88  # the whole of a message, and a close


class FrameEnds:
    """Follows the frames that pass in one direction."""

    __slots__ = ("_head", "_left")

    def __init__(self) -> None:
        self._left = 0  # bytes of the current frame that are still to come
        self._head = b""  # the beginning of a frame that does not tell its length yet

    @property
    def between(self) -> bool:
        """Whether all that passed is whole frames."""
        return not self._left and not self._head

    def feed(self, data: bytes) -> None:
        """Take note that *data* passes."""
        size = len(data)
        if self._left >= size:
            self._left -= size
            return
        at = self._left
        if self._head:
            data = self._head + data
            size = len(data)
        self._left, self._head = 0, b""
        while at < size:
            length = _length(data, at)
            if not length:
                self._head = data[at:]
                return
            at += length
        self._left = at - size

    def rest(self, data: bytes) -> int | None:
        """Return how much of *data* belongs to the current frame; None for all.

        None too where the frame goes on behind it.
        """
        left = self._left
        if self._head:
            left = _length(self._head + data, 0) - len(self._head)
            if left <= 0:
                return None
        return left if left <= len(data) else None


def close_frame(code: int, reason: str) -> bytes:
    """Return a server's Close frame; *reason* has at most 123 bytes (§5.5.1)."""
    payload = code.to_bytes(2, "big") + reason.encode()
    return bytes((_CLOSE, len(payload))) + payload


def _length(data: bytes, at: int) -> int:
    """Return how long the frame at *at* is, 0 where *data* does not tell yet."""
    known = len(data) - at
    if known < 2:  # noqa: PLR2004 - flags and length
        return 0
    second = data[at + 1]
    length = second & ~_MASKED
    head = 6 if second & _MASKED else 2
    if length < _SHORT:
        return head + length
    size = 8 if length == _LONG else 2
    if known < 2 + size:
        return 0
    return head + size + int.from_bytes(data[at + 2 : at + 2 + size], "big")
