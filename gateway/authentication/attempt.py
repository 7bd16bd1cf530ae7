"""A sign-in attempt: what must be the same before and after the way to Logto."""

import json
from dataclasses import dataclass, field, replace

LIFETIME = 600  # seconds; who takes longer starts again
CLOCK_LEEWAY = 60  # seconds that a time may lie ahead of ours


@dataclass(frozen=True, slots=True)
class Attempt:
    """One person's way to Logto, from the redirect to the callback.

    *sign_in_session* is the SDK's own record (it holds the PKCE verifier),
    *return_to* the local target where the person goes then, *started_at* is in
    unix seconds.
    """

    state: str
    nonce: str = field(repr=False)
    sign_in_session: str = field(repr=False)
    return_to: str
    started_at: int

    def is_live(self, now: float) -> bool:
        """Tell whether the attempt may still end at *now* (unix seconds)."""
        return -CLOCK_LEEWAY <= now - self.started_at < LIFETIME

    @property
    def is_finished(self) -> bool:
        """Whether it came back already: only where it led is left of it."""
        return not self.sign_in_session

    def finished(self) -> "Attempt":
        """Return what is left of the attempt once it came back: no secrets."""
        return replace(self, nonce="", sign_in_session="")


def encode(attempt: Attempt) -> bytes:
    """Return *attempt* as the bytes that are sealed into its cookie."""
    values = (
        attempt.state,
        attempt.nonce,
        attempt.sign_in_session,
        attempt.return_to,
        attempt.started_at,
    )
    return json.dumps(values, separators=(",", ":")).encode("ascii")


def decode(payload: bytes) -> Attempt | None:
    """Return the attempt that *payload* holds; None where it holds no such thing."""
    try:
        values = json.loads(payload)
    except (ValueError, RecursionError):
        return None
    match values:
        case [
            str(state),
            str(nonce),
            str(sign_in_session),
            str(return_to),
            int(started_at),
        ] if not isinstance(started_at, bool):
            return Attempt(state, nonce, sign_in_session, return_to, started_at)
        case _:
            return None
