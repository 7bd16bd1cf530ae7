"""Lists whose items are each read on their own, and must not repeat."""

from collections.abc import Callable, Iterable
from typing import TypeVar

from config.problem import Finding, Wrong

_Item = TypeVar("_Item")
_Place = str | int


def read_distinct(
    written: Iterable[tuple[_Place, object]],
    read: Callable[[object], _Item],
    repeated: Callable[[_Place], str],
) -> tuple[_Item, ...]:
    """Return what *read* makes of each of *written*, pairs of a place and a value.

    *repeated* says that the item at an earlier place is the same. Raises Wrong with
    everything that is wrong with any item.
    """
    first: dict[_Item, _Place] = {}
    items: list[_Item] = []
    found: list[Finding] = []
    for place, value in written:
        try:
            item = read(value)
        except Wrong as wrong:
            found += wrong.within((place,))
            continue
        items.append(item)
        if first.setdefault(item, place) != place:
            found.append(Finding((place,), repeated(first[item])))
    if found:
        raise Wrong(*found)
    return tuple(items)
