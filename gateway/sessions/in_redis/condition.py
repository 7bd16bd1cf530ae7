"""Can Redis be asked, and does it take what is written?  Said once each way."""

from collections.abc import Callable
from dataclasses import dataclass, field

import structlog

from gateway.sessions.sharing import SharingAway

log = structlog.get_logger("gateway.sessions")


class StoreAway(SharingAway):
    """Sessions cannot be read or written now; *reason* is a sentence for the log."""


@dataclass(slots=True)
class Condition:
    """What the last words of Redis say.  Nothing is asked while it is *away*.

    *failures* counts what could not be asked or written.
    """

    away: str = "it was not reached yet"
    refuses: str = ""
    failures: int = 0
    _said: str = field(default="", repr=False)
    _known: str = field(default="", repr=False)
    _told: Callable[[str], None] | None = field(default=None, repr=False)

    @property
    def trouble(self) -> str:
        """Why people cannot be served, or not all of them; empty where they can."""
        return self.away or self.refuses

    def watch(self, told: Callable[[str], None]) -> None:
        """Have *told* hear of the trouble, now and whenever it is another."""
        self._told, self._known = told, self.trouble
        told(self.trouble)

    def check(self) -> None:
        """Raise StoreAway where there is no use in asking."""
        if self.away:
            raise StoreAway(self.away)

    def check_writes(self) -> None:
        """Raise StoreAway where there is no use in asking, or in writing."""
        if self.trouble:
            raise StoreAway(self.trouble)

    def lost(self, reason: str) -> None:
        """Hear that Redis cannot be reached, or answers too late."""
        self.failures += 1
        self.away = reason
        self._say()

    def answers(self) -> None:
        """Hear that it answers."""
        self.away = ""
        self._say()

    def refused(self, reason: str) -> None:
        """Hear that it answers, and took nothing."""
        self.failures += 1
        self.refuses = reason
        self._say()

    def took(self) -> None:
        """Hear that it took what was written."""
        if self.refuses:
            self.refuses = ""
            self._say()

    def _say(self) -> None:
        """Say that trouble begins, and that it is over: one line each."""
        if self._told is not None and self._known != self.trouble:
            self._known = self.trouble
            self._told(self.trouble)
        if bool(self.trouble) == bool(self._said):
            return
        self._said = self.trouble
        if self._said:
            log.error(
                "redis_away",
                reason=self._said,
                hint="Whoever needs a session gets a 503 page; it is tried again.",
            )
        else:
            log.info("redis_answers")
