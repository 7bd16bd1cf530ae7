"""What applications may make of a path: an opinion of its own, for the tests.

It knows nothing of the gateway's readings.  Each step is what some server, framework or
file system does; an application does any of them in any order, and decodes at most
twice.
"""

import posixpath
import re
from collections.abc import Callable
from urllib.parse import unquote_to_bytes

Step = Callable[[bytes], bytes]
MOST_DECODINGS = 2


def _each_name(change: Step) -> Step:
    return lambda path: b"/".join(map(change, path.split(b"/")))


def _normalised(path: bytes) -> bytes:
    """Resolve ``.`` and ``..``, as a file system or a normalising server does."""
    return b"/" + posixpath.normpath(b"/" + path).lstrip(b"/")


STEPS: tuple[Step, ...] = (
    bytes.lower,  # case-insensitive routers and file systems
    lambda path: re.sub(rb"/{2,}", b"/", path),  # nginx, most frameworks
    lambda path: path.replace(b"\\", b"/"),  # Windows, IIS, browsers
    _each_name(lambda name: name.partition(b";")[0]),  # servlet containers
    _each_name(lambda name: name.rstrip(b". ") or name),  # Windows' file names
    _each_name(bytes.strip),  # whoever trims
    lambda path: path.partition(b"\x00")[0],  # C strings
    lambda path: path.partition(b"\n")[0],  # a regular expression's $
    lambda path: path.partition(b"#")[0],  # URL parsers
    lambda path: path.partition(b"?")[0],  # whoever splits after decoding
    _normalised,
)


def readings(path: bytes) -> set[bytes]:
    """Return what applications may take *path* for."""
    found = {(path, 0)}
    waiting = [(path, 0)]
    while waiting:
        reading, decodings = waiting.pop()
        others = {(step(reading), decodings) for step in STEPS}
        if decodings < MOST_DECODINGS:
            others.add((unquote_to_bytes(reading), decodings + 1))
        for other in others - found:
            found.add(other)
            waiting.append(other)
    return {reading for reading, _ in found}
