r"""The readings of a path: what applications may make of the bytes they are sent.

An application decodes once or twice, takes ``\`` for ``/``, drops parameters, merges
slashes, drops the blanks and dots at the end of a name (Windows), decodes first and
looks for the query then (Apache, CVE-2024-38474), or takes what follows a script for
the path (``/index.php/admin``), and does so in its own order. A decision that must hold
for the application has to hold for each.
"""

import re
from collections.abc import Iterator
from urllib.parse import unquote_to_bytes

# The bounds of the work: a path beyond them has no known readings.
LONGEST = 8190
MOST = 64
MOST_BYTES = 256 * 1024  # of all readings together

_MOST_DECODINGS = 2
_UNRESERVED_ESCAPE = re.compile(  # RFC 3986, section 2.3
    rb"%(?:2[DEde]|3[0-9]|[46][1-9A-Fa-f]|[57][0-9Aa]|5[Ff]|7[Ee])"
)
_DECODED = {
    template % byte: bytes((byte,))
    for byte in b"-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    for template in (b"%%%02X", b"%%%02x")
}
_PARAMETERS = re.compile(rb";[^/]*")
_SLASHES = re.compile(rb"//+")
_QUERY = re.compile(rb"[?#].*", re.DOTALL)  # what was escaped, once it is decoded
# What trimming takes off somewhere: control characters and every blank of Unicode.
_PADDING = "".join(
    character
    for character in map(chr, range(0x3001))
    if character.isspace() or (character.isascii() and not character.isprintable())
)
# A script that answers for what follows it: PATH_INFO (RFC 3875, section 4.1.5).
_SCRIPT = r"\.(?i:php[0-9]?|phtml|f?cgi|pl|py|rb|aspx?|cfm)"
_SCRIPT_BEFORE_A_PATH = re.compile(rf"/[^/]+{_SCRIPT}(?=/)".encode())
_MAY_BE_A_SCRIPT = re.compile(rf"{_SCRIPT}/".encode())  # told at once, from its dot
# A blank at the edge of a name, a dot at its end; or what only decoding shows.
_MAY_BE_TRIMMED = re.compile(
    rb"(?:\A|/)[\x00-\x20\x7f]|[\x00-\x20\x7f.](?:/|\Z)|[\x80-\xff]"
)
_MAY_DIFFER = re.compile(
    rb"[%%;\\\x00-\x20\x7f-\xff]|//|\.(?:/|\Z)|%b/" % _SCRIPT.encode()
)


def readings(path: bytes) -> frozenset[bytes] | None:
    """Return every reading of *path*, itself included, in the case it came in.

    None when there are more, or longer ones, than is reasonable to look at: such a
    path must be refused where readings matter. Compare with :func:`folded` on both
    sides for applications that ignore case.
    """
    if not _MAY_DIFFER.search(path):
        return frozenset((path,))
    if len(path) > LONGEST:
        return None
    found = {path}
    fewest = {path: 0}  # how many decodings it took to get there
    waiting = [path]
    while waiting:
        reading = waiting.pop()
        for other, decodings in _steps(reading, fewest[reading]):
            if decodings < fewest.get(other, _MOST_DECODINGS + 1):
                fewest[other] = decodings
                found.add(other)
                waiting.append(other)
        if len(found) > MOST or len(found) * len(path) > MOST_BYTES:
            return None
    return frozenset(found)


def folded(path: bytes) -> bytes:
    """Return *path* as an application that ignores case compares it."""
    if path.isascii():
        return path.lower()
    text = path.decode("utf-8", "surrogateescape")
    # Some compare in lower case, some in upper: U+0131 is "I" there, U+017F is "S".
    text = text.casefold().upper().casefold()
    return text.encode("utf-8", "surrogateescape")


def without_format(path: bytes) -> bytes:
    """Return *path* without its format: ``.json`` at its end (Rails, Spring).

    b"" where no name with an extension ends it.
    """
    name = path.rstrip(b"/")
    dot = name.rfind(b".")
    return name[:dot] if dot > name.rfind(b"/") + 1 else b""


def _steps(path: bytes, decodings: int) -> Iterator[tuple[bytes, int]]:
    """Yield what one step of an application makes of *path*."""
    if b"%" in path and decodings < _MOST_DECODINGS:
        yield _UNRESERVED_ESCAPE.sub(_decoded, path), decodings + 1
        yield unquote_to_bytes(path), decodings + 1
    if b"\\" in path:
        yield path.replace(b"\\", b"/"), decodings
    if b";" in path:
        yield _PARAMETERS.sub(b"", path), decodings
    if b"//" in path:
        yield _SLASHES.sub(b"/", path), decodings
    if _MAY_BE_A_SCRIPT.search(path):
        yield _SCRIPT_BEFORE_A_PATH.sub(b"", path), decodings
    if decodings:
        yield _QUERY.sub(b"", path), decodings
    yield _trimmed(path), decodings


def _decoded(escape: re.Match[bytes]) -> bytes:
    return _DECODED[escape[0]]


def _trimmed(path: bytes) -> bytes:
    """Return *path* without blanks around its names and dots at their ends."""
    if not _MAY_BE_TRIMMED.search(path):
        return path
    names = path.decode("utf-8", "surrogateescape").split("/")
    kept = (name.strip(_PADDING).rstrip(_PADDING + ".") for name in names)
    return "/".join(kept).encode("utf-8", "surrogateescape")
