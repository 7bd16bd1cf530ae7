"""Whose turn is it to ask Logto about a session?  One at a time, as they came.

Members are the workers' processes, each by a number that is used once.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Claim:
    """A member that wants the turn for the session *name*; *ask* names its question."""

    member: int
    ask: int
    name: str


@dataclass(slots=True)
class _Line:
    """Who has the turn for one session, until when, and who waits for it."""

    holder: Claim
    until: float
    waiting: deque[Claim] = field(default_factory=deque)


class Turns:
    """Gives each turn to one claim; who holds one longer than *hold* seconds loses it.

    Whatever is done returns the claims whose turn comes with it.
    """

    def __init__(self, hold: float) -> None:
        self._hold = hold
        self._lines: dict[str, _Line] = {}
        self._claims: dict[tuple[int, int], Claim] = {}

    def ask(self, claim: Claim, now: float) -> list[Claim]:
        """Take in *claim*; *now* is in seconds."""
        key = claim.member, claim.ask
        if key in self._claims:
            return []  # one question has one answer
        self._claims[key] = claim
        line = self._lines.get(claim.name)
        if line is not None:
            line.waiting.append(claim)
            return []
        self._lines[claim.name] = _Line(claim, now + self._hold)
        return [claim]

    def end(self, member: int, ask: int, now: float) -> list[Claim]:
        """Take the claim away, whether it had its turn or not."""
        claim = self._claims.pop((member, ask), None)
        if claim is None:
            return []
        line = self._lines[claim.name]
        if line.holder == claim:
            return list(self._next(claim.name, now))
        line.waiting.remove(claim)
        return []

    def left(self, member: int, now: float) -> list[Claim]:
        """Take away all claims of a *member* that is gone."""
        asked = [ask for one, ask in self._claims if one == member]
        granted = [claim for ask in asked for claim in self.end(member, ask, now)]
        return [claim for claim in granted if claim.member != member]

    def overdue(self, now: float) -> list[Claim]:
        """Take away the turns that are held for too long."""
        late = [line.holder for line in self._lines.values() if now >= line.until]
        return [c for one in late for c in self.end(one.member, one.ask, now)]

    def __len__(self) -> int:
        return len(self._lines)

    def _next(self, name: str, now: float) -> Iterator[Claim]:
        line = self._lines[name]
        if not line.waiting:
            del self._lines[name]
            return
        line.holder = line.waiting.popleft()
        line.until = now + self._hold
        yield line.holder
