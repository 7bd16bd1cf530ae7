"""Where a request goes, as far as its head, its peer and the routes say.

What follows from these alone is worked out once for requests that are alike, and kept.
"""

from dataclasses import dataclass

from gateway.routing.overrides import choose
from gateway.routing.own_address import own_address
from gateway.routing.received import Malformed, MethodRefused, Received
from gateway.routing.table import Choice, RouteTable

PREFLIGHT = "OPTIONS"  # the method of all that may be one


@dataclass(slots=True)
class Directions:
    """Where *received* goes; shared by all that are alike, so nobody may change it.

    *own* is the name of one of our own addresses, None for all others; *is_ours* tells
    whether the gateway answers for the host, *choice* which of its routes it is for.
    *is_plain* is what only its route decides about: nothing of our own, no preflight.
    """

    received: Received
    own: str | None
    is_ours: bool
    choice: Choice
    is_plain: bool


NoReading = Malformed | MethodRefused


def directions(
    received: Received | NoReading, routes: RouteTable
) -> Directions | NoReading:
    """Return where *received* goes, where *routes* are published.

    What could not be read, or is never served, goes nowhere: it is returned as it is.
    """
    if not isinstance(received, Received):
        return received
    own = own_address(received.target.path)
    is_ours = routes.serves(received.host)
    is_plain = own is None and is_ours and received.method != PREFLIGHT
    return Directions(received, own, is_ours, choose(routes, received), is_plain)
