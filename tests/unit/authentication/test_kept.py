import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import pytest

from gateway.authentication.errors import (
    ProviderMisconfigured,
    ProviderUnavailable,
)
from gateway.authentication.kept import LIFETIME, PATIENCE, PAUSE, Kept

START = 1_000_000.0


@dataclass
class Source:
    """Somewhere that values come from: each fetch waits until it is answered."""

    clock: float = START
    begun: int = 0
    answers: asyncio.Queue[str | Exception] = field(default_factory=asyncio.Queue)

    async def fetch(self) -> str:
        self.begun += 1
        async with asyncio.timeout(5):  # where nobody answers, the test fails
            answer = await self.answers.get()
        if isinstance(answer, Exception):
            raise answer
        return answer

    def kept(self) -> Kept[str]:
        return Kept(self.fetch, now=lambda: self.clock)

    def will_answer(self, *answers: str | Exception) -> None:
        for answer in answers:
            self.answers.put_nowait(answer)


async def many(call: Callable[[], Awaitable[str]], count: int = 50) -> list[str]:
    return await asyncio.gather(*(call() for _ in range(count)))


async def outcome(call: Callable[[], Awaitable[str]]) -> str | Exception:
    try:
        return await call()
    except ProviderUnavailable as error:
        return error


async def settle() -> None:
    """Let everything that can run, run."""
    for _ in range(10):
        await asyncio.sleep(0)


async def test_fifty_at_once_are_one_fetch() -> None:
    source = Source()
    kept = source.kept()
    async with asyncio.TaskGroup() as group:
        waiting = group.create_task(many(kept.get))
        await settle()
        assert source.begun == 1
        source.will_answer("first")
    assert waiting.result() == ["first"] * 50
    assert await kept.get() == "first"
    assert source.begun == 1


async def test_who_waits_shares_the_failure_and_who_comes_later_tries_again() -> None:
    source = Source()
    kept = source.kept()
    async with asyncio.TaskGroup() as group:
        waiting = [group.create_task(outcome(kept.get)) for _ in range(50)]
        await settle()
        source.will_answer(ProviderMisconfigured("wrong name"), "second")
    outcomes = [task.result() for task in waiting]
    assert source.begun == 1
    assert {type(one) for one in outcomes} == {ProviderMisconfigured}
    assert {str(one) for one in outcomes} == {"wrong name"}
    assert len({id(one) for one in outcomes}) == 50
    assert await kept.get() == "second"
    assert source.begun == 2


async def test_who_leaves_while_fetching_takes_nobody_along() -> None:
    source = Source()
    kept = source.kept()
    async with asyncio.TaskGroup() as group:
        leaver = group.create_task(kept.get())
        await settle()
        stayer = group.create_task(kept.get())
        await settle()
        leaver.cancel()
        await settle()
        assert source.begun == 2
        source.will_answer("value")
    assert leaver.cancelled()
    assert stayer.result() == "value"


async def test_an_old_value_is_renewed_by_one_and_serves_the_others() -> None:
    source = Source()
    kept = source.kept()
    source.will_answer("old")
    await kept.get()
    source.clock += LIFETIME
    async with asyncio.TaskGroup() as group:
        renewing = group.create_task(kept.get())
        await settle()
        assert await many(kept.get) == ["old"] * 50
        assert source.begun == 2
        source.will_answer("new")
    assert renewing.result() == "new"
    assert await kept.get() == "new"


async def test_an_old_value_serves_on_while_the_source_is_away() -> None:
    source = Source()
    kept = source.kept()
    source.will_answer("old", ProviderUnavailable("away"))
    await kept.get()
    source.clock += LIFETIME
    assert await kept.get() == "old"
    source.clock += PATIENCE - 1
    assert await kept.get() == "old"
    assert source.begun == 2
    source.clock += 1
    source.will_answer("new")
    assert await kept.get() == "new"


async def test_a_clock_that_is_set_back_does_not_keep_a_value_for_ever() -> None:
    source = Source()
    kept = source.kept()
    source.will_answer("old", "new", "newer")
    await kept.get()
    await kept.look_again()
    source.clock -= 86_400
    assert await kept.look_again() == "newer"


async def test_renewing_asks_even_where_the_value_is_fresh() -> None:
    source = Source()
    kept = source.kept()
    source.will_answer("first", "second", ProviderUnavailable("away"))
    assert await kept.get() == "first"
    assert await kept.renew() == "second"
    with pytest.raises(ProviderUnavailable, match="away"):
        await kept.renew()
    assert await kept.get() == "second"


async def test_looking_again_is_done_sparingly() -> None:
    source = Source()
    kept = source.kept()
    source.will_answer("first", "second", "third")
    assert await kept.get() == "first"
    assert await kept.look_again() == "second"
    assert await many(kept.look_again) == ["second"] * 50
    source.clock += PAUSE - 0.1
    assert await kept.look_again() == "second"
    source.clock += 0.1
    assert await kept.look_again() == "third"
    assert source.begun == 3


async def test_who_looks_again_waits_for_the_fetch_that_is_under_way() -> None:
    source = Source()
    kept = source.kept()
    source.will_answer("first")
    await kept.get()
    async with asyncio.TaskGroup() as group:
        waiting = group.create_task(many(kept.look_again))
        await settle()
        assert source.begun == 2
        source.will_answer("second")
    assert waiting.result() == ["second"] * 50


async def test_looking_again_in_vain_counts_too() -> None:
    source = Source()
    kept = source.kept()
    source.will_answer("first", ProviderUnavailable("away"))
    await kept.get()
    with pytest.raises(ProviderUnavailable):
        await kept.look_again()
    assert await kept.look_again() == "first"
    assert source.begun == 2


async def test_a_recent_value_serves_and_an_older_one_is_fetched_anew() -> None:
    source = Source()
    kept = source.kept()
    source.will_answer("first", "second")
    assert await kept.recent(15) == "first"
    source.clock += 14.9
    assert await kept.recent(15) == "first"
    source.clock += 0.1
    assert await kept.recent(15) == "second"
    assert source.begun == 2


async def test_an_older_value_is_not_recent_though_it_still_serves() -> None:
    source = Source()
    kept = source.kept()
    source.will_answer("old", *([ProviderUnavailable("away")] * 3))
    assert await kept.get() == "old"
    source.clock += LIFETIME
    assert await kept.get() == "old"  # served on for a while
    for _ in range(2):
        assert isinstance(await outcome(lambda: kept.recent(15)), ProviderUnavailable)


async def test_what_is_doubted_is_not_recent_and_serves_on() -> None:
    source = Source()
    kept = source.kept()
    source.will_answer("first", ProviderUnavailable("away"), "second")
    assert await kept.recent(15) == await kept.recent(15) == "first"
    kept.doubt()
    assert isinstance(await outcome(lambda: kept.recent(15)), ProviderUnavailable)
    assert await kept.get() == "first"
    assert await kept.recent(15) == await kept.recent(15) == "second"
