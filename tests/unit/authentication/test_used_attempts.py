"""A state comes back once."""

from gateway.authentication.used_attempts import UsedAttempts

NOW = 1_800_000_000.0


def test_21_a_state_is_used_once() -> None:
    used = UsedAttempts()
    assert used.first_use("one", NOW)
    assert used.first_use("two", NOW)
    assert not used.first_use("one", NOW)
    assert not used.first_use("two", NOW + 1)


def test_21_it_stays_used_for_as_long_as_a_copy_of_its_cookie_opens() -> None:
    used = UsedAttempts()
    assert used.first_use("state", NOW)
    assert not used.first_use("state", NOW + 659)
    assert used.first_use("state", NOW + 660)


def test_a_state_that_is_no_text_is_used_once_too() -> None:
    used = UsedAttempts()
    assert used.first_use("\ud800", NOW)
    assert not used.first_use("\ud800", NOW)


def test_a_flood_takes_bounded_memory_and_forgets_the_oldest() -> None:
    used = UsedAttempts(limit=3)
    for number in range(4):
        assert used.first_use(str(number), NOW + number)
    assert not used.first_use("3", NOW + 4)
    assert used.first_use("0", NOW + 4)
