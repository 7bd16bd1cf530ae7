"""Header fields as they stand on the wire: (name, value) pairs of bytes, in order."""

from collections.abc import Sequence

Field = tuple[bytes, bytes]
Fields = Sequence[Field]


def values(fields: Fields, name: bytes) -> list[bytes]:
    """Return the values of every field called *name* (lower case), in order."""
    return [value for field, value in fields if field.lower() == name]


def first(fields: Fields, name: bytes) -> bytes | None:
    """Return the value of the first field called *name* (lower case), or None."""
    for field, value in fields:
        if field.lower() == name:
            return value
    return None
