"""What people are shown of their own sessions, where a store can tell."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Note:
    """One session of somebody; times in unix seconds.

    *browser* is what it was begun with, in words, *host* where.
    """

    id: str
    signed_in_at: int
    seen_at: int
    browser: str
    host: str
