"""What every store of sessions can do: in the cookies themselves, or in Redis."""

from enum import Enum, auto
from typing import Final, Literal, Protocol

from gateway.sessions.cookies import OwnCookies
from gateway.sessions.note import Note
from gateway.sessions.opened import Opened
from gateway.sessions.session import Session


class Waiting(Enum):
    """What takes waiting for somebody's answer."""

    NEEDED = auto()


NOT_AT_HAND: Final = Waiting.NEEDED
NotAtHand = Literal[Waiting.NEEDED]


class SessionStore(Protocol):
    """Where sessions live.  Times in unix seconds.

    What is awaited may need to ask another machine, and raises SharingAway where that
    cannot be asked; the rest is known here.  *host* is the canonical host of a request,
    *cookie* its Cookie field.
    """

    own: OwnCookies

    def known(self, cookie: bytes, /) -> Opened | None:
        """Return what *cookie* held when it came before, where the store keeps that.

        Its notes and its session count while it is quiet, and for its host.
        """
        ...

    def at_hand(
        self, cookie: bytes, host: str, now: float
    ) -> Session | NotAtHand | None:
        """Return what :meth:`find` does, if nobody needs to be asked for it."""
        ...

    async def find(self, cookie: bytes, host: str, now: float) -> Session | None:
        """Return the live session that *cookie* stands for, or None."""
        ...

    async def find_opened(self, cookie: bytes, host: str) -> Session | None:
        """Return the session that *cookie* stands for, though it may be over."""
        ...

    async def begin(
        self, session: Session, host: str, now: float, cookie: bytes, user_agent: str
    ) -> list[bytes]:
        """Keep *session*, a new one, and return the Set-Cookie values that give it out.

        The one that came in *cookie* is replaced, and dead.  None where the session is
        over before it begins.  Raises SessionTooLarge.
        """
        ...

    def check(self) -> None:
        """Raise SharingAway where nobody could be signed in now."""
        ...

    async def settled(self) -> None:
        """Wait until what was ended here is out of every store that others read."""
        ...

    def due(self, session: Session, now: float) -> bool:
        """Tell whether the cookie of *session* is to be written again."""
        ...

    def write(
        self, session: Session, host: str, now: float, cookie: bytes
    ) -> list[bytes]:
        """Return the Set-Cookie values for *session* as it is now.

        Raises SessionTooLarge.
        """
        ...

    def clear(self, cookie: bytes) -> list[bytes]:
        """Return the Set-Cookie values that leave nothing of a session."""
        ...

    def newest(self, session: Session, now: float) -> Session:
        """Return what became of *session*, as far as it is known here; or itself."""
        ...

    def in_use(self, session: Session, now: float) -> None:
        """Hear that something of *session* is open, which counts as activity."""
        ...

    def renew(self, before: Session, renewed: Session, now: float) -> float:
        """Have all who come with *before* get *renewed*, and return until when."""
        ...

    def has_ended(self, session: Session, now: float) -> bool:
        """Tell whether *session* is over before its time."""
        ...

    def is_over(self, session: Session, now: float) -> bool:
        """Tell whether what is under way with *session* must end."""
        ...

    def end(self, session: Session, now: float) -> None:
        """Have *session* be over from *now* on, whatever comes."""
        ...


class OwnSessions(Protocol):
    """A store that knows which sessions are whose.  Raises SharingAway."""

    async def shown_to(self, subject: str) -> list[Note]:
        """Return the sessions of *subject*, newest first."""
        ...

    async def end_of(self, subject: str, session_id: str, now: float) -> bool:
        """End the session *session_id*, if it is of *subject*; tell whether it was."""
        ...
