"""Keeps a request's place in a distributed trace (W3C Trace Context, level 1)."""

from collections.abc import Callable

_HEX = b"0123456789abcdef"
_LENGTH = 55  # of version 00: 2-32-16-2 with dashes


def is_traceparent(value: bytes) -> bool:
    """Tell whether *value* is a valid ``traceparent`` (§3.2.2)."""
    if len(value) < _LENGTH or value[2:3] + value[35:36] + value[52:53] != b"---":
        return False
    version, trace, parent, flags = value[:2], value[3:35], value[36:52], value[53:55]
    if (version + trace + parent + flags).translate(None, _HEX) or version == b"ff":
        return False
    longer = value[_LENGTH:]
    if longer and (version == b"00" or longer[:1] != b"-"):
        return False
    return trace != b"0" * 32 and parent != b"0" * 16


def new_traceparents(random_bytes: Callable[[int], bytes], count: int) -> list[bytes]:
    """Return *count* values of ``traceparent``, each of which begins a trace.

    It is marked as sampled: to an application that follows its parent's decision,
    the default of OpenTelemetry, that is as if no proxy stood in front.
    """
    digits = random_bytes(24 * count).hex(" ", 8).encode("ascii").split()
    return (b"00-%b%b-%b-01 " * count % tuple(digits)).split()
