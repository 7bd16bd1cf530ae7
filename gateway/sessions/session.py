"""A session: a browser's signed-in state, and how long it lasts."""

import json
from dataclasses import dataclass, field, replace

from gateway.identity.identity import Identity
from gateway.identity.record import from_record, to_record
from gateway.sessions.sent_tokens import SentTokens, from_values, to_values
from gateway.sessions.stored import Stored

CLOCK_LEEWAY = 60  # seconds that a time may lie ahead of ours

_FEWEST = 6  # values of the oldest sessions that still open
_WIDTH = 17  # digits of a time and of seven-digit generations
# Where one is not sealed.
_FIRST = (None, None, None, None, None, None, None, 0, 0, 0, None)


@dataclass(frozen=True, slots=True)
class Session:
    """Who is signed in, since when, and until when; times in unix seconds.

    *expires_at* is the end of the ID token, as Logto says; *refresh_token* lets the
    grant be renewed and revoked; *sid* names the session at Logto, where Logto tells
    (OpenID Connect Back-Channel Logout 1.0, section 2.1).  *revalidated_at* is when
    Logto was last asked about it, 0 for not since the sign-in, and *generation* how
    often its tokens were replaced.  *authenticated_at* is when the person last showed
    who they are, 0 where nobody knows.  *tokens* are those that applications are sent,
    where the operator says so.  *current_cookie* says whether the cookie that
    it came in is the one that would be written now, and *stored* goes with a session
    that lives outside of its cookie; neither is part of what is sealed.
    """

    id: str
    signed_in_at: int
    seen_at: int
    expires_at: int
    identity: Identity
    refresh_token: str | None = field(default=None, repr=False)
    sid: str | None = field(default=None, repr=False)
    revalidated_at: int = 0
    generation: int = 0
    authenticated_at: int = 0
    tokens: SentTokens | None = field(default=None, repr=False)
    current_cookie: bool = field(default=True, compare=False, repr=False)
    stored: Stored | None = field(default=None, compare=False, repr=False)

    def seen(self, now: float) -> "Session":
        """Return the session as seen at *now* (unix seconds), never earlier."""
        return replace(self, seen_at=max(self.seen_at, int(now)))

    def has_run_out(self, now: float, max_age: float) -> bool:
        """Tell whether the session is over at *now*, however much it is in use.

        That is *max_age* seconds after the sign-in, and with its ID token where that
        cannot be refreshed.
        """
        ends = self.refresh_token is None and now >= self.expires_at
        return ends or now >= self.signed_in_at + max_age

    def is_live(self, now: float, *, idle_timeout: float, max_age: float) -> bool:
        """Tell whether the session still holds at *now*; limits in seconds.

        It is over when it was not seen for *idle_timeout*, *max_age* after the
        sign-in, and with its ID token where that cannot be refreshed.  Times ahead
        of ours are believed for a minute: servers that share the key have clocks of
        their own.
        """
        return (
            (self.refresh_token is not None or now < self.expires_at)
            and self.signed_in_at - CLOCK_LEEWAY <= now < self.signed_in_at + max_age
            and self.seen_at - CLOCK_LEEWAY <= now < self.seen_at + idle_timeout
        )


def encode(session: Session) -> bytes:
    """Return *session* as the bytes that are sealed into its cookie.

    They do not get longer by its being renewed: what fits at the sign-in fits later.
    """
    values = (
        session.id,
        session.signed_in_at,
        session.seen_at,
        session.expires_at,
        to_record(session.identity),
        session.refresh_token,
        session.sid,
        session.revalidated_at,
        session.generation,
        session.authenticated_at,
        to_values(session.tokens),
    )
    text = json.dumps(values, separators=(",", ":"), ensure_ascii=False)
    digits = len(f"{session.revalidated_at}{session.generation}")
    return text.encode("utf-8", "surrogatepass") + b" " * (_WIDTH - digits)


def decode(payload: bytes) -> Session | None:
    """Return the session that *payload* holds; None where it holds no such thing."""
    try:
        return _session(_whole(json.loads(payload.decode("utf-8", "surrogatepass"))))
    except (ValueError, RecursionError):
        return None


def _whole(values: object) -> object:
    """Return *values* with what sessions did not have yet when they were sealed."""
    if isinstance(values, list) and _FEWEST <= len(values) < len(_FIRST):
        return [*values, *_FIRST[len(values) :]]
    return values


def _session(values: object) -> Session:
    match values:
        case [
            str(session_id),
            int(signed_in_at),
            int(seen_at),
            int(expires_at),
            record,
            str() | None as refresh_token,
            str() | None as sid,
            int(revalidated_at),
            int(generation),
            int(authenticated_at),
            tokens,
        ] if not any(isinstance(value, bool) for value in values):
            return Session(
                session_id,
                signed_in_at,
                seen_at,
                expires_at,
                from_record(record),
                refresh_token,
                sid,
                revalidated_at,
                generation,
                authenticated_at,
                from_values(tokens),
            )
        case _:
            raise ValueError("not a session")
