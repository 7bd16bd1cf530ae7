"""Sharing where there is nobody else."""

import asyncio

import pytest

from gateway.identity.identity import Identity
from gateway.sessions.one_process import OneProcess, Turns
from gateway.sessions.session import Session

NOW = 1_800_000_000
ADA = Identity("ada", None, None, None, None, None, False, None)  # noqa: FBT003


async def saved() -> bool:
    return True


def session(name: str) -> Session:
    return Session(name, NOW, NOW, NOW + 3600, ADA, "refresh")


async def test_one_at_a_time_may_ask_about_a_session_in_the_order_they_came() -> None:
    one, order, inside = OneProcess(saved), list[int](), 0

    async def ask(number: int) -> None:
        nonlocal inside
        async with one.turn(session("mine")) as newest:
            assert newest == session("mine")
            inside += 1
            assert inside == 1
            await asyncio.sleep(0)
            inside -= 1
            order.append(number)

    async with asyncio.TaskGroup() as group:
        for number in range(5):
            group.create_task(ask(number))
    assert order == [0, 1, 2, 3, 4]


async def test_another_session_is_not_waited_for() -> None:
    one = OneProcess(saved)
    async with one.turn(session("mine")), one.turn(session("yours")):
        pass


async def test_who_stops_waiting_or_fails_leaves_nothing_behind() -> None:
    turns = Turns()
    async with asyncio.TaskGroup() as group:
        async with turns.of("mine"):
            waiting = group.create_task(hold(turns))
            await asyncio.sleep(0)
            waiting.cancel()
            await asyncio.wait([waiting])
        with pytest.raises(ZeroDivisionError):
            async with turns.of("mine"):
                raise ZeroDivisionError
    assert len(turns) == 0


async def hold(turns: Turns) -> None:
    async with turns.of("mine"):
        pass
