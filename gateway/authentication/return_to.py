"""Where a person goes after signing in: a target on this very host, or ``/``.

Whatever is asked for, what comes out stays on the origin that it is sent from, in
a browser (URL Standard, section 4.4) and behind a hop that decodes it once more.
"""

import re
from urllib.parse import quote, unquote_to_bytes

from gateway.routing.own_address import own_address

LONGEST = 1024  # bytes; it travels in a cookie beside others

_LEVELS = 4  # as it is, and decoded up to three times
_CONTROL = re.compile(rb"[\x00-\x1f\x7f]")
_BORDER = re.compile(rb"[/\\]")
_DOTS = (b".", b"..")
# Everything visible but what browsers encode by themselves: space " < > and, in
# a query, the backslash, which nobody shall take for a slash.
_VISIBLE = "".join(chr(code) for code in range(0x21, 0x7F) if chr(code) not in '"<>\\')


def return_to(value: str | None) -> str:
    """Return the local target that *value* asks for, ``"/"`` where in doubt.

    The result is visible ASCII, begins with exactly one slash, and has a path and
    perhaps a query, no fragment.  Over 1 KiB it loses its query.  Below
    ``/.gateway/``, in any reading, there is only the account page to go to.
    """
    if value is None or len(value) > 64 * LONGEST:
        return "/"
    path, mark, query = value.partition("#")[0].partition("?")
    if "\\" in path or _has_control(path) or _has_control(query):
        return "/"
    try:
        path, query = _visible(path), _visible(query)
    except UnicodeEncodeError:
        return "/"
    if len(path) > LONGEST or not _stays_here(path.encode("ascii")):
        return "/"
    target = path + mark + query
    return target if len(target) <= LONGEST else path


def _has_control(text: str) -> bool:
    return any(character < " " or character == "\x7f" for character in text)


def _visible(text: str) -> str:
    """Return *text* with all but visible ASCII as %XX of its UTF-8 bytes.

    Raises UnicodeEncodeError for halves of surrogate pairs, unless they stand for
    bytes that were no UTF-8.
    """
    return quote(text, safe=_VISIBLE, errors="surrogateescape")


def _stays_here(path: bytes) -> bool:
    if own_address(path) not in (None, ""):
        return False
    for _ in range(_LEVELS):
        if not path.startswith(b"/") or path.startswith((b"//", b"/\\")):
            return False
        if _CONTROL.search(path):
            return False
        if any(segment in _DOTS for segment in _BORDER.split(path)):
            return False
        path = unquote_to_bytes(path)
    return True
