"""How much memory Python's objects take that something made."""

import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass
class Traced:
    """Bytes: *held* at the end, and at the *peak* on the way."""

    held: int = 0
    peak: int = 0


@contextmanager
def traced_memory() -> Iterator[Traced]:
    """Count what is made meanwhile; the counts are there when it is over."""
    traced = Traced()
    tracemalloc.start()
    try:
        yield traced
        traced.held, traced.peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
