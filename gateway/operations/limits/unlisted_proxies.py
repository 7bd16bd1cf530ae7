"""Peers that look like a proxy of ours that nobody has listed.

A peer with a private address that sends ``X-Forwarded-For`` most likely stands for
many clients.  Its word about them counts for nothing, but neither may all of them share
what one client may have: they would lock each other out.
"""

from collections import OrderedDict
from ipaddress import IPv4Address, IPv4Network, IPv6Network, ip_address, ip_network

from gateway.fields import Fields, first

MOST = 1024  # peers, and networks
EVERY = 3600.0  # seconds between two words about one network; a peer is known as long

# RFC 6598: what clouds give their containers, and carriers their customers.
_SHARED = IPv4Network("100.64.0.0/10")
_PREFIX = {4: 24, 6: 64}


class UnlistedProxies:
    """Remembers them, for an hour after they were seen last; times are in seconds.

    Mostly there are no *peers*: then nobody needs to ask whether one is known.
    """

    __slots__ = ("_told", "peers")

    def __init__(self) -> None:
        self.peers: OrderedDict[str, float] = OrderedDict()
        self._told: OrderedDict[str, float] = OrderedDict()

    def know(self, address: str, now: float) -> bool:
        """Return whether *address* was seen to be one in the last hour."""
        seen = self.peers.get(address)
        return seen is not None and now - seen < EVERY

    def meet(self, address: str, fields: Fields, now: float) -> str | None:
        """Look at what the untrusted peer *address* sent first on a connection.

        Return the network to tell about: that of a proxy which nobody has listed, once
        an hour.
        """
        network = _private_network(address)
        if network is None or first(fields, b"x-forwarded-for") is None:
            return None
        _remember(self.peers, address, now)
        told = self._told.get(network)
        if told is not None and now - told < EVERY:
            return None
        _remember(self._told, network, now)
        return network


def _remember(known: OrderedDict[str, float], key: str, now: float) -> None:
    known[key] = now
    known.move_to_end(key)
    if len(known) > MOST:
        known.popitem(last=False)


def network_of(address: str) -> str:
    """Return what to list so that the peer *address* is trusted."""
    return _private_network(address) or address


def _private_network(address: str) -> str | None:
    """Return what to list for a private *address*; None where it is public."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return None
    shared = isinstance(parsed, IPv4Address) and parsed in _SHARED
    if not (parsed.is_private or shared):
        return None
    if parsed.is_loopback:
        return address
    network: IPv4Network | IPv6Network = ip_network(
        (parsed, _PREFIX[parsed.version]), strict=False
    )
    return str(network)
