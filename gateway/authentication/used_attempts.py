"""Which sign-in attempts are over: a state that came back once is used up.

Clearing an attempt's cookie binds only a browser that complies; a copy of it would
open for the rest of its ten minutes.
"""

from dataclasses import dataclass

from gateway.authentication.attempt import CLOCK_LEEWAY, LIFETIME
from gateway.sessions.sharing import Sharing


@dataclass(frozen=True, slots=True)
class UsedAttempts:
    """The states that came back lately, to whatever process."""

    sharing: Sharing

    async def first_use(self, state: str, now: float) -> bool:
        """Tell whether *state* comes back for the first time, and remember that.

        Ask for attempts that opened only: strangers shall not fill the memory.
        *now* is in unix seconds; it is remembered for as long as the attempt lives.
        Raises SharingAway.
        """
        until = now + LIFETIME + CLOCK_LEEWAY
        return await self.sharing.first_use(f"attempt {state}", until, now)
