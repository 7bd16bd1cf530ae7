"""How much of a Redis server one process takes, and how long it waits for it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Bounds:
    """How many connections, and how long connecting and one answer may take, in s."""

    connections: int
    connect_timeout: float
    timeout: float
