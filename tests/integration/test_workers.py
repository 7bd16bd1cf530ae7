"""Several workers serve as one gateway."""

import asyncio
import os
import signal
import socket
import time
from contextlib import suppress
from itertools import count
from pathlib import Path

import pytest

from gateway.operations.log_sharing import new_lock
from gateway.operations.workers.place import Place, Surroundings
from gateway.operations.workers.worker import Given, Worker
from tests.support.both_loops import on_both_loops
from tests.support.gateway_process import (
    WAIT,
    gateway_process,
    public,
    refusal,
    write_configuration,
)
from tests.support.project import ROOT
from tests.support.proxy_server import settings_for
from tests.support.raw_client import connected, exchange
from tests.support.running_workers import (
    COOKIE,
    Workers,
    is_alive,
    request,
    running_workers,
    sign_out,
)

THREAD_CHILDREN = Path("/proc/thread-self/children")


async def metrics(workers: Workers) -> dict[str, float]:
    """Return the samples of /metrics by name and labels."""
    answer = await exchange(
        workers.admin, b"GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
    )
    assert answer.status == 200
    lines = [line for line in answer.body.decode().splitlines() if line[:1] != "#"]
    return {name: float(value) for name, _, value in (o.rpartition(" ") for o in lines)}


async def ready(workers: Workers) -> bytes:
    """Return what /readyz says."""
    answer = await exchange(
        workers.admin, b"GET /readyz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
    )
    return answer.body


async def test_a_worker_that_dies_takes_no_metrics_along_and_another_takes_over(
    tmp_path: Path,
) -> None:
    async with running_workers(tmp_path) as workers:
        for worker in (1, 2):
            client = await workers.client(worker)
            for _ in range(3):
                await workers.ask(client, "/public/count")
        asked = len(workers.upstream.requests)
        answered = (
            'gateway_requests_total{decision="permit",route="/public",status="2xx"}'
        )

        async with asyncio.timeout(WAIT):
            told = await metrics(workers)
            while (told[answered], told["gateway_open_connections"]) != (asked, 2):
                told = await metrics(workers)  # the last one may not be over yet

        assert asked >= 8
        assert told['gateway_upstream_seconds_count{route="/public"}'] == asked
        assert told['gateway_upstream_seconds_bucket{le="+Inf",route="/public"}'] == (
            asked
        )
        assert told["gateway_workers"] == 2
        assert told["gateway_worker_restarts_total"] == 0
        memory = 'process_resident_memory_bytes{worker="%s"}'
        for process in ("1", "2", "supervisor"):
            assert told[memory % process] > 10_000_000

        await workers.kill(1)  # which is replaced at once

        told = await metrics(workers)
        assert told[answered] == asked
        assert told["gateway_worker_restarts_total"] == 1
        assert told["gateway_workers"] == 2

        await another_takes_over_while_it_is_away(workers)

        assert (await metrics(workers))["gateway_worker_restarts_total"] == 2


async def another_takes_over_while_it_is_away(workers: Workers) -> None:
    """Kill the first worker again, which is then not replaced at once."""
    on_one, on_two = await workers.client(1), await workers.client(2)
    so_far = len(workers.log.lines)
    os.kill(workers.pid(1), signal.SIGKILL)
    await workers.log.line("worker_ended", worker=1, again_in=1.0)
    with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
        await workers.ask(on_one, "/public")
    for number in range(20):  # half of them come to the listener of the other
        async with connected(workers.port) as client:
            path = f"/public/meanwhile-{number}"
            assert (await workers.ask(client, path)).status == 200
    served = workers.log.all("request", worker=1)
    assert not [line for line in served if "meanwhile" in line["path"]]
    assert (await workers.ask(on_two, "/public")).status == 200
    await workers.log.line("worker_ready", after=so_far, worker=1)
    assert await workers.worker_of(await workers.client(1)) == 1
    assert await ready(workers) == b"ready\n"


