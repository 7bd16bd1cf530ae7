"""A bearer: what a program showed instead of a session, an access token of Logto."""

from dataclasses import dataclass, field

from gateway.identity.identity import Identity
from gateway.sessions.session import CLOCK_LEEWAY, Session


@dataclass(frozen=True, slots=True)
class Bearer:
    """Whom a verified access token speaks for, and until when; times in unix seconds.

    *id* stands for the token and says nothing of it; *audiences* are those of
    ``logto.resources`` that it is for.  *stand_in* is what marks of revocation are
    compared with: a session that began when the token was issued.
    """

    id: str
    identity: Identity
    audiences: frozenset[str]
    issued_at: int
    expires_at: int
    stand_in: Session = field(repr=False, compare=False)

    @classmethod
    def of(
        cls,
        token_id: str,
        identity: Identity,
        audiences: frozenset[str],
        *,
        issued_at: int,
        expires_at: int,
    ) -> "Bearer":
        """Return the bearer that a token with these claims makes."""
        stand_in = Session(token_id, issued_at, issued_at, expires_at, identity)
        return cls(token_id, identity, audiences, issued_at, expires_at, stand_in)

    def is_over(self, now: float) -> bool:
        """Tell whether its time has ended at *now*; clocks may differ by a minute."""
        return now >= self.expires_at + CLOCK_LEEWAY
