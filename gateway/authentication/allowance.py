"""How much work strangers may cause: so much at once, and so much in a second."""

from collections import OrderedDict
from functools import lru_cache
from ipaddress import IPv6Address, ip_address

MOST_CLIENTS = 4096
_PREFIX = 64  # bits: one IPv6 client has so many addresses of its own


class Allowance:
    """Allows each client *burst* tries, and *rate* more in each second.

    The clients are bounded: the one that was here longest ago is forgotten first.
    """

    __slots__ = ("_burst", "_left", "_most", "_rate")

    def __init__(self, rate: float, burst: int, most: int = MOST_CLIENTS) -> None:
        self._rate = rate
        self._burst = float(burst)
        self._most = most
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, client: str, now: float) -> bool:
        """Use up one try of *client* at *now* (seconds).  Return whether it had one."""
        left, at = self._left.pop(client, (self._burst, now))
        left = min(self._burst, left + max(0.0, now - at) * self._rate)
        allowed = left >= 1
        self._left[client] = (left - allowed, now)
        if len(self._left) > self._most:
            self._left.popitem(last=False)
        return allowed

    def give_back(self, client: str) -> None:
        """Take a try of *client* back: it was no try of the kind that is counted."""
        if client in self._left:
            left, at = self._left[client]
            self._left[client] = (min(self._burst, left + 1), at)


@lru_cache(maxsize=MOST_CLIENTS)
def one_client(address: str) -> str:
    """Return what all addresses of one client share: for IPv6 the network."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, IPv6Address):
        return str(int(parsed) >> (128 - _PREFIX))
    return address
