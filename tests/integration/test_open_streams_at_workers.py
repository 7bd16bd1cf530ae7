"""A stream at one worker keeps its session in use and renewed at all of them."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp

from tests.support.lasting_upstream import lasting_upstream
from tests.support.running_workers import (
    URL,
    Workers,
    running_workers,
    until,
)
from tests.support.sample_routes import WITH_PUBLIC

IDLE = 4.0  # seconds of the idle limit
LIVE = '[[routes]]\npath = "/live"\nupstream = "{}"\nallow = "anyone"\n'


@asynccontextmanager
async def lasting_workers(folder: Path, session: str) -> AsyncIterator[Workers]:
    async with (
        lasting_upstream() as live,
        running_workers(
            folder, routes=WITH_PUBLIC + LIVE.format(live), session=session
        ) as workers,
    ):
        yield workers


@asynccontextmanager
async def socket_of(workers: Workers, cookie: str) -> AsyncIterator[int]:
    """Open a WebSocket with *cookie*, and give the number of its worker."""
    headers = {"Cookie": cookie, "Origin": URL, "Host": "127.0.0.1:8080"}
    address = f"http://127.0.0.1:{workers.port}/live/socket"
    async with aiohttp.ClientSession() as http:
        async with http.get(
            f"http://127.0.0.1:{workers.port}/public/mine",
            headers={"Host": "127.0.0.1:8080"},
        ):
            pass  # the connection stays, and the WebSocket goes over it
        line = await workers.log.line("request", path="/public/mine")
        async with http.ws_connect(address, headers=headers) as socket:
            await socket.send_str("there?")
            assert await socket.receive_str() == "there?"
            yield line["worker"]


async def test_who_only_holds_a_websocket_open_is_idle_nowhere(tmp_path: Path) -> None:
    session = f'idle_timeout = "{IDLE:g}s"'
    async with lasting_workers(tmp_path, session) as workers:
        cookie = workers.cookie(await workers.signed_in())
        began = time.time()  # noqa: TID251 - the workers go by the real clock
        async with socket_of(workers, cookie) as worker:
            clients = [await workers.client(number) for number in (1, 2)]
            await until(began + 1.5 * IDLE)
            for client in clients:
                assert (await workers.ask(client, "/", cookie)).status == 200
            other = 3 - worker
            await workers.kill(other)
            client = await workers.client(other)
            assert (await workers.ask(client, "/", cookie)).status == 200
        await until(time.time() + 1.1 * IDLE)  # noqa: TID251
        assert (await workers.ask(client, "/", cookie)).status == 401


async def test_one_worker_asks_logto_for_streams_at_all_of_them(
    tmp_path: Path,
) -> None:
    async with lasting_workers(tmp_path, 'revalidate = "3s"') as workers:
        cookie = workers.cookie(await workers.signed_in())
        began = time.time()  # noqa: TID251
        async with (
            socket_of(workers, cookie),
            socket_of(workers, cookie),
            socket_of(workers, cookie),
        ):
            await until(began + 8)
        assert len(workers.refreshes) in {2, 3}
        for number in (1, 2):
            client = await workers.client(number)
            assert (await workers.ask(client, "/", cookie)).status == 200


async def test_who_is_suspended_is_cut_off_at_all_of_them(tmp_path: Path) -> None:
    async with lasting_workers(tmp_path, 'revalidate = "2s"') as workers:
        cookie = workers.cookie(await workers.signed_in())
        headers = {"Cookie": cookie, "Origin": URL, "Host": "127.0.0.1:8080"}
        address = f"http://127.0.0.1:{workers.port}/live/socket"
        async with aiohttp.ClientSession() as http:
            sockets = [
                await http.ws_connect(address, headers=headers) for _ in range(8)
            ]
            workers.logto.suspended.add("ada")
            began = time.time()  # noqa: TID251
            for socket in sockets:
                message = await socket.receive(timeout=5)
                assert message.data == 1008
            assert time.time() - began < 2 + 2  # noqa: TID251
