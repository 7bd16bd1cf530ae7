"""SIGTERM and SIGINT: the first one stops gracefully, a second one at once.

Both are handled for as long as we run: as process 1 of a container there is no default
that would end us.  SIGHUP makes other servers read their files again; here it changes
nothing, where by default it would cut every request.
"""

import asyncio
import signal
from collections.abc import Callable

import structlog

SIGNALS = (signal.SIGTERM, signal.SIGINT)
WITHOUT_EFFECT = (signal.SIGHUP,) if hasattr(signal, "SIGHUP") else ()  # not on Windows
log = structlog.get_logger("gateway")


class StopSignals:
    """Waits for a signal; *at_once* is called for each one after the first."""

    def __init__(self, at_once: Callable[[], None]) -> None:
        self._at_once = at_once
        self._first: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        for number in SIGNALS:
            asyncio.get_running_loop().add_signal_handler(number, self._heard, number)
        for number in WITHOUT_EFFECT:
            asyncio.get_running_loop().add_signal_handler(number, _say_not_reloaded)

    async def first(self) -> str:
        """Return the name of the first signal when it has come."""
        return await asyncio.shield(self._first)

    def _heard(self, number: signal.Signals) -> None:
        if self._first.done():
            self._at_once()
        else:
            self._first.set_result(number.name)


def _say_not_reloaded() -> None:
    log.warning("not_reloaded", hint="Files are read at the start only: restart.")
