"""The target of a request: path and query as received (RFC 9112, section 3.2).

What may pass goes on byte for byte. What an application could read as a way up or
out, or what servers cut and decode differently, is refused here whatever the route.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import unquote_to_bytes

from gateway.routing.host import canonical_host


@dataclass(frozen=True, slots=True)
class Target:
    """A target that may be routed.

    *raw* is the origin-form to forward, *path* and *query* (without the ``?``) are
    its parts, *authority* is that of an absolute-form and must equal the host.
    """

    raw: bytes
    path: bytes
    query: bytes | None
    authority: bytes | None


@dataclass(frozen=True, slots=True)
class BadTarget:
    """A target that is answered with 400; *reason* is a sentence for the log."""

    reason: str


# RFC 3986 allows none of these in any part; a fragment is never sent (RFC 9110, 7.1).
_NEVER = re.compile(rb"[\x00-\x20\x7f-\xff#]")
_ABSOLUTE = re.compile(rb"https?://([^/?]*)(.*)", re.IGNORECASE)
_BROKEN_ESCAPE = re.compile(rb"%(?![0-9A-Fa-f]{2})")
_CUTS = re.compile(rb"[\x00\n\r]")
# Bytes that begin a UTF-8 sequence longer than needed (RFC 3629, section 3).
_OVERLONG = re.compile(
    rb"[\xc0\xc1]|\xe0[\x80-\x9f]|\xf0[\x80-\x8f]|\xf8[\x80-\x87]|\xfc[\x80-\x83]"
)
_ESCAPED_DOT = re.compile(rb"%(?:25)?2[Ee]")
# Names of dots and blanks alone (Windows drops blanks), also with parameters, which
# servlet containers drop. The blanks are those of ASCII and of Unicode in UTF-8.
_DOTS_AND_BLANKS = re.compile(
    rb"[/\\]((?:[\x00-\x20\x7f.]|\xc2[\x85\xa0]|\xe1\x9a\x80"
    rb"|\xe2\x80[\x80-\x8a\xa8\xa9\xaf]|\xe2\x81\x9f|\xe3\x80\x80)++)"
    rb"(?:;[^/\\]*+)?(?=[/\\]|\Z)"
)
# Dots before what is the query for who decodes first. One is a file's: ".#notes".
_DOTS_BEFORE_A_QUERY = re.compile(rb"[/\\]([\x00-\x20.]++)(?:;[^/\\?#]*+)?[?#]")
_LONGEST_DOT_SEGMENT = 2
_LONGEST_REMEMBERED = 256


def parse_target(raw: bytes) -> Target | BadTarget:
    """Return the target in the request line's *raw* bytes, or why it is refused.

    Origin-form and absolute-form (http, https) are targets; asterisk-form and
    authority-form are not (RFC 9112, section 3.2). The query is free but for control
    bytes, spaces, ``#`` and raw non-ASCII; a path must also be free of broken
    escapes, of NUL, CR, LF, overlong UTF-8 and dot segments, after one or two
    decodings too.
    """
    if len(raw) > _LONGEST_REMEMBERED or raw.find(b"?") >= 0:
        return _parse_target(raw)
    return _remembered(raw)


def _parse_target(raw: bytes) -> Target | BadTarget:
    if _NEVER.search(raw):
        return BadTarget("The target holds a control, blank, non-ASCII or # byte.")
    authority = None
    if not raw.startswith(b"/"):
        absolute = _ABSOLUTE.fullmatch(raw)
        if absolute is None:
            return BadTarget("The target is neither a path nor an http address.")
        authority, raw = absolute.groups()
        if canonical_host(authority) is None:
            return BadTarget("The target's authority is not a host.")
        if not raw.startswith(b"/"):
            raw = b"/" + raw  # RFC 9112, section 3.2.1
    path, mark, query = raw.partition(b"?")
    reason = _why_refused(path)
    if reason is not None:
        return BadTarget(reason)
    return Target(raw, path, query if mark else None, authority)


_remembered = lru_cache(maxsize=2048)(_parse_target)


def _why_refused(path: bytes) -> str | None:
    """Return why no application may see *path*, or None."""
    if path.find(b"%") < 0:
        # Nothing is hidden: no blanks, no cuts, and dots stand where a name begins.
        if path.find(b"/.") < 0 and path.find(b"\\.") < 0:
            return None
        return _why_reading_refused(path, _LONGEST_DOT_SEGMENT)
    if _BROKEN_ESCAPE.search(path):
        # Some servers take it literally, some refuse it, some know %uXXXX.
        return "The path holds a percent sign that escapes nothing."
    once = unquote_to_bytes(path)
    twice = unquote_to_bytes(once)
    # Dots need no escape. Where one has it, a decoder that trims dots between two
    # decodings may leave two of any number.
    longest = len(path) if _ESCAPED_DOT.search(path) else _LONGEST_DOT_SEGMENT
    return (
        _why_reading_refused(path, longest)
        or _why_reading_refused(once, longest)
        or _why_reading_refused(twice, longest)
    )


def _why_reading_refused(reading: bytes, longest: int) -> str | None:
    """Return why *reading* is refused; up to *longest* dots are a dot segment."""
    if b"." in reading and _has_dot_segment(reading, longest):
        return "The path holds a dot segment."
    if _CUTS.search(reading):
        return "The path holds an escaped NUL, CR or LF."
    if _OVERLONG.search(reading):
        return "The path holds overlong UTF-8."
    return None


def _has_dot_segment(reading: bytes, longest: int) -> bool:
    """Return whether a name is dots and blanks alone; more dots alone are a name."""
    return any(
        b"." in name and (name.strip(b".") or len(name) <= longest)
        for name in _DOTS_AND_BLANKS.findall(reading)
    ) or any(name.count(b".") > 1 for name in _DOTS_BEFORE_A_QUERY.findall(reading))
