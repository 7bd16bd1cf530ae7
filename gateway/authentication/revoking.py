"""Signing people out everywhere: what all ways of doing so share."""

from collections.abc import Callable
from dataclasses import dataclass

import structlog

from gateway.sessions.revocations import Revocations, Whose
from gateway.sessions.sharing import Sharing

log = structlog.get_logger("gateway.sessions")


@dataclass(frozen=True, slots=True)
class Revoking:
    """Revokes sessions everywhere, and has that written down where it is kept.

    *now* gives unix seconds.
    """

    revocations: Revocations
    sharing: Sharing
    now: Callable[[], float]

    async def revoke(self, *marks: tuple[Whose, str], reason: str) -> bool:
        """End the sessions that *marks* name: at once, streams within two seconds.

        *reason* is a word for the log.  Return whether a restart will remember it,
        where it should; it counts in any case.
        """
        for whose, value in marks:  # all before the first wait, which may be cut short
            self.revocations.revoke(whose, value, self.now())
            log.info("sessions_revoked", whose=str(whose), value=value, reason=reason)
        return await self.sharing.told()

    async def order(self, whose: Whose, value: str) -> bool:
        """Revoke by the operator's order."""
        return await self.revoke((whose, value), reason="operator")
