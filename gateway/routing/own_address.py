"""The addresses that the gateway keeps for itself: every reading below /.gateway/."""

import re
from typing import Final
from urllib.parse import unquote_to_bytes

from gateway.routing.readings import folded, readings

PREFIX: Final = "/.gateway/"
# Neither can be the name of an address: names hold no question mark and no space.
BARE: Final = "?bare"  # /.gateway, which is redirected to /.gateway/
UNKNOWN: Final = "?unknown"  # another spelling: 404

_BARE = b"/.gateway"
_PREFIX = PREFIX.encode()
_NAME = re.compile(rb"(?:[A-Za-z0-9._-]+(?:/[A-Za-z0-9._-]+)*)?")


def own_address(path: bytes) -> str | None:
    """Return which of our own addresses *path* is; None when it is none of them.

    The name is what follows ``/.gateway/`` when the path is spelt literally (``""``
    is the account page, ``"sign-in"`` …, any other literal name too), :data:`BARE`
    for ``/.gateway``, and :data:`UNKNOWN` when only another reading of the path falls
    under the prefix. Whatever is not None never reaches an upstream.
    """
    if path.startswith(_PREFIX):
        name = path[len(_PREFIX) :]
        return name.decode("ascii") if _NAME.fullmatch(name) else UNKNOWN
    if path == _BARE:
        return BARE
    if may_be_ours(path) and _is_ours_in_a_reading(path):
        return UNKNOWN
    return None


def may_be_ours(path: bytes) -> bool:
    """Return False when surely no reading of *path* falls under the prefix.

    The quick look for the hot path. Reading a path never joins what a slash, a
    parameter or an escape separates, so the name must stand in it as it is or decoded.
    """
    # `in` would look whether the bytes sought are a number, and raise inside.
    if path.find(b"%") < 0:
        return path.lower().find(b".gateway") >= 0
    return b".gateway" in folded(unquote_to_bytes(unquote_to_bytes(path)))


def _is_ours_in_a_reading(path: bytes) -> bool:
    found = readings(path)
    if found is None:
        return True  # too many to look at, and the name stands somewhere in it
    return any(
        reading == _BARE or reading.startswith(_PREFIX)
        for reading in map(folded, found)
    )
