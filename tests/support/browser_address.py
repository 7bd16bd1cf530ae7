"""Where a browser goes: a reference resolved as the URL Standard has it.

The states of section 4.4 that decide on scheme and host, for an http(s) base; a
path is resolved as far as dot segments go.
"""

import re
from urllib.parse import unquote

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_SPECIAL = ("http:", "https:", "ws:", "wss:", "ftp:", "file:")
_BLANK = "".join(map(chr, range(0x21)))
_DOT = {".", "%2e"}
_DOUBLE_DOT = {"..", ".%2e", "%2e.", "%2e%2e"}


def resolve(reference: str, scheme: str, host: str) -> tuple[str, str, str]:
    """Return scheme, authority and path of *reference* on ``scheme://host/``."""
    text = reference.strip(_BLANK)
    for dropped in "\t\n\r":
        text = text.replace(dropped, "")
    if found := _SCHEME.match(text):
        own = found.group().lower()
        text = text[found.end() :]
        if own not in _SPECIAL:
            return own[:-1], "", text
        if own != scheme + ":" or text[:1] in ("/", "\\"):
            if own != scheme + ":" or text[:2].replace("\\", "/") == "//":
                return _absolute(own[:-1], text.lstrip("/\\"))
            return own[:-1], host, _path(text)
        return own[:-1], host, _path("/" + text)
    if text[:2].replace("\\", "/") == "//":
        return _absolute(scheme, text.lstrip("/\\"))
    return scheme, host, _path(text if text[:1] in ("/", "\\") else "/" + text)


def decodings(value: str) -> list[str]:
    """Return *value* raw, decoded once and decoded twice."""
    once = unquote(value)
    return [value, once, unquote(once)]


def _absolute(scheme: str, rest: str) -> tuple[str, str, str]:
    host = re.split(r"[/\\?#]", rest, maxsplit=1)[0]
    return scheme, host, _path(rest[len(host) :] or "/")


def _path(text: str) -> str:
    path = re.split(r"[?#]", text, maxsplit=1)[0].replace("\\", "/")
    segments: list[str] = []
    for segment in path.split("/")[1:]:
        if segment.lower() in _DOUBLE_DOT:
            segments = segments[:-1]
        elif segment.lower() not in _DOT:
            segments.append(segment)
    return "/" + "/".join(segments)
