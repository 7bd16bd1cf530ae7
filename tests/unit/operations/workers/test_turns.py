"""One at a time asks Logto about a session."""

import pytest
from hypothesis import given, strategies as st

from gateway.operations.workers.turns import Claim, Turns, longest_turn

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


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["ask", "end", "left", "overdue"]),
            st.integers(1, 3),
            st.integers(1, 3),
            st.sampled_from("st"),
        )
    )
)
def test_40_never_two_at_one_time(steps: list[tuple[str, int, int, str]]) -> None:
    turns, holders, wanted, now = Turns(HOLD), dict[str, Claim](), set[Claim](), 0.0
    for what, member, ask, name in steps:
        now += 7
        claim = Claim(member, ask, name)
        gone = {c for c in wanted if (c.member, c.ask) == (member, ask)}
        match what:
            case "ask":
                granted = turns.ask(claim, now)
                if not gone:
                    wanted.add(claim)
                gone = set()
            case "end":
                granted = turns.end(member, ask, now)
            case "left":
                granted = turns.left(member, now)
                gone = {c for c in wanted if c.member == member}
            case _:
                granted = turns.overdue(now)
                gone = {c for c in holders.values() if c not in wanted}
                gone |= {holders[c.name] for c in granted if c.name in holders}
        wanted -= gone
        holders = {n: c for n, c in holders.items() if c not in gone}
        for one in granted:
            assert one.name not in holders, "somebody has it"
            assert one in wanted
            holders[one.name] = one


def test_a_turn_lasts_longer_than_a_refresh_can_take() -> None:
    assert longest_turn(5) > 4 * 5
