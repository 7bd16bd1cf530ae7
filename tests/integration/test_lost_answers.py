"""Logto has done its part, and its answer is lost: what becomes of the session?

Where Logto replaced the refresh token, only that answer held the new one.
"""

import pytest
from structlog.testing import capture_logs

from gateway.demo.faults import Fault
from gateway.demo.grants import ROTATION_GRACE
from tests.support.door import Door
from tests.support.renewals import grants_alive, keep, rotate
from tests.support.whole_world import World, whole_world

DUE, OVERDUE = 571, 600  # seconds after the sign-in
LOST = Fault(drop=True, done=True)


async def lose_the_answer(world: World) -> None:
    """Have the session renewed while whatever Logto says is cut off."""
    world.logto.faults["token"] = LOST
    world.clock.at += OVERDUE
    assert (await world.ask()).status == 200
    world.logto.faults.clear()


@pytest.mark.parametrize(
    ("fault", "logto_keys"),
    [
        pytest.param(Fault(drop=True, done=True, times=2), "", id="lost"),
        pytest.param(
            Fault(delay=0.6, done=True, times=1), 'timeout = "0.3s"', id="late"
        ),
    ],
)
async def test_with_rotation_an_answer_that_does_not_come_is_asked_for_again_at_once(
    fault: Fault, logto_keys: str
) -> None:
    async with whole_world(logto_keys=logto_keys) as world:
        rotate(world.logto)
        await world.sign_in()
        world.logto.faults["token"] = fault
        world.clock.at += OVERDUE
        assert (await world.ask()).status == 200
        assert "token" not in world.logto.faults
        for _ in range(3):
            world.clock.at += OVERDUE
            assert (await world.ask()).status == 200
        assert grants_alive(world.logto) == [True]


async def test_and_once_more_within_the_grace_that_logto_gives() -> None:
    async with whole_world() as world:
        rotate(world.logto)
        await world.sign_in()
        await lose_the_answer(world)
        world.clock.at += ROTATION_GRACE - 1
        assert (await world.ask()).status == 200
        world.clock.at += OVERDUE
        assert (await world.ask()).status == 200
        assert grants_alive(world.logto) == [True]


async def test_after_that_logto_ends_the_grant_and_signing_in_again_is_silent() -> None:
    async with whole_world() as world:
        rotate(world.logto)
        await world.sign_in()
        await lose_the_answer(world)
        world.clock.at += ROTATION_GRACE + 2
        at_x = world.logto.requests.count("x")
        assert (await world.ask()).status == 401, "Logto took it for a theft"
        page = await world.open("/deep")
        assert (page.status, page.url) == (200, world.url("/deep"))
        assert world.logto.requests.count("x") == at_x, "X is not asked a second time"


async def test_a_sign_out_during_a_refresh_is_no_outage_of_logto() -> None:
    async with whole_world() as world:
        await world.sign_in()
        world.clock.at += DUE
        door = Door()
        world.logto.faults["me"] = Fault(until=door, times=1)
        with capture_logs() as logs:
            assert (await world.ask()).status == 200
            await door.reached.wait()
            assert "signed out" in (await world.sign_out()).text
            door.set()
            await world.gateway.gateway.stop()
        assert [line["event"] for line in logs if line["event"] != "request"] == [
            "signed_out"
        ]


@pytest.mark.parametrize("away", [1, 60, 3600, 12 * 3600 - 1])
async def test_without_rotation_it_does_no_harm_however_long_it_takes(
    away: int,
) -> None:
    async with whole_world(session='idle_timeout = "1d"') as world:
        keep(world.logto)
        await world.sign_in()
        await lose_the_answer(world)
        world.clock.at += away
        assert (await world.ask()).status == 200
        assert grants_alive(world.logto) == [True]
