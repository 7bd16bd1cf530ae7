"""Addresses of our own that pages lead to, each a path under ``/.gateway/``."""

import re
from string import punctuation
from typing import Final
from urllib.parse import quote

HOME: Final = "/"
ACCOUNT: Final = "/.gateway/"
ASSETS: Final = "/.gateway/assets/"
SIGN_IN: Final = "/.gateway/sign-in"
SIGN_UP: Final = "/.gateway/sign-up"
SIGN_IN_AGAIN: Final = "/.gateway/sign-in-again"
SIGN_OUT: Final = "/.gateway/sign-out"
SESSIONS: Final = "/.gateway/sessions"
SWITCH_ACCOUNT: Final = "/.gateway/switch-account"
ORGANIZATION: Final = "/.gateway/organization"

LONGEST_RETURN_TO: Final = 2048  # characters; twice what return_to.py lets through


def returning(address: str, return_to: str) -> str:
    """Return *address* with *return_to* as its ``rd``.

    Whether a return-to is local is decided where ``rd`` is read.  Here it is only
    made unable to be anything but one parameter: everything outside the unreserved
    characters and ``/`` is percent-encoded (RFC 3986, section 2.1).
    """
    if not kept(return_to):
        return address
    return f"{address}?rd={quote(return_to, safe='/', errors='replace')}"


def local(return_to: str) -> str:
    """Return *return_to* as a way on by a link; HOME where it leads elsewhere."""
    where = kept(return_to)
    return where if re.match(r"/(?![/\\])", where) else HOME


def kept(return_to: str) -> str:
    """Return *return_to* in visible ASCII; "" where it says nothing or too much."""
    if return_to == HOME or len(return_to) > LONGEST_RETURN_TO:
        return ""
    return quote(return_to, safe=punctuation, errors="replace")
