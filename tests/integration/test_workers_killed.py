"""A worker that is killed under load takes with it what it was answering, no more."""

import asyncio
import os
import signal
import time
from collections import Counter
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path

from tests.support.raw_client import connected
from tests.support.running_workers import Workers, request, running_workers, until

CONNECTIONS = 200
PEOPLE = 5  # each in a browser of their own, with many connections
GRACE = 3.0  # seconds for which Logto takes a refresh token that it has replaced


@dataclass
class Load:
    """What so many clients were told, and how often they were cut off."""

    statuses: Counter[int] = field(default_factory=Counter)
    cut_at: list[float] = field(default_factory=list)
    over: bool = False


async def client(workers: Workers, cookie: str, load: Load) -> None:
    """Ask one request after the other; connect again when cut off."""
    while not load.over:
        try:
            async with connected(workers.port) as connection:
                while not load.over:
                    connection.send(request("/load", cookie))
                    answer = await connection.read_final()
                    load.statuses[answer.status] += 1
                    assert answer.body == b"application"
        except (ConnectionError, asyncio.IncompleteReadError):
            load.cut_at.append(now())


def now() -> float:
    return time.time()  # noqa: TID251 - that of the workers


async def test_only_requests_in_flight_are_lost_and_nobody_is_signed_out(
    tmp_path: Path,
) -> None:
    async with running_workers(tmp_path, session='revalidate = "10s"') as workers:
        browsers = [await workers.signed_in_before() for _ in range(PEOPLE)]
        old = [workers.cookie(browser) for browser in browsers]
        on_one = await workers.client(1)
        load, so_far = Load(), len(workers.log.lines)
        async with asyncio.TaskGroup() as group:
            for _, cookie in zip(range(CONNECTIONS), cycle(old), strict=False):
                group.create_task(client(workers, cookie, load))
            async with asyncio.timeout(30):
                while len(workers.refreshes) < PEOPLE:  # noqa: ASYNC110
                    await asyncio.sleep(0.1)
            for cookie in old:  # all results are there, whoever asked
                assert (await workers.ask(on_one, "/", cookie)).status == 200
            killed_at, before = now(), sum(load.statuses.values())
            os.kill(workers.pid(1), signal.SIGKILL)
            await workers.log.line("worker_ready", after=so_far, worker=1)
            await until(killed_at + GRACE + 2)
            load.over = True

        assert set(load.statuses) == {200}
        assert sum(load.statuses.values()) > before > 0
        # About half of the connections were its own, each with one request under way.
        assert CONNECTIONS // 4 < len(load.cut_at) < CONNECTIONS * 3 // 4
        assert killed_at < min(load.cut_at) <= max(load.cut_at) < killed_at + 2
        for worker in (1, 2):
            again = await workers.client(worker)
            for cookie in old:
                assert (await workers.ask(again, "/", cookie)).status == 200
        # Every token was used once, though all came with the old ones to the end.
        assert set(Counter(workers.refreshes).values()) == {1}
        assert workers.log.all("session_ended") == []
