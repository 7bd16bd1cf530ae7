"""Where a message ends: four bytes of length, then so many."""

LONGEST = 64 * 1024 * 1024  # bytes; the metrics of a thousand routes take five
_HEAD = 4


class FrameTooLong(Exception):  # noqa: N818 - says what is the case
    """A message that is longer than any may be."""


def frame(payload: bytes) -> bytes:
    """Return *payload* with its length in front.  Raises FrameTooLong."""
    if len(payload) > LONGEST:
        raise FrameTooLong
    return len(payload).to_bytes(_HEAD, "big") + payload


class Frames:
    """Cuts what arrives into the payloads that were sent."""

    __slots__ = ("_arrived",)

    def __init__(self) -> None:
        self._arrived = bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        """Return the payloads that are whole with *data*.  Raises FrameTooLong."""
        self._arrived += data
        whole, start = [], 0
        while len(self._arrived) - start >= _HEAD:
            begins = start + _HEAD
            length = int.from_bytes(self._arrived[start:begins], "big")
            if length > LONGEST:
                raise FrameTooLong
            if len(self._arrived) - begins < length:
                break
            start = begins + length
            whole.append(bytes(self._arrived[begins:start]))
        del self._arrived[:start]
        return whole
