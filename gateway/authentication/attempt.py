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
    unix seconds.  *again_for* is whose sign-in it repeats, who must show anew who they
    are: their subject, "" where nobody was signed in; None for any other attempt.
    """

    state: str
    nonce: str = field(repr=False)
    sign_in_session: str = field(repr=False)
    return_to: str
    started_at: int
    again_for: str | None = None

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
        *(() if attempt.again_for is None else (attempt.again_for,)),
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
            *rest,
        ] if not isinstance(started_at, bool) and _is_subject(rest):
            again_for = rest[0] if rest else None
            return Attempt(
                state, nonce, sign_in_session, return_to, started_at, again_for
            )
        case _:
            return None


def _is_subject(rest: list[object]) -> bool:
    return len(rest) <= 1 and all(isinstance(one, str) for one in rest)
