"""No connection of a pool is ever lost to it."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from config.upstream import Upstream
from gateway.proxying.failure import Broken
from gateway.proxying.upstream.connection import UpstreamConnection
from gateway.proxying.upstream.dial import Dialler
from gateway.proxying.upstream.pool import Pool
from gateway.proxying.upstream.response_reader import HeadLimits
from tests.support.raw_upstream import raw_upstream


@asynccontextmanager
async def pool_of_one() -> AsyncIterator[tuple[Pool, Dialler]]:
    """Yield a pool that may open one connection, and what opens it."""
    loop = asyncio.get_running_loop()
    limits = HeadLimits(64 * 1024, 200)
    async with raw_upstream() as upstream:
        target = Upstream("http", "127.0.0.1", upstream.port, "")
        pool = Pool(loop, limit=1)
        yield pool, Dialler(target, None, lambda: UpstreamConnection(loop, limits))
        pool.close()


async def test_a_connection_that_comes_as_the_wait_ends_is_not_lost() -> None:
    loop = asyncio.get_running_loop()
    async with pool_of_one() as (pool, dialler), asyncio.TaskGroup() as group:
        only = await pool.connect(dialler, 1)
        waiting = group.create_task(pool.connect(dialler, 0.05))
        await asyncio.sleep(0)
        # A busy loop finds both due in one turn: first the connection, then the end.
        loop.call_later(0.03, time.sleep, 0.04)
        loop.call_later(0.04, pool.give_back, only)
        assert await waiting is only
        pool.give_back(only)
        assert pool.idle(None) is only


async def test_a_connection_that_dies_on_its_way_to_who_waits_is_replaced() -> None:
    async with pool_of_one() as (pool, dialler), asyncio.TaskGroup() as group:
        first = await pool.connect(dialler, 1)
        waiting = group.create_task(pool.connect(dialler, 1))
        await asyncio.sleep(0)
        pool.give_back(first)
        first.abort()
        second = await waiting
        assert second is not first
        assert second.is_open
        second.abort()


async def test_who_stopped_waiting_leaves_nothing_behind() -> None:
    async with pool_of_one() as (pool, dialler):
        only = await pool.connect(dialler, 1)
        async with asyncio.TaskGroup() as group:
            gone = [group.create_task(pool.connect(dialler, 5)) for _ in range(50)]
            await asyncio.sleep(0)
            assert pool.waiting == 50
            for task in gone:
                task.cancel()
        with pytest.raises(Broken, match="in use"):
            await pool.connect(dialler, 0.01)
        assert pool.waiting == 0
        only.abort()
