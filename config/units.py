"""Durations ("30s", "12h") and sizes ("64KiB") as the operator writes them."""

import re
from decimal import Decimal
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, WithJsonSchema

from config.problem import Wrong

SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
BYTES = {"B": 1, "KiB": 1024, "MiB": 1024**2, "GiB": 1024**3}

_NUMBER = r"[0-9]{1,9}(?:\.[0-9]{1,3})?"
_DURATION = re.compile(rf"({_NUMBER})({'|'.join(SECONDS)})", re.ASCII)
_SIZE = re.compile(rf"({_NUMBER})({'|'.join(BYTES)})", re.ASCII)

_LONGEST_DURATION = 400 * 86400
"""Browsers keep no cookie longer (RFC 6265bis §5.5), and nothing here needs more."""


def parse_duration(value: object) -> float:
    """Read a duration such as ``"90s"``, ``"1.5h"`` or ``"7d"``.

    Returns seconds. Raises Wrong for anything else, for zero and for over 400 days.
    """
    match = _DURATION.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise Wrong('expected a duration such as "30s", "10m", "12h" or "7d"')
    seconds = float(Decimal(match[1]) * SECONDS[match[2]])
    if not 0 < seconds <= _LONGEST_DURATION:
        raise Wrong("expected a duration of more than zero and at most 400 days")
    return seconds


def parse_size(value: object) -> int:
    """Read a size such as ``"512B"``, ``"3.5KiB"`` or ``"1MiB"``.

    Returns bytes. Raises Wrong for anything else and for a part of a byte.
    """
    match = _SIZE.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise Wrong('expected a size such as "512B", "64KiB" or "1MiB"')
    size = Decimal(match[1]) * BYTES[match[2]]
    if size != int(size):
        raise Wrong("expected a whole number of bytes")
    return int(size)


def between(lowest: str, highest: str) -> AfterValidator:
    """Return the check that a size lies between two others, both included."""

    def check(size: int) -> int:
        if not parse_size(lowest) <= size <= parse_size(highest):
            raise Wrong(f"expected a size from {lowest} to {highest}")
        return size

    return AfterValidator(check)


def _string(pattern: re.Pattern[str], description: str) -> WithJsonSchema:
    return WithJsonSchema(
        {"type": "string", "pattern": f"^{pattern.pattern}$", "title": description}
    )


Duration = Annotated[
    float, BeforeValidator(parse_duration), _string(_DURATION, "duration")
]
Size = Annotated[int, BeforeValidator(parse_size), _string(_SIZE, "size")]
