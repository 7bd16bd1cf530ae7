"""What is good once."""

from gateway.sessions.first_uses import FirstUses

NOW = 1_800_000_000.0


def test_a_name_is_used_once_until_its_time() -> None:
    used = FirstUses()
    assert used.first_use("one", NOW + 60, NOW)
    assert used.first_use("two", NOW + 60, NOW)
    assert not used.first_use("one", NOW + 600, NOW + 59)
    assert used.first_use("one", NOW + 600, NOW + 60)


def test_a_name_that_is_no_text_is_used_once_too() -> None:
    used = FirstUses()
    assert used.first_use("\ud800", NOW + 60, NOW)
    assert not used.first_use("\ud800", NOW + 60, NOW)


def test_a_flood_takes_bounded_memory_and_forgets_the_oldest() -> None:
    used = FirstUses(limit=3)
    for number in range(4):
        assert used.first_use(str(number), NOW + 60 + number, NOW + number)
    assert not used.first_use("3", NOW + 64, NOW + 4)
    assert used.first_use("0", NOW + 64, NOW + 4)
