"""When is Logto asked about a session again?

A session is due a little before its interval is over, each at a moment of its own, so
that many sessions of one moment do not come back at one moment; whoever keeps coming
never waits.  Once the interval is over it is overdue, and a request waits for Logto.
Where Logto is away, the pauses between two tries grow.
"""

from dataclasses import dataclass
from hashlib import sha256

from config.logto import Logto
from gateway.sessions.session import Session

EARLIEST, LATEST = 0.8, 0.95  # parts of the interval, between which a session is due
SHORTEST = 1.0  # seconds between two refreshes, however short ID tokens live
FIRST_PAUSE, LONGEST_PAUSE = 2.0, 60.0  # seconds
# How many times logto.timeout a refresh may take: an answer that nobody waits for any
# more may have held the only refresh token. Requests wait no longer for it.
REFRESH_PATIENCE = 3.0
SLACK = 10.0  # seconds
_WHOLE = 2.0**32


@dataclass(frozen=True, slots=True)
class Schedule:
    """When a session is due and when overdue, in unix seconds."""

    due_at: float
    overdue_at: float


def schedule(session: Session, revalidate: float) -> Schedule:
    """Return when *session* is to be renewed, *revalidate* seconds apart at most.

    Before its ID token ends, too.  One without a refresh token is never due.
    """
    if session.refresh_token is None:
        return Schedule(float("inf"), float("inf"))
    last = max(session.signed_in_at, session.revalidated_at)
    interval = max(SHORTEST, min(revalidate, session.expires_at - last))
    part = EARLIEST + (LATEST - EARLIEST) * spread(session.id, session.generation)
    return Schedule(last + part * interval, last + interval)


def is_due_soon(session: Session, revalidate: float, now: float) -> bool:
    """Tell whether *session* may be due at *now*; no is sure, and quick."""
    return session.refresh_token is not None and now >= _earliest(session, revalidate)


def undue_until(session: Session, revalidate: float, now: float) -> float:
    """Return a moment until which *session* is not due, as seen at *now*.

    That is as quickly found as it can be, and past where the session is due.
    """
    earliest = _earliest(session, revalidate)
    return earliest if now < earliest else schedule(session, revalidate).due_at


def _earliest(session: Session, revalidate: float) -> float:
    """Return when *session* is due at the earliest, whatever its own moment is."""
    last = max(session.signed_in_at, session.revalidated_at)
    interval = max(SHORTEST, min(revalidate, session.expires_at - last))
    return last + EARLIEST * interval


def spread(text: str, number: int) -> float:
    """Return a fraction from 0 to under 1 that *text* and *number* give always."""
    digest = sha256(f"{number} {text}".encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:4], "big") / _WHOLE


class BackOff:
    """The pauses between tries of something that fails; *seed* spreads them.

    All times in unix seconds.  Each pause is twice as long as the one before, up to
    a minute, and up to half of it is cut off by chance.
    """

    __slots__ = ("_again_at", "_failures", "_seed")

    def __init__(self, seed: str) -> None:
        self._seed = seed
        self._failures = 0
        self._again_at = 0.0

    @property
    def failing(self) -> bool:
        """Whether the last try failed."""
        return self._failures > 0

    def allows(self, now: float) -> bool:
        """Tell whether it may be tried at *now*."""
        # A clock that was set back must not make a pause of hours.
        return not self._failures or not (
            self._again_at - LONGEST_PAUSE <= now < self._again_at
        )

    def tries(self, now: float) -> None:
        """Hear of a try at *now*: while it is failing there is one for each pause."""
        if self._failures:
            self._pause(now)

    def failed(self, now: float) -> bool:
        """Hear that a try failed; return whether it is the first to do so."""
        if self._failures:
            return False
        self._pause(now)
        return True

    def worked(self) -> bool:
        """Hear that a try did not fail; return whether others did before."""
        failing, self._failures = self.failing, 0
        return failing

    def _pause(self, now: float) -> None:
        self._failures += 1
        longest = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(self._failures - 1, 10))
        cut = spread(self._seed, self._failures) / 2
        self._again_at = now + longest * (1 - cut)


def longest_refresh(logto: Logto) -> float:
    """Return how many seconds at most it takes to ask Logto, as *logto* has it.

    Three calls at the most: where its addresses are, the keys, and who it is. Beside
    them one for the tokens, one for each resource and one for an organization, which
    have more patience. Nobody else may ask about the session meanwhile.
    """
    refreshes = 2 + len(logto.resources)
    return (3 + refreshes * REFRESH_PATIENCE) * logto.timeout + SLACK
