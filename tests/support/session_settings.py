"""Session settings and randomness for tests of what stands on them."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import count


@dataclass(frozen=True)
class Settings:
    """The [session] table as far as sessions look at it, with the defaults."""

    cookie_name: str = "__Host-gateway"
    same_site: str = "lax"
    max_cookie_size: int = 3584
    idle_timeout: float = 12 * 3600
    max_age: float = 7 * 86400
    revalidate: float = 600


def counting_bytes() -> Callable[[int], bytes]:
    """Return a source of bytes that never gives the same twice."""
    numbers = count(1)
    return lambda length: next(numbers).to_bytes(length, "big")
