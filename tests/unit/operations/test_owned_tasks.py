"""Work that outlives its request."""

import asyncio

import pytest
import structlog.testing

from gateway.operations.owned_tasks import OwnedTasks


async def test_whoever_waits_gets_the_result() -> None:
    async def work() -> str:
        return "done"

    assert await OwnedTasks().run(work()) == "done"


async def test_whoever_waits_gets_the_exception() -> None:
    async def work() -> None:
        raise LookupError("none")

    with (
        structlog.testing.capture_logs() as told,
        pytest.raises(LookupError, match="none"),
    ):
        await OwnedTasks().run(work())
    assert told == []


async def test_a_client_that_leaves_cancels_its_waiting_only() -> None:
    tasks, begun, go_on, done = OwnedTasks(), *(asyncio.Event() for _ in range(3))

    async def work() -> None:
        begun.set()
        await go_on.wait()
        done.set()

    async with asyncio.TaskGroup() as group:
        request = group.create_task(tasks.run(work()))
        await begun.wait()
        request.cancel()
    assert request.cancelled()
    assert tasks.count == 1

    go_on.set()
    await tasks.close(5)

    assert done.is_set()
    assert tasks.count == 0


async def test_a_failure_that_nobody_waits_for_is_told() -> None:
    tasks, begun, go_on = OwnedTasks(), asyncio.Event(), asyncio.Event()

    async def work() -> None:
        begun.set()
        await go_on.wait()
        raise LookupError("unheard")

    with structlog.testing.capture_logs() as told:
        async with asyncio.TaskGroup() as group:
            request = group.create_task(tasks.run(work()))
            await begun.wait()
            request.cancel()
        go_on.set()
        await tasks.close(5)
    (line,) = told
    assert line["event"] == "owned_work_failed"
    assert str(line["exc_info"]) == "unheard"


async def test_closing_waits_for_work_that_work_began() -> None:
    tasks, second = OwnedTasks(), asyncio.Event()

    async def inner() -> None:
        await asyncio.sleep(0)
        second.set()

    async def outer() -> None:
        await asyncio.sleep(0)
        await tasks.run(inner())

    async with asyncio.TaskGroup() as group:
        group.create_task(tasks.run(outer()))
        await asyncio.sleep(0)
        await tasks.close(5)
        assert second.is_set()


async def test_closing_is_bounded() -> None:
    tasks, cleaned = OwnedTasks(), asyncio.Event()

    async def endless() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            cleaned.set()

    async with asyncio.TaskGroup() as group:
        waiting = group.create_task(tasks.run(endless()))
        await asyncio.sleep(0)
        with structlog.testing.capture_logs() as told:
            await tasks.close(0.01)
        waiting.cancel()
    assert cleaned.is_set()
    assert [line["event"] for line in told] == ["owned_work_abandoned"]
    assert tasks.count == 0


async def test_work_that_was_begun_needs_nobody_who_waits() -> None:
    tasks, door = OwnedTasks(), asyncio.Event()

    async def work() -> str:
        await door.wait()
        return "done"

    task = tasks.begin(work())
    assert tasks.count == 1
    door.set()
    await tasks.close(1)
    assert (task.result(), tasks.count) == ("done", 0)


async def test_what_begun_work_raises_is_logged() -> None:
    tasks = OwnedTasks()

    async def work() -> None:
        raise ValueError("nobody is there")

    with structlog.testing.capture_logs() as logs:
        tasks.begin(work())
        await tasks.close(1)
    assert [line["event"] for line in logs] == ["owned_work_failed"]
