"""Where somebody is signed in: their own sessions, each with a button that ends it."""

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.pages.addresses import SESSIONS
from gateway.pages.moments import moment, span
from gateway.pages.notice import Fact, Post, Section
from gateway.pages.plain_text import plain

NOTE = "Each of these browsers can use this application as you."


@dataclass(frozen=True, slots=True)
class OwnSession:
    """One session of the person who is looking; times in unix seconds.

    *is_this* where it is the one they are looking with.
    """

    id: str
    browser: str
    host: str
    signed_in_at: float
    seen_at: float
    is_this: bool


def own_sessions(sessions: Sequence[OwnSession], now: float) -> tuple[Section, ...]:
    """Return the section that lists *sessions*; none where nobody knows of them."""
    facts = tuple(_fact(session, now) for session in sessions)
    return (Section("Where you are signed in", facts, NOTE),) if facts else ()


def _fact(session: OwnSession, now: float) -> Fact:
    ago = span(now - session.seen_at)
    seen = f"Last seen {ago} ago" if ago else "Seen just now"
    began = f"Signed in on {moment(session.signed_in_at)}, at {plain(session.host)}"
    return Fact(
        plain(session.browser) or "A browser",
        "This browser" if session.is_this else seen,
        began,
        None
        if session.is_this
        else Post("Sign out there", SESSIONS, choice=session.id),
    )
