"""Who the client is, where proxies stand in between: X-Forwarded-For and -Host."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final

from gateway.fields import Fields, values
from gateway.routing.host import canonical_host

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

# What RFC 7239, section 6.2, calls a client whose address is not known.
UNKNOWN: Final = "unknown"

# Proxies write bare addresses, Azure adds a port, RFC 7239 brackets IPv6.
_ENTRY = re.compile(
    rb"([0-9.]{7,15})(?::[0-9]{1,5})?"
    rb"|\[([0-9A-Fa-f:.]{2,45})\](?::[0-9]{1,5})?"
    rb"|([0-9A-Fa-f:.]{2,45})"
)


@dataclass(frozen=True, slots=True)
class ClientAddress:
    """Where a request came from.

    *address* is the client's, in its canonical spelling, or ``"unknown"``;
    *forwarded_for* is the ``X-Forwarded-For`` to send upstream; *trusted* says whether
    the peer is a trusted proxy, whose other forwarding fields may be believed.
    """

    address: str
    forwarded_for: bytes
    trusted: bool


def client_address(
    peer: str | None, fields: Fields, trusted: Sequence[Network], *, trust_unix: bool
) -> ClientAddress:
    """Return the client of a request that came with *fields* from *peer*.

    *peer* is the address of the other end of the connection, None for a unix socket.
    From a peer in one of the *trusted* networks (or on a unix socket, with
    *trust_unix*) ``X-Forwarded-For`` is appended to, and the client is its rightmost
    address that is not trusted. An entry that is no address ends the search, since
    whatever stands left of it came from somebody unknown: the client is then the
    last proxy before it. From any other peer the field counts for nothing.
    """
    address = None if peer is None else _peer(peer)
    is_trusted = trust_unix if peer is None else _is_in(address, trusted)
    if not is_trusted:
        return _untrusted(address)
    received = [value for value in values(fields, b"x-forwarded-for") if value.strip()]
    client = address
    for entry in _from_the_right(received):
        hop = _entry(entry)
        if hop is None:
            break
        client = hop
        if not _is_in(hop, trusted):
            break
    if peer is not None or not received:
        received.append(_text(address).encode())
    return ClientAddress(_text(client), b", ".join(received), trusted=True)


def effective_host(fields: Fields, *, trusted: bool) -> bytes | None:
    """Return the host that the client used, as it stands in *fields*.

    It is ``Host``, or with *trusted* (the peer is a trusted proxy) the
    ``X-Forwarded-Host``. None when there is no ``Host`` or more than one (RFC 9112,
    section 3.2), or when a trusted peer names several hosts that differ.
    """
    hosts = values(fields, b"host")
    if len(hosts) != 1:
        return None
    if not trusted:
        return hosts[0]
    forwarded = [
        host.strip()
        for value in values(fields, b"x-forwarded-host")
        for host in value.split(b",")
    ]
    if not forwarded:
        return hosts[0]
    if len({canonical_host(host) for host in forwarded}) != 1:
        return None
    return forwarded[0] or None


def _from_the_right(received: list[bytes]) -> Iterator[bytes]:
    """Yield the entries of all fields, the nearest proxy's first."""
    for value in reversed(received):
        for entry in reversed(value.split(b",")):
            yield entry.strip(b" \t")


@lru_cache(maxsize=4096)
def _untrusted(address: Address | None) -> ClientAddress:
    own = _text(address)
    return ClientAddress(own, own.encode(), trusted=False)


def _text(address: Address | None) -> str:
    return UNKNOWN if address is None else str(address)


def _is_in(address: Address | None, networks: Sequence[Network]) -> bool:
    return address is not None and any(address in network for network in networks)


@lru_cache(maxsize=4096)
def _peer(peer: str) -> Address | None:
    """Return the address that the socket names, without an IPv6 zone."""
    return _parsed(peer.partition("%")[0])


def _entry(entry: bytes) -> Address | None:
    match = _ENTRY.fullmatch(entry)
    if match is None:
        return None
    ipv4, bracketed, bare = match.groups()
    return _parsed((ipv4 or bracketed or bare).decode("ascii"))


def _parsed(text: str) -> Address | None:
    try:
        address = ip_address(text)
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address
