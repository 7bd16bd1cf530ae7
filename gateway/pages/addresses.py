"""Addresses of our own that pages lead to, each a path under ``/.gateway/``."""

from typing import Final
from urllib.parse import quote

HOME: Final = "/"
ASSETS: Final = "/.gateway/assets/"
SIGN_IN: Final = "/.gateway/sign-in"
SIGN_UP: Final = "/.gateway/sign-up"
SIGN_OUT: Final = "/.gateway/sign-out"
SWITCH_ACCOUNT: Final = "/.gateway/switch-account"

LONGEST_RETURN_TO: Final = 2048  # characters; twice what return_to.py lets through


def returning(address: str, return_to: str) -> str:
    """Return *address* with *return_to* as its ``rd``.

    Whether a return-to is local is decided where ``rd`` is read.  Here it is only
    made unable to be anything but one parameter: everything outside the unreserved
    characters and ``/`` is percent-encoded (RFC 3986, section 2.1).
    """
    if return_to in {"", HOME} or len(return_to) > LONGEST_RETURN_TO:
        return address
    return f"{address}?rd={quote(return_to, safe='/', errors='replace')}"
