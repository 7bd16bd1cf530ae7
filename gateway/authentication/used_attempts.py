"""Which sign-in attempts are over: a state that came back once is used up.

Clearing an attempt's cookie binds only a browser that complies; a copy of it would
open for the rest of its ten minutes.
"""

from hashlib import sha256

from gateway.authentication.attempt import CLOCK_LEEWAY, LIFETIME
from gateway.sessions.remembered import Remembered

MOST_REMEMBERED = 50_000  # about ten megabytes; only sealed attempts get here


class UsedAttempts:
    """The states that came back lately, in this process."""

    __slots__ = ("_states",)

    def __init__(self, limit: int = MOST_REMEMBERED) -> None:
        self._states = Remembered(limit)

    def first_use(self, state: str, now: float) -> bool:
        """Tell whether *state* comes back for the first time, and remember that.

        Ask for attempts that opened only: strangers shall not fill the memory.
        *now* is in unix seconds; it is remembered for as long as the attempt lives.
        """
        digest = sha256(state.encode("utf-8", "surrogatepass")).hexdigest()[:32]
        if self._states.holds(digest, now):
            return False
        self._states.add(digest, now + LIFETIME + CLOCK_LEEWAY, now)
        return True
