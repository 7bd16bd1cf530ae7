"""One at a time asks Logto about a session."""

import pytest
from hypothesis import given, strategies as st

from gateway.operations.workers.turns import Claim, Turns

HOLD = 30.0
A, B, C = Claim(1, 1, "s"), Claim(2, 1, "s"), Claim(3, 1, "s")


def test_who_comes_first_has_it_and_the_others_follow() -> None:
    turns = Turns(HOLD)
    assert turns.ask(A, 0) == [A]
    assert turns.ask(B, 1) == []
    assert turns.ask(C, 2) == []
    assert turns.end(1, 1, 3) == [B]
    assert turns.end(2, 1, 4) == [C]
    assert turns.end(3, 1, 5) == []
    assert len(turns) == 0


def test_other_sessions_do_not_wait() -> None:
    turns = Turns(HOLD)
    other = Claim(2, 1, "t")
    assert turns.ask(A, 0) == [A]
    assert turns.ask(other, 0) == [other]


def test_two_questions_of_one_worker_about_one_session_follow_each_other() -> None:
    turns = Turns(HOLD)
    again = Claim(1, 2, "s")
    assert turns.ask(A, 0) == [A]
    assert turns.ask(again, 0) == []
    assert turns.end(1, 1, 1) == [again]


def test_40_whoever_dies_leaves_it_to_the_next_who_lives() -> None:
    turns = Turns(HOLD)
    for claim in (A, B, C, Claim(2, 2, "s"), Claim(2, 3, "u")):
        turns.ask(claim, 0)
    assert turns.left(2, 1) == []
    assert turns.left(1, 2) == [C]
    assert turns.left(3, 3) == []
    assert len(turns) == 0


def test_40_whoever_hangs_loses_it() -> None:
    turns = Turns(HOLD)
    turns.ask(A, 0)
    turns.ask(B, 20)
    assert turns.overdue(HOLD - 0.1) == []
    assert turns.overdue(HOLD) == [B]
    assert turns.overdue(HOLD + 29.9) == [], "B has it since then"
    assert turns.end(1, 1, HOLD + 1) == [], "A comes too late to give it away"
    assert turns.overdue(2 * HOLD) == []
    assert len(turns) == 0


def test_who_does_not_want_it_any_more_is_passed_over() -> None:
    turns = Turns(HOLD)
    for claim in (A, B, C):
        turns.ask(claim, 0)
    assert turns.end(2, 1, 1) == []
    assert turns.end(1, 1, 2) == [C]


@pytest.mark.parametrize("ask", [1, 7])
def test_what_nobody_asked_for_is_not_given(ask: int) -> None:
    turns = Turns(HOLD)
    turns.ask(A, 0)
    assert turns.ask(A, 0) == [], "the same question again"
    assert turns.end(2, ask, 0) == []
    assert len(turns) == 1


class Lines:
    """The same in the plainest way: a list for each session, its first has the turn."""

    def __init__(self) -> None:
        self.lines: dict[str, list[Claim]] = {}
        self.until: dict[str, float] = {}

    def ask(self, claim: Claim, now: float) -> list[Claim]:
        if self.find(claim.member, claim.ask) is not None:
            return []
        self.lines.setdefault(claim.name, []).append(claim)
        return self.first(claim.name, now) if len(self.lines[claim.name]) == 1 else []

    def end(self, claim: Claim | None, now: float) -> list[Claim]:
        if claim is None:
            return []
        line = self.lines[claim.name]
        had_it = line[0] == claim
        line.remove(claim)
        return self.first(claim.name, now) if had_it else []

    def overdue(self, now: float) -> list[Claim]:
        heads = [line[0] for line in self.lines.values() if line]
        late = [claim for claim in heads if now >= self.until[claim.name]]
        return [next_one for claim in late for next_one in self.end(claim, now)]

    def left(self, member: int, now: float) -> list[Claim]:
        claims = [c for line in self.lines.values() for c in line if c.member == member]
        granted = [one for claim in claims for one in self.end(claim, now)]
        return [claim for claim in granted if claim.member != member]

    def find(self, member: int, ask: int) -> Claim | None:
        claims = (claim for line in self.lines.values() for claim in line)
        return next((c for c in claims if (c.member, c.ask) == (member, ask)), None)

    def first(self, name: str, now: float) -> list[Claim]:
        self.until[name] = now + HOLD
        return self.lines[name][:1]


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["ask", "ask", "end", "left", "overdue"]),
            st.integers(1, 3),
            st.integers(1, 3),
            st.sampled_from("st"),
        )
    )
)
def test_40_never_two_at_one_time(steps: list[tuple[str, int, int, str]]) -> None:
    turns, lines, now = Turns(HOLD), Lines(), 0.0
    for what, member, ask, name in steps:
        now += 7
        match what:
            case "ask":
                claim = Claim(member, ask, name)
                granted, expected = turns.ask(claim, now), lines.ask(claim, now)
            case "end":
                granted = turns.end(member, ask, now)
                expected = lines.end(lines.find(member, ask), now)
            case "left":
                granted, expected = turns.left(member, now), lines.left(member, now)
            case _:
                granted, expected = turns.overdue(now), lines.overdue(now)
        assert set(granted) == set(expected)
        assert len(turns) == len([line for line in lines.lines.values() if line])
