"""Tells the log and the metrics who met a limit; never more than a few lines a second.

Each limit has lines of its own, so that a flood of one does not hide another.
"""

from collections.abc import Callable
from typing import Final

import structlog

from gateway.operations.metrics import Children, Metrics

LIMITS: Final = (
    "connections", "connections_per_client", "upgrades", "upgrades_per_client",
    "requests_per_client",
    "sign_ins_per_minute", "wrong_bearers_per_minute",
    "head_timeout", "body_timeout", "send_timeout",
    "path_length", "header_size",
)  # fmt: skip
"""What they are called: as the settings that make them, where there is one."""

LINES_A_SECOND = 0.2
BURST = 5.0  # lines
log = structlog.get_logger("gateway.limits")


class LimitedLog:
    """Counts everything, and writes a line where one is left; *monotonic*: seconds."""

    def __init__(self, metrics: Metrics, monotonic: Callable[[], float]) -> None:
        self._count = Children(metrics.limited)
        self._monotonic = monotonic
        now = monotonic()
        self._lines = dict.fromkeys(LIMITS, (BURST, now, 0))
        for limit in LIMITS:
            self._count(limit)

    def tell(self, limit: str, client: str) -> None:
        """Write down that *client* met *limit*, one of LIMITS."""
        self._count(limit).inc()
        left, filled_at, untold = self._lines[limit]
        now = self._monotonic()
        left = min(BURST, left + (now - filled_at) * LINES_A_SECOND)
        if left < 1:
            self._lines[limit] = (left, now, untold + 1)
            return
        self._lines[limit] = (left - 1, now, 0)
        more = {"untold": untold} if untold else {}
        log.warning("limited", limit=limit, client=client, **more)