async def test_without_any_worker_it_is_not_ready(tmp_path: Path) -> None:
    async with running_workers(tmp_path) as workers:
        so_far = len(workers.log.lines)
        for worker in (1, 2):
            os.kill(workers.pid(worker), signal.SIGKILL)
            await workers.log.line("worker_ended", worker=worker)
        assert await ready(workers) == b"not ready: no worker\n"
        async with connected(workers.port) as client:
            client.send(request("/public"))  # it waits for one
            assert (await client.read_final()).status == 200
        for worker in (1, 2):
            await workers.log.line("worker_ready", after=so_far, worker=worker)
        assert await ready(workers) == b"ready\n"


async def accepts(port: int) -> bool:
    try:
        async with connected(port):
            return True
    except ConnectionError:
        return False


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_lets_requests_of_all_workers_finish(
    tmp_path: Path, number: signal.Signals
) -> None:
    async with running_workers(tmp_path) as workers:
        clients = [await workers.client(worker) for worker in (1, 2)]
        idle = await workers.client(2)
        pids = [workers.pid(worker) for worker in (1, 2)]
        workers.upstream.door.clear()
        for client in clients:
            client.send(request("/public/slow"))
        await workers.reached("/public/slow", 2)

        for pid in pids:  # what a terminal or a service sends reaches them as well
            os.kill(pid, signal.SIGTERM)
            os.kill(pid, signal.SIGINT)
        workers.process.send(number)

        assert await idle.read_to_end() == b""
        assert await ready(workers) == b"not ready: stopping\n"
        async with asyncio.timeout(WAIT):  # each of them stops when it hears of it
            while await accepts(workers.port):
                pass
        workers.upstream.door.set()
        for client in clients:
            assert (await client.read_final()).status == 200
        async with asyncio.timeout(WAIT):
            assert await workers.process.process.wait() == 0
        await workers.log.line("stopped")
        assert not any(map(is_alive, pids))
        assert workers.log.all("worker_ended") == []


async def test_a_worker_that_stops_takes_nothing_over_from_one_that_has_stopped(
    tmp_path: Path,
) -> None:
    async with running_workers(tmp_path) as workers:
        client, first = await workers.client(1), workers.pid(2)
        workers.upstream.door.clear()
        client.send(request("/public/slow"))
        await workers.reached("/public/slow", 1)
        workers.process.send(signal.SIGTERM)
        async with asyncio.timeout(WAIT):
            while is_alive(first):  # noqa: ASYNC110 - no child of ours
                await asyncio.sleep(0.02)
        assert await ready(workers) == b"not ready: stopping\n"
        workers.upstream.door.set()
        assert (await client.read_final()).status == 200
        async with asyncio.timeout(WAIT):
            assert await workers.process.process.wait() == 0
        await workers.log.line("stopped")
        assert workers.log.all("owned_work_failed") == []


async def test_a_worker_that_is_being_made_while_all_stop_ends_at_once() -> None:
    settings = settings_for("http://127.0.0.1:9")
    surroundings = Surroundings(
        count(1).__next__, lambda _, __: None, lambda _: None, time.monotonic
    )
    with socket.create_server(("127.0.0.1", 0)) as listener:
        place = Place(Given(1, settings, [[listener]], new_lock()), surroundings)
        async with asyncio.TaskGroup() as group:
            running = group.create_task(place.run())
            await asyncio.sleep(0)  # it has begun
            place.stop()
            ended, _ = await asyncio.wait((running,), timeout=WAIT)
            if place.worker is not None:
                place.worker.kill()
    assert (len(ended), place.started) == (1, 1)


@on_both_loops
async def test_a_worker_that_dies_before_it_has_its_settings_is_one_that_ended() -> (
    None
):
    settings = settings_for("http://127.0.0.1:9")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        given = Given(1, settings, [[listener]], new_lock())
        for _ in range(5):
            async with asyncio.TaskGroup() as group:
                start = Worker.start(given, 1, lambda _, __: None)
                starting = group.create_task(start)
                while not starting.done():
                    kill_children()
                    await asyncio.sleep(0)
            async with asyncio.timeout(WAIT):
                assert await starting.result().ended() == -signal.SIGKILL


def kill_children() -> None:
    """Kill what this thread has started, and be held up until that is over."""
    for pid in map(int, THREAD_CHILDREN.read_text().split()):
        with suppress(ProcessLookupError, ChildProcessError):  # it is over
            os.kill(pid, signal.SIGKILL)
            os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)


