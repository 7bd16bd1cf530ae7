"""A memory that forgets in time, and never grows beyond its bound."""

from hypothesis import given, strategies as st

from gateway.sessions.remembered import Remembered


def test_it_holds_a_text_until_its_time() -> None:
    remembered = Remembered(10)
    remembered.add("a", 100, 0)
    assert remembered.holds("a", 99.9)
    assert not remembered.holds("a", 100)
    assert not remembered.holds("b", 0)


def test_what_is_over_takes_no_room() -> None:
    remembered = Remembered(1000)
    for number in range(100):
        remembered.add(str(number), number + 10, number)
    assert len(remembered) == 10


def test_a_later_time_counts_and_an_earlier_one_does_not() -> None:
    remembered = Remembered(10)
    for until in (100, 200, 150):
        remembered.add("a", until, 0)
    remembered.add("b", 300, 120)
    assert remembered.holds("a", 199)
    assert not remembered.holds("a", 200)


def test_where_it_is_full_the_one_that_ends_first_goes() -> None:
    remembered = Remembered(2)
    for text, until in (("late", 300), ("soon", 100), ("new", 200)):
        remembered.add(text, until, 0)
    held = [text for text in ("late", "soon", "new") if remembered.holds(text, 0)]
    assert held == ["late", "new"]


@given(
    st.lists(
        st.tuples(st.sampled_from("abcdef"), st.integers(0, 50), st.integers(0, 50))
    )
)
def test_it_never_outgrows_its_bound_and_never_forgets_early_below_it(
    additions: list[tuple[str, int, int]],
) -> None:
    small, large = Remembered(3), Remembered(100)
    until: dict[str, int] = {}
    for text, end, now in sorted(additions, key=lambda addition: addition[2]):
        small.add(text, end, now)
        large.add(text, end, now)
        until[text] = max(end, until.get(text, 0))
        assert len(small) <= 3
        assert all(large.holds(t, now) == (now < e) for t, e in until.items())
