"""A time limit that moves with every exchange."""

import asyncio
from collections.abc import Callable


def _nothing() -> None:
    pass


class Deadline:
    """Calls *on_pass* when the time that was last set has come.

    The loop's timer outlives an exchange: to move a number is cheaper than a timer.
    ``at`` is that time of the loop; None lets it not pass, until it is set again.
    """

    __slots__ = ("_loop", "_on_pass", "_timer", "_timer_at", "at")

    def __init__(
        self, loop: asyncio.AbstractEventLoop, on_pass: Callable[[], None]
    ) -> None:
        self._loop = loop
        self._on_pass = on_pass
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at = 0.0
        self.at: float | None = None

    def set(self, seconds: float) -> None:
        """Let it pass *seconds* from now."""
        at = self.at = self._loop.time() + seconds
        if self._timer is None:
            self._arm(at)
        elif self._timer_at > at:
            self._timer.cancel()
            self._arm(at)

    def close(self) -> None:
        """Let it never pass; whose deadline it was is forgotten."""
        self.at = None
        self._on_pass = _nothing
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _arm(self, at: float) -> None:
        self._timer_at = at
        self._timer = self._loop.call_at(at, self._tick)

    def _tick(self) -> None:
        self._timer = None
        if self.at is None:
            return
        if self._loop.time() < self.at:
            self._arm(self.at)
        else:
            self.at = None
            self._on_pass()
