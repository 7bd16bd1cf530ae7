"""Requests that were refused before they were any: counted, and some of them told.

Whoever sends garbage does not get to fill the disk: lines beyond a rate are counted
only, and the next line says how many there were.
"""

from collections.abc import Callable

import structlog

from gateway.operations.metrics import Children, Metrics

LINES_A_SECOND = 2.0
BURST = 20.0  # lines
log = structlog.get_logger("gateway.request")


class RefusedLog:
    """Tells the log and the metrics; *monotonic* is in seconds."""

    def __init__(self, metrics: Metrics, monotonic: Callable[[], float]) -> None:
        self._refused = Children(metrics.refused)
        self._monotonic = monotonic
        self._allowed = BURST
        self._filled_at = monotonic()
        self._untold = 0

    def tell(self, status: int, reason: str, client: str) -> None:
        """Write down that *client* was answered *status* because of *reason*."""
        self._refused(str(status)).inc()
        now = self._monotonic()
        gained = (now - self._filled_at) * LINES_A_SECOND
        self._allowed = min(BURST, self._allowed + gained)
        self._filled_at = now
        if self._allowed < 1:
            self._untold += 1
            return
        self._allowed -= 1
        more = {"untold": self._untold} if self._untold else {}
        self._untold = 0
        log.info("refused", status=status, reason=reason, client=client, **more)
