"""Make text from elsewhere fit to be shown: one line, short, nothing invisible.

Escaping is the template's work.  This is about what escaping lets through: control
characters, text that runs backwards over its neighbours, and a megabyte of name.
"""

import re
from typing import Final

MOST_CHARACTERS: Final = 200
# Joiners (U+200C, U+200D) stay: names in Persian or Hindi, and emoji, need them.
_NOT_SHOWN: Final = re.compile(
    "["
    "\x00-\x1f\x7f-\x9f"  # C0 and C1 controls
    "\u00ad\u061c\u180e\u200b\u200e\u200f\u2060-\u2064\ufeff"  # zero width, direction
    "\u2028-\u202e\u2066-\u206f"  # line separators, bidirectional overrides
    "\ud800-\udfff\ufff9-\ufffb\ufffe\uffff"  # lone surrogates, not characters
    "\U000e0000-\U000e007f"  # tags
    "]"
)


def plain(text: str, limit: int = MOST_CHARACTERS) -> str:
    """Return *text* as one visible line of at most *limit* characters.

    White space becomes single spaces, what cannot be seen becomes U+FFFD, and a cut
    shows as an ellipsis.  The work is bounded by *limit*, not by the text.
    """
    start = text[: limit + 1]
    shown = _NOT_SHOWN.sub("\ufffd", " ".join(start.split()))
    if len(start) <= limit:
        return shown
    return shown[: limit - 1].rstrip() + "…"


def plain_bytes(value: bytes, limit: int = MOST_CHARACTERS) -> str:
    """Return a header value, UTF-8 or not, as `plain` text."""
    return plain(value[: limit * 4 + 4].decode("utf-8", "replace"), limit)
