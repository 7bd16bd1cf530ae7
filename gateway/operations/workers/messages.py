"""What a supervisor and its workers say to each other.

Each side may say only what is listed for it; what does not have exactly the form that
stands here is no message.  They hold sessions with their tokens: they are never logged.
"""

from dataclasses import dataclass

from gateway.operations.workers.figures import Family
from gateway.sessions.revocations import Mark, Whose
from gateway.sessions.session import Session

# A worker says


@dataclass(frozen=True, slots=True)
class Hello:
    """All is loaded: tell me what counts, and from now on what happens."""


@dataclass(frozen=True, slots=True)
class Ready:
    """I accept connections."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why people cannot be served here, or not all of them; empty where they can."""

    reason: str


@dataclass(frozen=True, slots=True)
class FirstUse:
    """Is *name*, which is good once, used for the first time?"""

    ask: int
    name: str
    until: float


@dataclass(frozen=True, slots=True)
class AskTurn:
    """May I ask Logto about this session?"""

    ask: int
    session_id: str


@dataclass(frozen=True, slots=True)
class EndTurn:
    """I am done with the turn that I asked for, or do not want it any more."""

    ask: int


@dataclass(frozen=True, slots=True)
class Keep:
    """That is what became of a session, of which I have the turn."""

    session: Session
    until: float


@dataclass(frozen=True, slots=True)
class Ended:
    """These sessions are over."""

    mark: Mark


@dataclass(frozen=True, slots=True)
class AskTold:
    """Have all heard of what I said was over, and is it kept?"""

    ask: int


@dataclass(frozen=True, slots=True)
class Heard:
    """All marks up to this number count here."""

    number: int


@dataclass(frozen=True, slots=True)
class InUse:
    """Something of these sessions is open here; when that was last seen."""

    uses: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Pulse:
    """I live."""

    ask: int


@dataclass(frozen=True, slots=True)
class Figures:
    """My metrics."""

    ask: int
    families: tuple[Family, ...]


@dataclass(frozen=True, slots=True)
class Done:
    """The order is carried out, and kept where it should be."""

    ask: int
    kept: bool


# The supervisor says


@dataclass(frozen=True, slots=True)
class Answer:
    """Yes or no."""

    ask: int
    yes: bool


@dataclass(frozen=True, slots=True)
class Turn:
    """It is your turn, and this is the newest that others know of the session."""

    ask: int
    newest: Session | None


@dataclass(frozen=True, slots=True)
class Known:
    """These counted before you came."""

    marks: tuple[Mark, ...]


@dataclass(frozen=True, slots=True)
class Begin:
    """You know all that counts."""


@dataclass(frozen=True, slots=True)
class Told:
    """Sessions are over since now."""

    number: int
    mark: Mark


@dataclass(frozen=True, slots=True)
class SeenInUse:
    """Something of these sessions is open somewhere else."""

    uses: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class AskPulse:
    """Do you live?"""

    ask: int


@dataclass(frozen=True, slots=True)
class AskFigures:
    """What are your metrics?"""

    ask: int


@dataclass(frozen=True, slots=True)
class Order:
    """Revoke the sessions of somebody: the operator says so."""

    ask: int
    whose: Whose
    value: str


@dataclass(frozen=True, slots=True)
class TakeOver:
    """Accept also what comes to the listeners of another worker, which is away."""

    listeners: int


@dataclass(frozen=True, slots=True)
class HandBack:
    """It is there again."""

    listeners: int


@dataclass(frozen=True, slots=True)
class Stop:
    """Let requests finish, and end."""


@dataclass(frozen=True, slots=True)
class StopAtOnce:
    """End."""


FromWorker = (
    Hello
    | Ready
    | Trouble
    | FirstUse
    | AskTurn
    | EndTurn
    | Keep
    | Ended
    | AskTold
    | Heard
    | InUse
    | Pulse
    | Figures
    | Done
)
FromSupervisor = (
    Answer
    | Turn
    | Known
    | Begin
    | Told
    | SeenInUse
    | AskPulse
    | AskFigures
    | Order
    | TakeOver
    | HandBack
    | Stop
    | StopAtOnce
)
Message = FromWorker | FromSupervisor
