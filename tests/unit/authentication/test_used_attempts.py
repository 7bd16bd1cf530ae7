"""A state comes back once."""

from gateway.authentication.used_attempts import UsedAttempts
from gateway.sessions.one_process import OneProcess

NOW = 1_800_000_000.0


async def saved() -> bool:
    return True


async def test_21_a_state_is_used_once() -> None:
    used = UsedAttempts(OneProcess(saved))
    assert await used.first_use("one", NOW)
    assert await used.first_use("two", NOW)
    assert not await used.first_use("one", NOW)
    assert not await used.first_use("two", NOW + 1)


async def test_21_it_stays_used_for_as_long_as_a_copy_of_its_cookie_opens() -> None:
    used = UsedAttempts(OneProcess(saved))
    assert await used.first_use("state", NOW)
    assert not await used.first_use("state", NOW + 659)
    assert await used.first_use("state", NOW + 660)
