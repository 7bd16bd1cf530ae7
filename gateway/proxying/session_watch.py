"""Ends exchanges whose session is over: they were allowed once, and may last for ever.

A WebSocket, an event stream or a long download is not asked again who it is.  So who
signs out, is revoked, or reaches the end of a session is looked for among them.
"""

import asyncio
from collections.abc import Callable, Mapping

from gateway.proxying.exchange import Exchange
from gateway.sessions.session import Session

PERIOD = 0.75  # seconds between two looks, while anything is open
SOON = 0.05  # seconds from a revocation to the next look: they may come in crowds


class SessionWatch:
    """Looks at the *open* exchanges, and ends those whose session *is_over*."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        open_exchanges: Mapping[Exchange, Session | None],
        is_over: Callable[[Session], bool],
    ) -> None:
        self._loop = loop
        self._open = open_exchanges
        self._is_over = is_over
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
            (exchange, session)
            for exchange, session in self._open.items()
            if session is not None
        ]
        for exchange, session in watched:
            if exchange.is_under_way and self._is_over(session):
                exchange.end_session()
        if watched:
            self.begin()
