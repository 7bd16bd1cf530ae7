"""Header names by which a client would say itself who it is.

Where another proxy forwards the request, that proxy removes what clients must not
send, by the names it knows. So a client that sends any such name is refused when the
proxy asks, whatever its spelling: nothing depends on the proxy's list being whole.
"""

import re
from collections.abc import Iterable
from typing import Final

from gateway.fields import Fields
from gateway.identity.reserved_names import ReservedNames, reduced

# What proxies tell about the way, in the spelling in which they do; and where
# ingress-nginx tells a gateway to come back to, which nobody reads here.
_OF_THE_WAY: Final = re.compile(
    r"(?:x-forwarded|x-original|cf-connecting)(?:-[a-z0-9]+)+"
    r"|forwarded|x-real-ip|x-rewrite-url|x-request-id|traceparent"
    r"|x-auth-request-redirect"
)
_ABOUT_PEOPLE: Final = (
    "X-Forwarded-User",
    "X-Forwarded-Preferred-Username",
    "X-Forwarded-Email",
    "X-Forwarded-Groups",
    "X-Forwarded-Name",
    "X-Forwarded-Access-Token",
    "X-Forwarded-Id-Token",
)
_MOST_KNOWN = 2048
_LONGEST_KNOWN = 64


class ClaimedNames:
    """The names that no client may send where another proxy forwards its request.

    *reserved* are the names that no client may send to an upstream, *own* those that
    the gateway itself tells people by.
    """

    def __init__(self, reserved: ReservedNames, own: Iterable[bytes]) -> None:
        self._reserved = reserved
        self._own = {reduced(name.encode()) for name in _ABOUT_PEOPLE}
        self._own.update(map(reduced, own))
        self._known: dict[bytes, bool] = {}

    def among(self, fields: Fields) -> bytes | None:
        """Return the first such name among *fields*, None where there is none."""
        for name, _ in fields:
            known = self._known.get(name)
            if self._learn(name) if known is None else known:
                return name
        return None

    def _learn(self, name: bytes) -> bool:
        claimed = name in self._reserved and (
            reduced(name) in self._own
            or not _OF_THE_WAY.fullmatch(name.lower().decode("latin-1"))
        )
        if len(name) <= _LONGEST_KNOWN:
            if len(self._known) >= _MOST_KNOWN:
                self._known.clear()
            self._known[name] = claimed
        return claimed
