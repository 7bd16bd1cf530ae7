"""Times as people read them."""

from datetime import UTC, datetime
from typing import Final

_LATEST: Final = 253402300799  # the last second of the year 9999
_UNITS: Final = ((86400, "day"), (3600, "hour"), (60, "minute"))


def moment(seconds: float) -> str:
    """Return *seconds* since 1970 as a date and a time that all readers share."""
    then = datetime.fromtimestamp(min(max(seconds, 0), _LATEST), UTC)
    return f"{then.day} {then:%B %Y, %H:%M} UTC"


def span(seconds: float) -> str:
    """Return how long *seconds* are, roughly; empty for less than a minute."""
    for length, unit in _UNITS:
        count = int(seconds // length)
        if count > 0:
            return f"{count} {unit}" if count == 1 else f"{count} {unit}s"
    return ""
