"""A time limit that moves with every exchange."""

import asyncio
from collections.abc import Callable


def _nothing() -> None:
    pass


class Deadline:
    """Calls *on_pass* when the time that was last set has come.

    The loop's timer outlives an exchange: to move a number is cheaper than a timer.
    """

    __slots__ = ("_at", "_loop", "_on_pass", "_timer", "_timer_at")

    def __init__(
        self, loop: asyncio.AbstractEventLoop, on_pass: Callable[[], None]
    ) -> None:
        self._loop = loop
        self._on_pass = on_pass
        self._at: float | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at = 0.0

    def set(self, seconds: float) -> None:
        """Let it pass *seconds* from now."""
        at = self._at = self._loop.time() + seconds
        if self._timer is None:
            self._arm(at)
        elif self._timer_at > at:
            self._timer.cancel()
            self._arm(at)

    def clear(self) -> None:
        """Let it not pass, until it is set again."""
        self._at = None

    def close(self) -> None:
        """Let it never pass; whose deadline it was is forgotten."""
        self._at = None
        self._on_pass = _nothing
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _arm(self, at: float) -> None:
        self._timer_at = at
        self._timer = self._loop.call_at(at, self._tick)

    def _tick(self) -> None:
        self._timer = None
        if self._at is None:
            return
        if self._loop.time() < self._at:
            self._arm(self._at)
        else:
            self._at = None
            self._on_pass()
