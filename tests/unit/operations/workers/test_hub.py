"""What workers share by way of the supervisor; every message crosses as bytes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

import pytest

from gateway.identity.identity import Identity
from gateway.operations.workers import hub as hub_module
from gateway.operations.workers.fellow_workers import FellowWorkers, Patience
from gateway.operations.workers.hub import Hub, Lasting
from gateway.operations.workers.messages import FromSupervisor, FromWorker
from gateway.operations.workers.writing import from_supervisor, from_worker, write
from gateway.sessions.last_seen import LastSeen
from gateway.sessions.revocations import Mark, Revocations, Whose
from gateway.sessions.session import Session
from gateway.sessions.sharing import SharingAway
from tests.support.asking_application import Clock

NOW = 1_800_000_000
HOLD = 30.0
WAIT = 5.0
ADA = Identity("ada", None, None, None, None, None, False, None)  # noqa: FBT003
OLD = Session("id", NOW, NOW, NOW + 3600, ADA, "refresh")
NEW = replace(OLD, generation=1, refresh_token="next")


class Disk:
    """Where marks are kept; it *works* or not."""

    def __init__(self) -> None:
        self.works = True

    async def saved(self) -> bool:
        return self.works


@dataclass
class One:
    """A worker, and what it has heard so far."""

    number: int
    revocations: Revocations
    fellows: FellowWorkers
    hears: bool = True
    missed: list[FromSupervisor] = field(default_factory=list)
    told: list[Mark] = field(default_factory=list)


class Machine:
    """A hub and its workers; *clock* is for all of them, *passed* for pauses."""

    def __init__(self) -> None:
        self.clock, self.passed = Clock(), 0.0
        self.disk = Disk()
        self.revocations = Revocations(86400)
        self.hub = Hub(
            self.revocations,
            self.disk.saved,
            now=self.clock,
            monotonic=lambda: self.passed,
            lasting=Lasting(HOLD, 3600),
        )
        self.members = 0

    async def worker(self) -> One:
        """Return a worker that has begun."""
        self.members += 1
        number, revocations = self.members, Revocations(86400)
        loop = asyncio.get_running_loop()

        def say(message: FromWorker) -> None:
            said = from_worker(write(message))
            loop.call_soon(self.hub.heard, number, answer, said)

        def answer(message: FromSupervisor) -> None:
            said = from_supervisor(write(message))
            if one.hears:
                loop.call_soon(one.fellows.heard, said)
            else:
                one.missed.append(said)

        fellows = FellowWorkers(say, revocations, now=self.clock, hold=HOLD)
        one = One(number, revocations, fellows)
        revocations.watch(one.told.append)
        await fellows.start()
        return one


@asynccontextmanager
async def two() -> AsyncIterator[tuple[Machine, One, One]]:
    machine = Machine()
    yield machine, await machine.worker(), await machine.worker()
    await machine.hub.close(1)


async def test_21_what_is_good_once_is_good_once_for_all() -> None:
    async with two() as (machine, one, other):
        until = machine.clock() + 60
        assert await one.fellows.first_use("attempt x", until, machine.clock())
        assert not await other.fellows.first_use("attempt x", until, machine.clock())
        assert await other.fellows.first_use("attempt y", until, machine.clock())
        machine.clock.at += 60
        assert await other.fellows.first_use("attempt x", until + 60, machine.clock())


async def test_40_who_has_the_turn_next_finds_what_became_of_the_session() -> None:
    async with two() as (machine, one, other):
        async with one.fellows.turn(OLD) as first:
            assert first == OLD
            await one.fellows.keep(OLD, NEW, machine.clock() + 600, machine.clock())
        async with other.fellows.turn(OLD) as second:
            assert second == NEW
        late = await machine.worker()
        async with asyncio.timeout(WAIT):
            async with late.fellows.turn(OLD) as found:
                assert found == NEW
            async with late.fellows.turn(replace(NEW, generation=2)) as found:
                assert found.generation == 2, "it knows better"
            machine.clock.at += 600
            async with late.fellows.turn(OLD) as found:
                assert found == OLD, "nobody comes that late"


async def test_40_an_older_result_does_not_replace_a_newer_one() -> None:
    async with two() as (machine, one, other):
        until = machine.clock() + 600
        await one.fellows.keep(OLD, replace(NEW, generation=2), until, machine.clock())
        await other.fellows.keep(OLD, NEW, until, machine.clock())
        await asyncio.sleep(0.01)
        async with one.fellows.turn(OLD) as found:
            assert found.generation == 2


async def test_40_who_hangs_with_a_turn_loses_it() -> None:
    async with two() as (machine, one, other):
        hanging = one.fellows.turn(OLD)
        await hanging.__aenter__()
        async with asyncio.TaskGroup() as group:

            async def wait() -> None:
                async with other.fellows.turn(OLD):
                    pass

            waiting = group.create_task(wait())
            await asyncio.sleep(0.01)
            machine.passed += HOLD
            assert not waiting.done()
            assert machine.hub.look() == []


async def test_40_who_stops_waiting_is_passed_over() -> None:
    async with two() as (machine, one, other), asyncio.timeout(WAIT):
        third = await machine.worker()
        async with one.fellows.turn(OLD):
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.01), other.fellows.turn(OLD):
                    pass
        async with third.fellows.turn(OLD):
            pass


async def test_28_who_is_out_is_out_everywhere_before_it_is_told() -> None:
    async with two() as (machine, one, other):
        one.revocations.end(OLD, machine.clock())
        one.revocations.revoke(Whose.SUBJECT, "bob", machine.clock())
        assert await one.fellows.told()
        assert other.revocations.is_over(OLD, machine.clock())
        assert [mark.value for mark in other.told] == ["id", "bob"]
        assert len(one.told) == 2, "it is not told what it said itself"
        assert len(list(machine.revocations.marks(machine.clock()))) == 2


async def test_28_nothing_new_is_not_waited_for() -> None:
    async with two() as (machine, one, other):
        other.hears = one.hears = False
        assert await one.fellows.told()
        assert other.missed == one.missed == []
        assert machine.hub.look() == []


async def test_28_a_restart_that_would_forget_is_no_secret() -> None:
    async with two() as (machine, one, other):
        machine.disk.works = False
        one.revocations.end(OLD, machine.clock())
        assert not await one.fellows.told()
        assert other.revocations.is_over(OLD, machine.clock())
        machine.disk.works = True
        assert await one.fellows.told()


async def test_28_who_cannot_hear_is_named_and_not_waited_for_once_it_is_gone() -> None:
    async with two() as (machine, one, other):
        other.hears = False
        one.revocations.end(OLD, machine.clock())
        async with asyncio.TaskGroup() as group:
            telling = group.create_task(one.fellows.told())
            await asyncio.sleep(0.01)
            assert not telling.done()
            machine.passed += hub_module.DEAF - 0.1
            assert machine.hub.look() == []
            machine.passed += 0.1
            assert machine.hub.look() == [other.number]
            machine.hub.left(other.number)
        assert telling.result()
        assert machine.hub.look() == []


async def test_28_who_comes_later_knows_all_that_counts() -> None:
    machine = Machine()
    first = await machine.worker()
    for number in range(2500):
        gone = replace(OLD, id=str(number))
        first.revocations.end(gone, machine.clock())
    first.revocations.revoke(Whose.X_ID, "22", machine.clock())
    await first.fellows.told()
    later = await machine.worker()
    known = {mark.value for mark in later.revocations.marks(machine.clock())}
    assert known == {*map(str, range(2500)), "22"}
    assert later.told == [], "nothing of it is open here"


async def test_what_is_open_at_one_worker_is_in_use_at_all() -> None:
    async with two() as (machine, one, other):
        here, there = LastSeen(3600), LastSeen(3600)
        here.saw("open", machine.clock())
        here.saw("more", machine.clock())
        other.fellows.share_use(there, 60)
        one.fellows.share_use(here, 0.01)
        await seen(there, machine)
        machine.clock.at += 100
        here.saw("open", machine.clock())
        await seen(there, machine)
        assert there.at("more") == int(machine.clock()) - 100
        late, known = await machine.worker(), LastSeen(3600)
        late.fellows.share_use(known, 60)
        await late.fellows.start()
        await seen(known, machine)
        assert len(known) == 2
        for worker in (one, other, late):
            await worker.fellows.close()


async def seen(last_seen: LastSeen, machine: Machine) -> None:
    """Wait until the session "open" is in use now."""
    async with asyncio.timeout(WAIT):
        while last_seen.at("open") != int(machine.clock()):  # noqa: ASYNC110
            await asyncio.sleep(0)


async def test_without_a_supervisor_nothing_counts_as_done() -> None:
    revocations, nobody = Revocations(86400), Patience(0.01, 0.01, 0.01)
    alone = FellowWorkers(
        lambda _message: None, revocations, now=Clock(), hold=0.01, patience=nobody
    )
    with pytest.raises(SharingAway):
        await alone.start()
    with pytest.raises(SharingAway):
        await alone.first_use("x", 1, 0)
    with pytest.raises(SharingAway):
        async with alone.turn(OLD):
            pass
    revocations.end(OLD, NOW)
    assert not await alone.told()
