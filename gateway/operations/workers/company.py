"""What a gateway knows of being one of several workers."""

from collections.abc import Callable
from typing import Protocol

from gateway.sessions.last_seen import LastSeen
from gateway.sessions.revocations import Revocations
from gateway.sessions.sharing import Sharing


class Company(Protocol):
    """The other workers, and the supervisor, who writes down what is to be kept."""

    def sharing(self, revocations: Revocations, now: Callable[[], float]) -> Sharing:
        """Return what they share, with *revocations* for marks; *now* is unix time."""
        ...

    def share_use(self, last_seen: LastSeen, every: float) -> None:
        """Have all know, *every* so many seconds, which sessions are in use."""
        ...
