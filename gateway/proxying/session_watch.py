"""Looks after exchanges that last: they were allowed once, and may go on for ever.

A WebSocket, an event stream or a long download is not asked again who it is.  So the
session behind each is kept in use and renewed, and who signs out, is revoked, reaches
the end of a session or may not any more is looked for among them.
"""

import asyncio
from collections.abc import Callable, Collection

from gateway.policy.access import Permit
from gateway.proxying.exchange import Exchange
from gateway.sessions.bearer import Bearer
from gateway.sessions.session import Session

PERIOD = 0.75  # seconds between two looks, while anything is open
SOON = 0.05  # seconds from a revocation to the next look: they may come in crowds

Attend = Callable[[Session | Bearer, Permit, float], Session | Bearer | None]
"""Returns what became of one that is in use, at a time; None: it must end."""


class SessionWatch:
    """Looks at the *open* exchanges and attends to their sessions; *now* in seconds.

    Those whose session is over are ended.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        open_exchanges: Collection[Exchange],
        attend: Attend,
        now: Callable[[], float],
    ) -> None:
        self._loop = loop
        self._open = open_exchanges
        self._attend = attend
        self._now = now
        self._timer: asyncio.TimerHandle | None = None

    def begin(self) -> None:
        """Look from now on, as long as anything is open."""
        if self._timer is None:
            self._timer = self._loop.call_later(PERIOD, self._look)

    def look_soon(self) -> None:
        """Look in a moment: somebody is out."""
        if self._timer is None or self._timer.when() <= self._loop.time() + SOON:
            return  # nothing is open, or it comes soon enough
        self._timer.cancel()
        self._timer = self._loop.call_later(SOON, self._look)

    def close(self) -> None:
        """Look no more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look(self) -> None:
        self._timer = None
        watched = [
            (exchange, exchange.who)
            for exchange in self._open
            if exchange.who is not None
        ]
        if watched:
            self.begin()
        now = self._now()
        for exchange, who in watched:
            if not exchange.is_under_way:
                continue
            attended = self._attend(who, exchange.permit, now)
            if attended is None:
                exchange.end_session()
            else:
                exchange.who = attended
