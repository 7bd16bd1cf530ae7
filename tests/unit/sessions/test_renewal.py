"""When a session is due, and how tries that fail spread out."""

from dataclasses import replace

import pytest
from hypothesis import given, strategies as st

from config.logto import Logto
from gateway.identity.identity import Identity
from gateway.sessions.renewal import (
    EARLIEST,
    LATEST,
    LONGEST_PAUSE,
    REFRESH_PATIENCE,
    BackOff,
    is_due_soon,
    longest_refresh,
    schedule,
    spread,
)
from gateway.sessions.session import Session

NOW = 1_800_000_000
ADA = Identity("u1", None, "ada", "22", "Ada", None, False, None)  # noqa: FBT003
SESSION = Session("id", NOW, NOW, NOW + 3600, ADA, "refresh")
IDS = st.text(max_size=20)


@pytest.mark.parametrize(
    ("changes", "overdue_at"),
    [
        pytest.param({}, NOW + 600, id="since the sign-in"),
        pytest.param({"revalidated_at": NOW + 600}, NOW + 1200, id="since the last"),
        pytest.param({"expires_at": NOW + 300}, NOW + 300, id="with the ID token"),
        pytest.param({"expires_at": NOW - 90}, NOW + 1, id="an ID token that was over"),
        pytest.param({"refresh_token": None}, float("inf"), id="no refresh token"),
    ],
)
def test_overdue(changes: dict[str, int], overdue_at: float) -> None:
    session = replace(SESSION, **changes)  # type: ignore[arg-type]
    assert schedule(session, 600).overdue_at == overdue_at


@given(IDS, st.integers(0, 99), st.floats(1, 86400), st.integers(-100, 86400))
def test_it_is_due_before_it_is_overdue(
    session_id: str, generation: int, revalidate: float, life: int
) -> None:
    session = replace(
        SESSION, id=session_id, generation=generation, expires_at=NOW + life
    )
    found = schedule(session, revalidate)
    interval = found.overdue_at - NOW
    part = (found.due_at - NOW) / interval
    assert EARLIEST - 0.01 <= part <= LATEST + 0.01
    assert interval >= 1
    assert found == schedule(session, revalidate)
    assert is_due_soon(session, revalidate, found.due_at)
    assert not is_due_soon(session, revalidate, NOW + EARLIEST * interval - 0.1)


def test_sessions_of_one_moment_do_not_come_back_at_one_moment() -> None:
    due = [schedule(replace(SESSION, id=str(n)), 600).due_at for n in range(1000)]
    per_second = [sum(int(at) == NOW + second for at in due) for second in range(600)]
    assert max(per_second) < 40
    assert min(due) < NOW + 485 < NOW + 565 < max(due)


def test_without_a_refresh_token_it_is_never_due() -> None:
    assert not is_due_soon(replace(SESSION, refresh_token=None), 600, NOW + 10**9)


@given(IDS, st.integers())
def test_what_spreads_is_a_fraction_that_stays(text: str, number: int) -> None:
    assert 0 <= spread(text, number) < 1
    assert spread(text, number) == spread(text, number)


def test_what_never_failed_may_be_tried_at_any_time() -> None:
    back_off = BackOff("")
    for now in (NOW, NOW + 1, NOW - 10**6):
        assert back_off.allows(now)
        back_off.tries(now)
        assert not back_off.worked()


@given(st.text(max_size=8))
def test_the_pauses_grow_to_a_minute(seed: str) -> None:
    back_off, now, pauses = BackOff(seed), float(NOW), []
    assert back_off.failed(now)
    for _ in range(12):
        begun = now
        while not back_off.allows(now):
            now += 0.25
        pauses.append(now - begun)
        back_off.tries(now)
        assert not back_off.failed(now)
    assert 1 <= pauses[0] <= 2.25
    assert all(30 <= pause <= LONGEST_PAUSE + 0.25 for pause in pauses[6:])
    assert back_off.worked()
    assert back_off.allows(now)


def test_many_failures_of_one_moment_count_once() -> None:
    back_off = BackOff("")
    assert [back_off.failed(NOW) for _ in range(20)] == [True] + [False] * 19
    assert back_off.allows(NOW + 2)


def test_one_try_for_each_pause_while_it_is_failing() -> None:
    back_off = BackOff("")
    back_off.failed(NOW)
    assert back_off.allows(NOW + 2)
    back_off.tries(NOW + 2)
    assert not back_off.allows(NOW + 2)


def test_a_clock_that_was_set_back_makes_no_pause_of_hours() -> None:
    back_off = BackOff("")
    back_off.failed(NOW)
    assert back_off.allows(NOW - 3600)


def test_nobody_else_asks_while_the_slowest_refresh_may_still_be_answered() -> None:
    alone = Logto.model_construct(timeout=5.0, resources=())
    three = Logto.model_construct(timeout=5.0, resources=("a", "b", "c"))
    patience = REFRESH_PATIENCE * 5.0
    assert longest_refresh(alone) > 3 * 5.0 + 2 * patience
    assert longest_refresh(three) == longest_refresh(alone) + 3 * patience
