"""What was worked out of some bytes before, kept for when the same bytes come again.

Whoever speaks HTTP/1.1 repeats itself: the fields of a browser's next request, of a
program's every request, of an upstream's answers within a second are the same bytes,
and so are cookies. What follows from bytes alone need not be worked out twice.
"""

from collections import OrderedDict
from typing import Any, Generic, TypeVar

LONGEST = 4096  # bytes that are remembered
MOST = 512  # values, by each who remembers
MOST_ONCE = 4096  # hashes of bytes that came once
MOST_NOTES = 16  # on one value, each up to its size: a peer, a spelling of the host
MOST_LINE_NOTES = 8  # on one whole head, of which more are remembered than of values

T = TypeVar("T")


class Known(Generic[T]):
    """At most *most* values by the bytes they follow from; the oldest goes first.

    With *from_second* what comes once is not kept: most of that never comes again, and
    to keep it takes the memory, and the processor's caches, of what does.
    Whoever comes first with some bytes settles what they mean for everybody: a value
    must follow from its bytes alone, and nobody may change it.
    """

    __slots__ = ("_came_once", "_from_second", "_most", "_values", "get")

    def __init__(self, most: int = MOST, *, from_second: bool = False) -> None:
        self._most = most
        self._from_second = from_second
        self._came_once: set[int] = set()  # hashes
        # In a dict the oldest is found ever more slowly, behind all that are gone.
        self._values: OrderedDict[bytes, T] = OrderedDict()
        self.get = self._values.get  # spares a call on the hot path

    def add(self, raw: bytes, value: T) -> None:
        """Remember *value* as what *raw* means, if *raw* is not too long."""
        if len(raw) > LONGEST or (self._from_second and not self._came_before(raw)):
            return
        if len(self._values) >= self._most:
            self._values.popitem(last=False)
        self._values[raw] = value

    def _came_before(self, raw: bytes) -> bool:
        """Tell whether *raw* came a while ago, and take note that it came."""
        hashed, once = hash(raw), self._came_once
        if hashed in once:
            once.discard(hashed)
            return True
        if len(once) >= MOST_ONCE:
            once.clear()
        once.add(hashed)
        return False


class Notes(dict[object, Any]):
    """What later steps work out of a known value, by what else it depends on."""

    __slots__ = ()
    most = MOST_NOTES

    def keep(self, key: object, value: Any) -> None:  # noqa: ANN401 - each its own
        """Keep *value* for *key*; clients must not be able to fill the memory."""
        if len(self) >= self.most:
            self.clear()
        self[key] = value


class LineNotes(Notes):
    """The same of a whole head of a request, its first line included."""

    __slots__ = ()
    most = MOST_LINE_NOTES
