"""Who has heard that somebody is out."""

from gateway.operations.workers.acknowledgements import Acknowledgements


def joined(*members: int) -> Acknowledgements:
    heard = Acknowledgements()
    for member in members:
        heard.joined(member)
    return heard


def test_28_all_have_heard_when_the_last_one_says_so() -> None:
    heard = joined(1, 2, 3)
    assert heard.mark(1, 0) == [2, 3]
    assert not heard.all_heard(1)
    heard.heard(2, 1, 0)
    assert not heard.all_heard(1)
    heard.heard(3, 1, 0)
    assert heard.all_heard(1)


def test_28_who_is_gone_is_not_waited_for_and_who_comes_knows() -> None:
    heard = joined(1, 2)
    heard.mark(1, 0)
    heard.joined(3)
    assert not heard.all_heard(1)
    heard.left(2)
    assert heard.all_heard(1)


def test_28_who_is_alone_has_heard() -> None:
    heard = joined(1)
    assert heard.mark(1, 0) == []
    assert heard.all_heard(heard.last)


def test_28_who_is_behind_is_told_its_own_mark_as_well() -> None:
    heard = joined(1, 2)
    heard.mark(2, 0)
    assert heard.mark(1, 1) == [1, 2]
    heard.heard(1, 2, 2)
    heard.heard(2, 2, 2)
    assert heard.all_heard(2)


def test_28_nobody_can_confirm_what_was_not_told() -> None:
    heard = joined(1, 2)
    heard.mark(1, 0)
    heard.heard(2, 1_000_000, 0)
    heard.mark(1, 0)
    assert not heard.all_heard(2)
    heard.heard(9, 2, 0)
    assert not heard.all_heard(2)


def test_28_who_confirms_nothing_for_too_long_is_deaf() -> None:
    heard = joined(1, 2)
    assert heard.deaf(5, 100) == []
    heard.mark(1, 100)
    assert heard.deaf(5, 104.9) == []
    heard.mark(1, 104)
    assert heard.deaf(5, 105) == [2]
    heard.heard(2, 1, 105)
    assert heard.deaf(5, 109) == [], "it is on its way"
    assert heard.deaf(5, 110) == [2]
    heard.heard(2, 2, 110)
    assert heard.deaf(5, 1000) == []