async def test_a_second_signal_ends_all_at_once(tmp_path: Path) -> None:
    async with running_workers(tmp_path, server='shutdown_timeout = "60s"') as workers:
        pids = [workers.pid(worker) for worker in (1, 2)]
        clients = [await workers.client(worker) for worker in (1, 2)]
        workers.upstream.door.clear()
        for client in clients:
            client.send(request("/public/slow"))
        await workers.reached("/public/slow", 2)
        workers.process.send(signal.SIGTERM)
        await workers.log.line("stopping")

        workers.process.send(signal.SIGTERM)

        async with asyncio.timeout(WAIT):
            assert await workers.process.process.wait() == 1
        assert not any(map(is_alive, pids))
        workers.upstream.door.set()


async def test_the_workers_end_with_a_supervisor_that_is_killed(
    tmp_path: Path,
) -> None:
    async with running_workers(tmp_path) as workers:
        pids = [workers.pid(worker) for worker in (1, 2)]
        client = await workers.client(1)
        workers.process.process.kill()
        async with asyncio.timeout(WAIT):
            while any(map(is_alive, pids)):  # noqa: ASYNC110 - not our children
                await asyncio.sleep(0.01)
        assert await client.read_to_end() == b""
        for worker in (1, 2):
            await workers.log.line("supervisor_gone", worker=worker)


async def test_a_worker_that_hangs_stops_nobody_and_is_replaced(
    tmp_path: Path,
) -> None:
    async with running_workers(tmp_path) as workers:
        browser = await workers.signed_in()
        cookie = workers.cookie(browser)
        client = await workers.client(2)
        assert (await workers.ask(client, "/", cookie)).status == 200
        so_far = len(workers.log.lines)
        os.kill(workers.pid(1), signal.SIGSTOP)
        assert (await workers.ask(client, "/", cookie)).status == 200

        client.send(sign_out(cookie))

        await workers.log.line("worker_hangs", worker=1)
        # Who is answered knows that nobody serves this session any more.
        assert (await client.read_final()).status == 303
        await workers.log.line("worker_ended", worker=1, exit=-signal.SIGKILL)
        await workers.log.line("worker_ready", after=so_far, worker=1)
        for worker in (1, 2):
            asked = await workers.ask(await workers.client(worker), "/", cookie)
            assert asked.status == 401


async def test_a_unix_socket_is_shared(tmp_path: Path) -> None:
    path = tmp_path / "gateway.sock"
    async with running_workers(tmp_path, listen=f'"unix:{path}"') as workers:
        for number in range(5):
            reader, writer = await asyncio.open_unix_connection(path)
            writer.write(request(f"/public/{number}"))
            assert (await reader.readline()).startswith(b"HTTP/1.1 200")
            writer.transport.abort()
        await workers.kill(1)
        assert path.is_socket()
        workers.process.send(signal.SIGTERM)
        async with asyncio.timeout(WAIT):
            assert await workers.process.process.wait() == 0
        assert not path.exists()


async def test_two_gateways_do_not_share_an_address_by_mistake(tmp_path: Path) -> None:
    async with running_workers(tmp_path) as workers:
        files = []
        for count in (1, 2):
            folder = tmp_path / str(count)
            folder.mkdir()
            files.append(
                write_configuration(
                    folder,
                    public("http://127.0.0.1:9"),
                    listen=f'"127.0.0.1:{workers.port}"',
                    server=f"workers = {count}",
                )
            )
        for code, words in await asyncio.gather(*map(refusal, files)):
            assert (code, "the address is in use" in words) == (1, True), words


async def test_what_keeps_workers_from_starting_is_said_once(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(
        "import sys\n"
        "if any('gateway.worker' in word for word in sys.orig_argv):\n"
        "    sys.exit('no worker here')\n"
    )
    file = write_configuration(
        tmp_path,
        '[[routes]]\nupstream = "http://127.0.0.1:9"\naccess = "public"\n',
        server="workers = 4",
    )
    environ = {"PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"}
    async with gateway_process(file, environ=environ) as gateway:
        words = await gateway.errors()
        assert await gateway.ended() == 1
    assert words.count("SystemExit: no worker here") == 1
    assert "gateway: no worker could be started: the first ended with 1" in words
    assert COOKIE not in words
