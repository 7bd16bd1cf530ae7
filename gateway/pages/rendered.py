"""A finished answer of our own, ready to be written."""

from dataclasses import dataclass

from gateway.fields import Field


@dataclass(frozen=True, slots=True)
class Rendered:
    """A status, header fields without any framing, and a body in bytes."""

    status: int
    fields: tuple[Field, ...]
    body: bytes
