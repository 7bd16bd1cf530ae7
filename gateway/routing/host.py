"""One canonical form of a host, as ``Host`` or a target carries it (RFC 9110, 7.2)."""

import re
from functools import lru_cache
from ipaddress import IPv6Address

_LONGEST_NAME = 253  # octets, RFC 1035, section 2.3.4, without the final dot
_LONGEST = _LONGEST_NAME + len(".:65535")
_HIGHEST_PORT = 65535

# A label of letters, digits, hyphens and underscores (container names have those).
# Deliberately less than RFC 3986's reg-name: no escapes, no sub-delims.
_NAME = re.compile(rb"([a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*)\.?(?::([0-9]{1,5}))?")
_IPV6 = re.compile(rb"\[([0-9a-f:.]{2,45})\](?::([0-9]{1,5}))?")


def canonical_host(value: bytes) -> str | None:
    """Return the host of *value* in lower case, without port and trailing dot.

    *value* is ``host`` or ``host:port``, as RFC 9110, section 7.2 has it. An IPv6
    literal keeps its brackets and gets its shortest spelling (RFC 5952). None when
    *value* is anything else: empty, with userinfo, a space, a control or a non-ASCII
    byte, an escape, an empty label, an empty port or one that is no port number.
    """
    if len(value) > _LONGEST:
        return None  # and never a key of the cache
    return _canonical_host(value)


@lru_cache(maxsize=1024)
def _canonical_host(value: bytes) -> str | None:
    lowered = value.lower()
    match = _NAME.fullmatch(lowered)
    if match is not None:
        name, port = match.groups()
        good = len(name) <= _LONGEST_NAME and _is_port(port)
        return name.decode("ascii") if good else None
    match = _IPV6.fullmatch(lowered)
    if match is not None:
        literal, port = match.groups()
        return _ipv6(literal.decode("ascii")) if _is_port(port) else None
    return None


def _is_port(digits: bytes | None) -> bool:
    return digits is None or int(digits) <= _HIGHEST_PORT


def _ipv6(literal: str) -> str | None:
    try:
        return f"[{IPv6Address(literal)}]"
    except ValueError:
        return None
