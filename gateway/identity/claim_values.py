"""What may stand in a claim: each function returns a usable value, or None.

People choose names and pictures themselves, and a claim may be of any type.
"""

import re
from itertools import islice

MOST_ITEMS = 100
LONGEST = 1024  # characters of an attribute
LONGEST_ITEM = 128  # of one in a list
LONGEST_NAME = 256

_SUBJECT = re.compile(r"[!-~]{1,255}")  # OpenID Connect Core, section 2: ASCII
_X_ID = re.compile(r"[0-9]{1,20}")
_ORGANIZATION = re.compile(r"[A-Za-z0-9_-]{1,64}")
_X_HANDLE = re.compile(r"[A-Za-z0-9_]{1,50}")
# Control characters, line breaks, what turns the direction of text, lone surrogates.
_UNSHOWN = re.compile(
    "[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)
_SMALLEST, _LARGEST = -(2**63), 2**63


def subject(value: object) -> str | None:
    """Return *value* if it can be a person's id in Logto."""
    return _matching(_SUBJECT, value)


def x_id(value: object) -> str | None:
    """Return *value* if it can be an X account's id: digits, in a string."""
    return _matching(_X_ID, value)


def x_handle(value: object) -> str | None:
    """Return *value* if it can be an X handle, without the @."""
    return _matching(_X_HANDLE, value)


def attribute(value: object, longest: int = LONGEST) -> str | None:
    """Return *value* if it is a text of printable characters, at most *longest*.

    Never a part of it: half an address is another address.
    """
    if isinstance(value, str) and 0 < len(value) <= longest and value.isprintable():
        return value
    return None


def display_name(value: object) -> str | None:
    """Return *value* as a name to show: on one line, cut where it is too long."""
    if not isinstance(value, str):
        return None
    shown = _UNSHOWN.sub("", value[: 4 * LONGEST_NAME]).strip()
    return shown[:LONGEST_NAME].strip() or None


def items(value: object) -> tuple[str, ...]:
    """Return the usable texts of a list, at most a hundred of its first items."""
    if not isinstance(value, list | tuple):
        return ()
    texts = (attribute(item, LONGEST_ITEM) for item in islice(value, MOST_ITEMS))
    return tuple(text for text in texts if text is not None)


def organizations(value: object) -> tuple[str, ...]:
    """Return the ids of organizations in a list: they go into rules and forms."""
    return tuple(one for one in items(value) if _ORGANIZATION.fullmatch(one))


def header_value(value: object) -> str | tuple[str, ...] | None:
    """Return *value* if a header can tell it: a text, a number, a truth or a list."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value) if _SMALLEST <= value < _LARGEST else None
    if isinstance(value, list | tuple):
        return items(value) or None
    return attribute(value)


def _matching(pattern: re.Pattern[str], value: object) -> str | None:
    if isinstance(value, str) and pattern.fullmatch(value):
        return value
    return None
