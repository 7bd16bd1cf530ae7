"""SIGTERM and SIGINT: the first one stops gracefully, a second one at once.

Both are handled for as long as we run: as process 1 of a container there is no default
that would end us.
"""

import asyncio
import signal
from collections.abc import Callable

SIGNALS = (signal.SIGTERM, signal.SIGINT)


class StopSignals:
    """Waits for a signal; *at_once* is called for each one after the first."""

    def __init__(self, at_once: Callable[[], None]) -> None:
        self._at_once = at_once
        self._first: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        for number in SIGNALS:
            asyncio.get_running_loop().add_signal_handler(number, self._heard, number)

    async def first(self) -> str:
        """Return the name of the first signal when it has come."""
        return await asyncio.shield(self._first)

    def _heard(self, number: signal.Signals) -> None:
        if self._first.done():
            self._at_once()
        else:
            self._first.set_result(number.name)
