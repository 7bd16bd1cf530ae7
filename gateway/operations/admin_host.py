"""Whom the admin listener answers: who asks for it by a name that is its own.

A page of a site whose name is suddenly the address of this machine (DNS rebinding) asks
by the name of that site, which its owner chose: it has a dot, and nobody listed it.
"""

from collections.abc import Container
from ipaddress import IPv4Address

from gateway.routing.host import canonical_host


def is_asked_by_name(field: str | None, names: Container[str]) -> bool:
    """Return whether *field*, a Host, is one that the admin listener may have.

    That is an address, ``localhost``, a name without a dot (which nobody can publish),
    or one of *names*.  Browsers always send one: None is a program.
    """
    if field is None:
        return True
    host = canonical_host(field.encode("utf-8", "surrogateescape"))
    if host is None:
        return False
    return (
        host in names
        or "." not in host  # [IPv6] among them
        or host.endswith(".localhost")
        or _is_address(host)
    )


def _is_address(host: str) -> bool:
    try:
        IPv4Address(host)
    except ValueError:
        return False
    return True
