"""Who is out before their time, and who is not."""

from dataclasses import replace

import pytest
from hypothesis import given, strategies as st

from gateway.identity.identity import Identity
from gateway.sessions.revocations import Mark, Revocations, Whose
from gateway.sessions.session import CLOCK_LEEWAY, Session

WEEK = 7 * 86400.0
NOW = 1_795_359_847.25
ADA = Identity("ada", None, "ada_x", "2244994945", None, None, False, None)  # noqa: FBT003
BOB = replace(ADA, sub="bob", x_id=None)


def session(
    identity: Identity = ADA, *, at: float = NOW - 10, sid: str | None = None
) -> Session:
    at = int(at)
    return Session("id", at, at, at + 3600, identity, None, sid)


@pytest.mark.parametrize(
    ("whose", "value", "subject", "over"),
    [
        pytest.param(Whose.SUBJECT, "ada", session(), True, id="the subject"),
        pytest.param(Whose.SUBJECT, "bob", session(), False, id="another subject"),
        pytest.param(Whose.X_ID, "2244994945", session(), True, id="the X id"),
        pytest.param(Whose.X_ID, "ada", session(), False, id="a subject is no X id"),
        pytest.param(Whose.X_ID, "None", session(BOB), False, id="without an X id"),
        pytest.param(Whose.SID, "s", session(sid="s"), True, id="the sid"),
        pytest.param(Whose.SID, "s", session(sid="t"), False, id="another sid"),
        pytest.param(Whose.SID, "ada", session(), False, id="a subject is no sid"),
        pytest.param(Whose.WITHOUT_SID, "ada", session(), True, id="no sid known"),
        pytest.param(
            Whose.WITHOUT_SID, "ada", session(sid="t"), False, id="another one's sid"
        ),
        pytest.param(Whose.EVERYBODY, "", session(BOB), True, id="everybody"),
        pytest.param(Whose.SESSION, "id", session(), True, id="the session itself"),
        pytest.param(Whose.SESSION, "other", session(), False, id="another session"),
    ],
)
def test_a_revocation_ends_whom_it_names_and_nobody_else(
    whose: Whose, value: str, subject: Session, *, over: bool
) -> None:
    revocations = Revocations(WEEK)
    assert not revocations.is_over(subject, NOW)
    revocations.revoke(whose, value, NOW)
    assert revocations.is_over(subject, NOW) is over
    # It is still so a moment before the session would have been over anyway.
    assert revocations.is_over(subject, subject.signed_in_at + WEEK - 1) is over


def test_the_same_second_is_over_and_the_next_is_not() -> None:
    revocations = Revocations(WEEK)
    revocations.revoke(Whose.SUBJECT, "ada", NOW)
    assert revocations.is_over(session(at=NOW), NOW)
    assert not revocations.is_over(session(at=NOW + 1), NOW)


QUARTERS = st.integers(0, 12)  # of a second


@given(QUARTERS, st.lists(QUARTERS, min_size=1, max_size=4))
def test_who_signs_in_after_a_revocation_is_in_and_who_did_before_is_not(
    came: int, revoked: list[int]
) -> None:
    revocations = Revocations(WEEK)
    for at in sorted(revoked):
        revocations.revoke(Whose.SUBJECT, "ada", int(NOW) + at / 4)
    now = int(NOW) + came / 4
    begun = revocations.begun(session(at=now), now)
    assert revocations.is_over(begun, now) is (came <= max(revoked))
    assert begun.signed_in_at - now <= 1


def test_what_is_over_anyway_is_forgotten() -> None:
    revocations = Revocations(WEEK)
    revocations.revoke(Whose.SUBJECT, "ada", NOW)
    revocations.end(session(BOB), NOW)
    assert len(list(revocations.marks(NOW))) == 2
    later = NOW + WEEK + CLOCK_LEEWAY
    assert not list(revocations.marks(later))
    revocations.revoke(Whose.SUBJECT, "bob", later)
    assert [mark.value for mark in revocations.marks(later)] == ["bob"]


def test_a_full_memory_lets_nobody_back_in() -> None:
    revocations = Revocations(WEEK, most=3)
    before = session(at=NOW - 5)
    for number in range(50):
        revocations.revoke(Whose.SUBJECT, f"s{number}", NOW + number)
        assert len(list(revocations.marks(NOW + number))) <= 3
    for number in range(50):
        somebody = replace(before, identity=replace(ADA, sub=f"s{number}"))
        assert revocations.is_over(somebody, NOW + 50)
    assert revocations.is_over(before, NOW + 50)  # the price
    newcomer = session(at=NOW + 48)
    assert not revocations.is_over(newcomer, NOW + 50)


def test_everybody_is_revoked_for_good_in_a_full_memory() -> None:
    revocations = Revocations(WEEK, most=2)
    revocations.revoke(Whose.EVERYBODY, "", NOW)
    for number in range(1, 5):
        revocations.revoke(Whose.SUBJECT, f"s{number}", NOW + number)
    assert revocations.is_over(session(), NOW + 5)


def test_what_was_kept_counts_again() -> None:
    first, second = Revocations(WEEK), Revocations(WEEK)
    first.end(session(), NOW)
    first.revoke(Whose.SUBJECT, "bob", NOW)
    for mark in first.marks(NOW):
        second.restore(mark, NOW)
    assert second.is_over(session(), NOW)
    assert second.is_over(replace(session(BOB), id="x"), NOW)
    assert not second.is_over(replace(session(), id="x"), NOW)


def test_an_older_mark_does_not_take_the_place_of_a_newer_one() -> None:
    revocations = Revocations(WEEK)
    revocations.revoke(Whose.SUBJECT, "ada", NOW)
    revocations.restore(Mark(Whose.SUBJECT, "ada", NOW - 60, NOW + WEEK), NOW)
    assert revocations.is_over(session(), NOW)


def test_each_mark_is_told_once_it_counts() -> None:
    revocations = Revocations(WEEK)
    heard: list[Mark] = []

    def listen(mark: Mark) -> None:
        assert revocations.is_over(session(), NOW)
        heard.append(mark)

    revocations.watch(listen)
    revocations.end(session(), NOW)
    revocations.end(session(), NOW + 1)
    revocations.revoke(Whose.SUBJECT, "ada", NOW)
    assert [mark.whose for mark in heard] == [Whose.SESSION, Whose.SUBJECT]
