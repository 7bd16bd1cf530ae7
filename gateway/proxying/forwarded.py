"""Says who the client is, in the fields applications read (RFC 7239, X-Forwarded-*)."""

from functools import lru_cache
from ipaddress import IPv6Address

from gateway.fields import Field


def forwarded(forwarded_for: bytes, host: bytes, scheme: bytes) -> bytes:
    """Return the value of ``Forwarded``: the addresses of *forwarded_for* in order.

    *forwarded_for* is the X-Forwarded-For to send, *host* the Host the client used.
    The last element, our own hop, also carries host and scheme (RFC 7239 §4).
    """
    elements = [_for(part.strip()) for part in forwarded_for.split(b",")]
    elements[-1] += b";host=%b;proto=%b" % (_quoted(host), scheme)
    return b", ".join(elements)


def _for(address: bytes) -> bytes:
    if not address:
        return b"for=unknown"
    if b":" in address and _is_ipv6(address):
        return b'for="[%b]"' % address  # RFC 7239 §6: in brackets, therefore quoted
    return b"for=" + _quoted(address)


def _is_ipv6(address: bytes) -> bool:
    try:
        IPv6Address(address.decode("ascii", "replace"))
    except ValueError:
        return False
    return True


_PLAIN = (
    b"!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
)


def _quoted(value: bytes) -> bytes:
    """Return *value* as a token where it is one, else as a quoted string."""
    if value and not value.translate(None, _PLAIN):
        return value
    return b'"%b"' % value.replace(b"\\", b"\\\\").replace(b'"', b'\\"')


_LONGEST_REMEMBERED = 256  # of an X-Forwarded-For
_MOST_REMEMBERED = 1024


def forwarding_fields(
    forwarded_for: bytes, host: bytes, scheme: bytes, port: bytes
) -> tuple[Field, ...]:
    """Return X-Forwarded-For, -Host, -Proto, -Port and Forwarded."""
    if len(forwarded_for) > _LONGEST_REMEMBERED:
        return _forwarding_fields(forwarded_for, host, scheme, port)
    return _remembered(forwarded_for, host, scheme, port)


def _forwarding_fields(
    forwarded_for: bytes, host: bytes, scheme: bytes, port: bytes
) -> tuple[Field, ...]:
    return (
        (b"X-Forwarded-For", forwarded_for),
        (b"X-Forwarded-Host", host),
        (b"X-Forwarded-Proto", scheme),
        (b"X-Forwarded-Port", port),
        (b"Forwarded", forwarded(forwarded_for, host, scheme)),
    )


_remembered = lru_cache(maxsize=_MOST_REMEMBERED)(_forwarding_fields)
