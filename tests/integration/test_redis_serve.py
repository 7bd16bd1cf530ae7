"""`gateway serve` with Redis: with workers, and without the package."""

import asyncio
from pathlib import Path

import aiohttp

from tests.support.gateway_process import (
    WAIT,
    gateway_process,
    public,
    refusal,
    write_configuration,
)
from tests.support.project import ROOT
from tests.support.raw_client import exchange
from tests.support.redis_server import RedisServer, redis_server
from tests.support.running_workers import Workers, running_workers

UPSTREAM = public("http://127.0.0.1:9")


def environ(redis: RedisServer) -> dict[str, str]:
    return {
        "GATEWAY_SESSION_STORE": "redis",
        "GATEWAY_SESSION_REDIS_URL": redis.url,
    }


async def test_every_worker_hears_of_every_change(tmp_path: Path) -> None:
    server = 'shutdown_timeout = "1s"\nworkers = 2'
    configuration = write_configuration(tmp_path, UPSTREAM, server=server)
    async with (
        redis_server() as redis,
        gateway_process(configuration, environ=environ(redis)) as gateway,
    ):
        await gateway.listening()
        async with asyncio.timeout(10):
            while await redis.ask(  # noqa: ASYNC110 - it asks anew
                "PUBSUB", "NUMSUB", "gateway:changes:0"
            ) != [b"gateway:changes:0", 2]:
                await asyncio.sleep(0.05)
        assert await gateway.stopped() == 0


async def test_it_is_ready_with_redis_and_stops(tmp_path: Path) -> None:
    configuration = write_configuration(tmp_path, UPSTREAM)
    async with (
        redis_server() as redis,
        gateway_process(configuration, environ=environ(redis)) as gateway,
        aiohttp.ClientSession() as http,
    ):
        _, admin = await gateway.listening()
        async with http.get(f"http://127.0.0.1:{admin}/readyz") as answer:
            assert (answer.status, await answer.text()) == (200, "ready\n")
        async with http.get(f"http://127.0.0.1:{admin}/metrics") as answer:
            assert "gateway_redis_away 0.0" in await answer.text()
        assert await gateway.stopped() == 0


async def readiness(workers: Workers) -> tuple[int, str]:
    """Return the status and the sentence of /readyz."""
    answer = await exchange(
        workers.admin, b"GET /readyz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
    )
    return answer.status, answer.body.decode().strip()


async def ready_is(workers: Workers, status: int, words: str) -> None:
    """Wait until /readyz says *words*, and what may follow."""
    async with asyncio.timeout(WAIT):
        while True:
            told = await readiness(workers)
            if told[0] == status and told[1].startswith(words):
                return
            await asyncio.sleep(0.02)


async def test_workers_are_ready_only_while_all_of_them_reach_redis(
    tmp_path: Path,
) -> None:
    async with (
        redis_server() as redis,
        running_workers(tmp_path, session=redis.session) as workers,
    ):
        await ready_is(workers, 200, "ready")
        await redis.kill()
        await ready_is(workers, 503, "not ready: Redis: ")  # no number: all of them
        await workers.kill(1)
        # The new one has not reached it yet, and was never taken for ready.
        status, words = await readiness(workers)
        assert (status, words.startswith("not ready: Redis: ")) == (503, True)
        await redis.start()
        await ready_is(workers, 200, "ready")


async def test_without_the_package_it_does_not_start(tmp_path: Path) -> None:
    missing = tmp_path / "missing"
    (missing / "redis").mkdir(parents=True)
    (missing / "redis" / "__init__.py").write_text(
        'raise ModuleNotFoundError("No module named redis", name="redis")\n'
    )
    configuration = write_configuration(tmp_path, UPSTREAM)
    path = {"PYTHONPATH": f"{missing}:{ROOT}"}
    settings = {
        "GATEWAY_SESSION_STORE": "redis",
        "GATEWAY_SESSION_REDIS_URL": "redis://127.0.0.1:9",
    }
    code, words = await refusal(configuration, environ=path | settings)
    assert code == 1
    assert "pip install 'logto-gateway[redis]'" in words
    async with gateway_process(configuration, environ=path) as gateway:
        await gateway.listening()  # nobody else needs it
        assert await gateway.stopped() == 0
