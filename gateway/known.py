"""What was worked out of some bytes before, kept for when the same bytes come again.

Whoever speaks HTTP/1.1 repeats itself: the fields of a browser's next request, of a
program's every request, of an upstream's answers within a second are the same bytes,
and so are cookies. What follows from bytes alone need not be worked out twice.
"""

from collections import OrderedDict
from typing import Any, Generic, TypeVar

LONGEST = 4096  # bytes that are remembered
MOST = 512  # values, by each who remembers
MOST_NOTES = 64  # on one value: a peer or a spelling of the host each
MOST_LINE_NOTES = 8  # on one whole head, of which more are remembered than of values

T = TypeVar("T")


class Known(Generic[T]):
    """At most *most* values by the bytes they follow from; the oldest goes first.

    Whoever comes first with some bytes settles what they mean for everybody: a value
    must follow from its bytes alone, and nobody may change it.
    """

    __slots__ = ("_most", "_values", "get")

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        # In a dict the oldest is found ever more slowly, behind all that are gone.
        self._values: OrderedDict[bytes, T] = OrderedDict()
        self.get = self._values.get  # spares a call on the hot path

    def add(self, raw: bytes, value: T) -> None:
        """Remember *value* as what *raw* means, if *raw* is not too long."""
        if len(raw) > LONGEST:
            return
        if len(self._values) >= self._most:
            self._values.popitem(last=False)
        self._values[raw] = value


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
