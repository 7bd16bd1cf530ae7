"""What sessions need to know of the operator's file: part of its [session] table."""

from typing import Protocol


class SessionSettings(Protocol):
    """The session's cookie and its limits; times in seconds, sizes in bytes."""

    @property
    def cookie_name(self) -> str:
        """The name of the session's cookie, which all our names start with."""

    @property
    def same_site(self) -> str:
        """``"lax"``, ``"strict"`` or ``"none"``."""

    @property
    def max_cookie_size(self) -> int:
        """The most that the session's cookies may take together, with names."""

    @property
    def idle_timeout(self) -> float:
        """A session that was not seen for so long is over."""

    @property
    def max_age(self) -> float:
        """A session is over so long after the sign-in, seen or not."""

    @property
    def revalidate(self) -> float:
        """Logto is asked about a session again so often."""
