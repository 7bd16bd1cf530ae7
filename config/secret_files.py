"""Secrets that stand in a file of their own, one value or one a line."""

from collections.abc import Callable, Iterator, Mapping

from config.environment import Variables, variable
from config.places import Places
from config.problem import Finding, Wrong, dotted
from config.settings import TABLES

SECRETS: tuple[tuple[str, str], ...] = tuple(
    (table, key)
    for table, model in TABLES.items()
    for key in model.model_fields
    if f"{key}_file" in model.model_fields
)
"""Table and key of each secret: those that have a `_file` beside them."""

LISTS = frozenset({("session", "keys")})
"""The secrets that are a list, one item a line."""

Document = dict[str, object]


def given_twice(
    document: Document, variables: Variables, places: Places
) -> Iterator[Finding]:
    """Yield a finding for each secret that comes from more than one source."""
    for table, key in SECRETS:
        paths = ((table, key), (table, f"{key}_file"))
        values = table_of(document, table)
        sources = [
            f"{dotted(path)} (line {places.line(path)})"
            for path in paths
            if values.get(path[1])
        ]
        sources += [variable(path) for path in paths if variables.values.get(path)]
        if len(sources) > 1:
            sentence = f"is given twice, by {' and by '.join(sources)}: keep one"
            yield Finding((table, key), sentence)


def fill(
    document: Document, places: Places, read: Callable[[str], str]
) -> Iterator[Finding]:
    """Put what the `_file` keys name into the keys that they stand for.

    *read* returns the text of a file and raises Wrong where it cannot. Yields a
    finding for each file that cannot be read.
    """
    for table, key in SECRETS:
        values = table_of(document, table)
        file = values.get(f"{key}_file")
        if not isinstance(file, str) or not file:
            continue
        try:
            text = read(file)
        except Wrong as wrong:
            yield from wrong.within((table, f"{key}_file"))
            continue
        places.move((table, key), (table, f"{key}_file"))
        if (table, key) in LISTS:
            values[key] = _items(text, (table, key), places)
        else:
            values[key] = text.strip()


def _items(text: str, path: tuple[str, str], places: Places) -> list[str]:
    items: list[str] = []
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            file = (path[0], f"{path[1]}_file")
            places.move((*path, len(items)), file, f", line {number}")
            items.append(line.strip())
    return items


def table_of(document: Mapping[str, object], name: str) -> Document:
    """Return the table called *name*; an empty one where the file has none."""
    table = document.get(name)
    return table if isinstance(table, dict) else {}
