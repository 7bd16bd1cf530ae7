"""What several processes must know of one another's sessions, as one small interface.

Workers of one machine and replicas serve the same people: a request may reach any of
them.  What is good once is good once for all of them, Logto is asked about a session by
one of them at a time, and whoever is out is out everywhere.

Marks need no call of their own: who implements this hears of each by
``Revocations.watch(own=...)``, sends it off at once, and hands those that come from
elsewhere to ``Revocations.take``.
"""

from contextlib import AbstractAsyncContextManager
from typing import Protocol

from gateway.sessions.session import Session


class SharingAway(Exception):  # noqa: N818 - says what is the case
    """The other processes cannot be asked now; *reason* is a sentence for the log."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Sharing(Protocol):
    """What one process asks and tells the others.  Times in unix seconds.

    Nothing here waits for long: each call ends within a bound of its own.
    """

    async def start(self) -> None:
        """Begin to hear of the others; to be called once, before anybody is served.

        All that was ended elsewhere until now counts here once it returns.  Raises
        SharingAway where nobody could be served safely.
        """
        ...

    async def close(self) -> None:
        """Hear of the others no more; to be called when nothing is under way."""
        ...

    async def first_use(self, name: str, until: float, now: float) -> bool:
        """Return whether *name* is used for the first time, in whatever process.

        It is remembered until *until*.  Raises SharingAway: then it must not count as
        used for the first time.
        """
        ...

    def turn(self, session: Session) -> AbstractAsyncContextManager[Session]:
        """Give the right to ask Logto about *session* to one holder at a time.

        Yields what is known of it elsewhere, where that is newer, or *session* itself:
        what others learned of it must not be asked again.  It may have ended.  Who
        dies or hangs loses the right.  Raises SharingAway where it cannot be had.
        """
        ...

    async def keep(
        self, before: Session, renewed: Session, until: float, now: float
    ) -> None:
        """Have whoever gets the turn from now on find *renewed*, until *until*.

        To be called by the holder of the turn for *before*, also where the session
        ended meanwhile: who signed out revokes what came too late.  Where the others
        cannot be told, there is nothing better to do.
        """
        ...

    async def told(self) -> bool:
        """Wait until the others have heard of all that was ended here until now.

        Return whether a restart will remember it, where it should.
        """
        ...
