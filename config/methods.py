"""Methods of HTTP, as the file names them."""

import re
from typing import Annotated

from pydantic import AfterValidator

from config.problem import Wrong, did_you_mean

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}", re.ASCII)
_NEVER = frozenset({"CONNECT", "TRACE", "TRACK"})
_USUAL = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


def is_token(text: str) -> bool:
    """Return whether *text* is a token (RFC 9110 §5.6.2) of at most 64 characters."""
    return _TOKEN.fullmatch(text) is not None


def _check_method(method: str) -> str:
    if not is_token(method):
        raise Wrong("the method is not a token (RFC 9110 §9.1)")
    if method.upper() in _NEVER:
        raise Wrong("CONNECT, TRACE and TRACK are never forwarded")
    if method not in _USUAL and method.upper() in _USUAL:
        raise Wrong(
            f"methods are case-sensitive{did_you_mean(method, _USUAL)}",
        )
    return method


Method = Annotated[str, AfterValidator(_check_method)]
