"""Header fields as they stand on the wire: (name, value) pairs of bytes, in order."""

from collections.abc import Iterable, Sequence

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


def lines(fields: Iterable[Field]) -> bytes:
    """Return *fields* as lines of a head, each with its CRLF (RFC 9112 §5)."""
    together = b"\r\n".join(map(b": ".join, fields))
    return together + b"\r\n" if together else b""
