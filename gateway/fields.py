"""Header fields as they stand on the wire: (name, value) pairs of bytes, in order."""

from collections.abc import Sequence

Field = tuple[bytes, bytes]
Fields = Sequence[Field]


def values(fields: Fields, name: bytes) -> list[bytes]:
    """Return the values of every field called *name* (lower case), in order."""
    long = len(name)  # few names are as long: most need not be put in lower case
    return [
        value for field, value in fields if len(field) == long and field.lower() == name
    ]


def first(fields: Fields, name: bytes) -> bytes | None:
    """Return the value of the first field called *name* (lower case), or None."""
    for field, value in fields:
        if field.lower() == name:
            return value
    return None
