"""What one worker knows, all of them know: refreshes, sign-ins, who is out (28, 40)."""

import asyncio
import json
import os
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from gateway.demo.calling_back import logout_token
from gateway.demo.faults import Fault
from gateway.operations.order import Order
from gateway.sessions.revocations import Whose
from tests.support.door import Door
from tests.support.gateway_process import WAIT
from tests.support.orders import give_order
from tests.support.raw_client import RawClient, RawResponse
from tests.support.raw_upstream import Conversation, raw_upstream
from tests.support.redis_server import redis_server
from tests.support.renewals import grants_alive
from tests.support.running_workers import (
    URL,
    Workers,
    request,
    running_workers,
    until,
)
from tests.support.sample_routes import WITH_PUBLIC
from tests.support.whole_world import ADA

OFTEN = 'revalidate = "2s"'
OVERDUE = 3.0  # seconds after a sign-in: times in a session are whole seconds
SOON = 2.0  # seconds in which what is open must end
CLOSE = b"\x88\x15\x03\xf0the session is over"
SWITCHING = (
    b"HTTP/1.1 101 Yes\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"
)
HANDSHAKE = (
    "Connection: Upgrade\r\nUpgrade: websocket\r\nOrigin: http://127.0.0.1:8080\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
)


def now() -> float:
    return time.time()  # noqa: TID251 - that of the workers


async def hold_open(conversation: Conversation) -> None:
    """Take a WebSocket, and say nothing until it ends."""
    await conversation.read_request()
    await conversation.write(SWITCHING)
    while await conversation.reader.read(65536):
        pass


@asynccontextmanager
async def with_websockets(folder: Path, session: str = "") -> AsyncIterator[Workers]:
    """Run workers in front of an application that has WebSockets at /ws."""
    async with raw_upstream(hold_open) as upstream:
        route = f'[[routes]]\npath = "/ws"\nupstream = "{upstream.url}"\n'
        routes = f'{WITH_PUBLIC}{route}allow = "anyone"\n'
        async with running_workers(folder, routes=routes, session=session) as workers:
            yield workers


async def websocket(workers: Workers, worker: int, cookie: str) -> RawClient:
    """Return a connection with an open WebSocket at *worker*."""
    client = await workers.client(worker)
    client.send(request("/ws", cookie, HANDSHAKE))
    assert (await client.read_head()).status == 101
    return client


async def is_closed(client: RawClient) -> None:
    """Hold that the WebSocket of *client* ends in time, with code 1008."""
    async with asyncio.timeout(SOON):
        assert await client.read_to_end() == CLOSE


async def status(workers: Workers, worker: int, cookie: str) -> int:
    """Return the status of a request with *cookie* at *worker*."""
    return (await workers.ask(await workers.client(worker), "/", cookie)).status


async def order(workers: Workers, whose: Whose, value: str) -> int:
    """Give an order as ``gateway sessions revoke`` does, and return the status."""
    listener = f"http://127.0.0.1:{workers.admin}"
    return (await give_order(Order(whose, value, now()), listener))[0]


# Refreshes


async def test_40_a_hundred_requests_at_expiry_over_two_workers_refresh_once(
    tmp_path: Path,
) -> None:
    async with running_workers(tmp_path, session=OFTEN) as workers:
        browser = await workers.signed_in()
        cookie, signed_in = workers.cookie(browser), now()
        clients = [await workers.client(worker) for worker in (1, 2) for _ in range(50)]
        await until(signed_in + OVERDUE)
        for number, client in enumerate(clients):
            client.send(request(f"/{number}", cookie))
        answers = [await client.read_final() for client in clients]
        assert [answer.status for answer in answers] == [200] * 100
        assert len(workers.refreshes) == 1
        served = [
            (await workers.log.line("request", path=f"/{number}"))["worker"]
            for number in range(100)
        ]
        assert served == [1] * 50 + [2] * 50
        assert all(answer.value(b"Set-Cookie") for answer in answers)


async def test_40_a_late_comer_at_another_worker_uses_no_old_token(
    tmp_path: Path,
) -> None:
    async with running_workers(tmp_path, session='revalidate = "4s"') as workers:
        old = workers.cookie(await workers.signed_in_before())
        signed_in = now()
        on_one = await workers.client(1)
        await until(signed_in + 5)
        assert (await workers.ask(on_one, "/", old)).status == 200
        assert len(workers.refreshes) == 1
        await until(signed_in + 5 + 5)  # longer than the old one still works
        assert await status(workers, 2, old) == 200
        assert len(set(workers.refreshes)) == len(workers.refreshes) == 2
        await workers.kill(1)
        assert await status(workers, 1, old) == 200
        assert len(set(workers.refreshes)) == 2, "nobody used the first one again"


async def test_40_a_worker_that_dies_while_it_asks_leaves_its_turn_to_another(
    tmp_path: Path,
) -> None:
    async with running_workers(tmp_path, session=OFTEN) as workers:
        browser = await workers.signed_in()
        cookie, signed_in = workers.cookie(browser), now()
        on_one, on_two = await workers.client(1), await workers.client(2)
        door = Door()
        workers.logto.faults["token"] = Fault(until=door, times=1)
        await until(signed_in + OVERDUE)
        on_one.send(request("/", cookie))
        await door.reached.wait()
        on_two.send(request("/", cookie))
        os.kill(workers.pid(1), signal.SIGKILL)
        answer = await on_two.read_final()
        while not answer.value(b"Set-Cookie"):  # the new one comes when it is there
            answer = await workers.ask(on_two, "/", cookie)
        assert answer.status == 200
        assert len(workers.refreshes) == 2
        door.set()


async def test_a_refresh_that_hangs_at_one_worker_delays_nobody_at_another(
    tmp_path: Path,
) -> None:
    async with running_workers(tmp_path, session=OFTEN) as workers:
        ada, bob = await workers.signed_in("ada"), await workers.signed_in("bob")
        signed_in = now()
        on_one, on_two = await workers.client(1), await workers.client(2)
        door = Door()
        workers.logto.faults["token"] = Fault(until=door, times=1)
        await until(signed_in + OVERDUE)
        on_one.send(request("/", workers.cookie(ada)))
        await door.reached.wait()
        answer = await workers.ask(on_two, "/", workers.cookie(bob))
        assert (answer.status, len(workers.refreshes)) == (200, 2)
        assert (await workers.ask(on_two, "/", workers.cookie(ada))).status == 200
        assert (await on_one.read_final()).status == 200
        door.set()


# Signing in and out


async def test_21_an_attempt_that_was_used_at_one_worker_is_used_at_all(
    tmp_path: Path,
) -> None:
    async with running_workers(tmp_path) as workers:
        browser = await workers.browser()
        page = await browser.sign_in(URL + "/", until=URL + "/.gateway/callback")
        back = urlsplit(page.location or "")
        copied = browser.cookie_header(URL + back.path)
        first = await arrive(workers, 1, f"{back.path}?{back.query}", copied)
        assert (first.status, bool(first.value(b"Set-Cookie"))) == (303, True)
        exchanges = len(workers.logto.requests.of("token"))

        for worker in (2, 1):
            again = await arrive(workers, worker, f"{back.path}?{back.query}", copied)
            assert again.status == 400

        assert len(workers.logto.requests.of("token")) == exchanges


async def arrive(workers: Workers, worker: int, path: str, cookie: str) -> RawResponse:
    """Come back from Logto to *worker*."""
    client = await workers.client(worker)
    client.send(
        f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nAccept: text/html\r\n"
        f"Sec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: document\r\n"
        f"Sec-Fetch-Site: cross-site\r\nCookie: {cookie}\r\n\r\n".encode()
    )
    return await client.read_final()


async def test_28_who_signed_out_at_one_worker_is_out_at_all(tmp_path: Path) -> None:
    async with with_websockets(tmp_path) as workers:
        cookie = workers.cookie(await workers.signed_in())
        other = workers.cookie(await workers.signed_in("bob"))
        on_one, on_two = await workers.client(1), await workers.client(2)
        assert (await workers.ask(on_two, "/", cookie)).status == 200
        open_ones = [await websocket(workers, worker, cookie) for worker in (1, 2)]

        assert (await workers.sign_out(on_one, cookie)).status == 303

        assert (await workers.ask(on_two, "/", cookie)).status == 401
        for client in open_ones:
            await is_closed(client)
        assert (await workers.ask(on_two, "/", other)).status == 200


async def test_a_refresh_at_another_worker_that_ends_after_the_sign_out_is_revoked(
    tmp_path: Path,
) -> None:
    async with running_workers(tmp_path, session=OFTEN) as workers:
        cookie = workers.cookie(await workers.signed_in_before())
        signed_in = now()
        on_one, on_two = await workers.client(1), await workers.client(2)
        door = Door()
        workers.logto.faults["token"] = Fault(until=door, done=True, times=1)
        await until(signed_in + OVERDUE)
        on_one.send(request("/", cookie))
        await door.reached.wait()
        workers.logto.faults["revocation"] = Fault(status=500, times=3)

        await workers.sign_out(on_two, cookie)

        assert (await on_one.read_final()).status == 401
        door.set()
        async with asyncio.timeout(WAIT):
            while len(revoked(workers)) < 2:  # noqa: ASYNC110 - in another process
                await asyncio.sleep(0.01)
        assert not any(grants_alive(workers.logto))


def revoked(workers: Workers) -> set[str]:
    return {one.parameters["token"] for one in workers.logto.requests.of("revocation")}


async def test_what_is_open_at_one_worker_keeps_the_session_in_use_at_all(
    tmp_path: Path,
) -> None:
    async with with_websockets(tmp_path, session='idle_timeout = "10s"') as workers:
        ada = workers.cookie(await workers.signed_in())
        bob = workers.cookie(await workers.signed_in("bob"))
        signed_in = now()
        await websocket(workers, 1, ada)
        on_two = await workers.client(2)
        await until(signed_in + 12)
        assert (await workers.ask(on_two, "/", bob)).status == 401
        assert (await workers.ask(on_two, "/", ada)).status == 200


# Revocation


async def test_28_the_operator_signs_somebody_out_at_all_workers(
    tmp_path: Path,
) -> None:
    async with with_websockets(tmp_path) as workers:
        cookie = workers.cookie(await workers.signed_in())
        other = workers.cookie(await workers.signed_in("bob"))
        open_ones = [await websocket(workers, worker, cookie) for worker in (1, 2)]

        assert await order(workers, Whose.SUBJECT, ADA) == 200

        for worker, client in enumerate(open_ones, 1):
            assert await status(workers, worker, cookie) == 401
            assert await status(workers, worker, other) == 200
            await is_closed(client)


async def test_28_a_logout_token_counts_at_all_workers_and_once(
    tmp_path: Path,
) -> None:
    async with running_workers(tmp_path) as workers:
        cookie = workers.cookie(await workers.signed_in())
        logto = workers.logto
        token = logout_token(logto.tenant, logto.client, ADA, None)
        told = await post_logout(workers, 1, token)
        assert told.status == 200
        assert await status(workers, 2, cookie) == 401
        again = await post_logout(workers, 2, token)
        assert again.status == 400
        assert "here before" in json.loads(again.body)["error_description"]


async def post_logout(workers: Workers, worker: int, token: str) -> RawResponse:
    client = await workers.client(worker)
    body = urlencode({"logout_token": token}).encode()
    client.send(
        b"POST /.gateway/backchannel-logout HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n"
        b"Content-Type: application/x-www-form-urlencoded\r\n"
        b"Content-Length: %d\r\n\r\n%b" % (len(body), body)
    )
    return await client.read_final()


async def test_28_a_worker_that_is_started_again_knows_who_is_out(
    tmp_path: Path,
) -> None:
    async with running_workers(tmp_path) as workers:
        ada = workers.cookie(await workers.signed_in())
        bob = workers.cookie(await workers.signed_in("bob"))
        await workers.sign_out(await workers.client(1), ada)
        assert await order(workers, Whose.SUBJECT, "q2m4w0z9k1rd") == 200
        for worker in (1, 2):
            await workers.kill(worker)
        for worker in (1, 2):
            assert await status(workers, worker, ada) == 401
            assert await status(workers, worker, bob) == 401


def state_in(folder: Path) -> tuple[Path, str]:
    """Make a state directory in *folder*; return it and the TOML that names it."""
    state = folder / "state"
    state.mkdir()
    return state, f'shutdown_timeout = "5s"\nstate_directory = "{state}"'


async def test_28_who_is_out_is_out_after_a_restart_of_everything(
    tmp_path: Path,
) -> None:
    _, server = state_in(tmp_path)
    async with running_workers(tmp_path, server=server) as workers:
        ada = workers.cookie(await workers.signed_in())
        bob = workers.cookie(await workers.signed_in("bob"))
        stays = workers.cookie(await workers.signed_in("bob"))
        await workers.sign_out(await workers.client(2), bob)
        assert await order(workers, Whose.SUBJECT, ADA) == 200
        workers.process.process.kill()  # nothing is left for a stop to write
        await workers.log.line("supervisor_gone", worker=1)
        await workers.log.line("supervisor_gone", worker=2)
        async with running_workers(
            tmp_path, server=server, logto=workers.logto
        ) as again:
            for worker in (1, 2):
                assert await status(again, worker, ada) == 401
                assert await status(again, worker, bob) == 401
                assert await status(again, worker, stays) == 200


async def test_28_the_operator_is_told_where_a_restart_would_forget(
    tmp_path: Path,
) -> None:
    state, server = state_in(tmp_path)
    async with running_workers(tmp_path, server=server) as workers:
        cookie = workers.cookie(await workers.signed_in())
        (state / "revocations").unlink()
        state.rmdir()
        assert await order(workers, Whose.SUBJECT, ADA) == 500
        for worker in (1, 2):
            assert await status(workers, worker, cookie) == 401
        await workers.log.line("revocations_not_kept")


# With Redis


async def a_hundred_at_expiry_refresh_once(*gateways: Workers) -> str:
    """Sign in at the first; ask all workers of all at once when it is to be renewed.

    Return the cookie of before.
    """
    cookie = gateways[0].cookie(await gateways[0].signed_in())
    signed_in = now()
    places = [(gateway, worker) for gateway in gateways for worker in (1, 2)]
    asked = [place for place in places for _ in range(100 // len(places))]
    # Long enough for all workers to want it before the first one has it.
    gateways[0].logto.faults["token"] = Fault(delay=0.5)
    clients = [await gateway.client(worker) for gateway, worker in asked]
    await until(signed_in + OVERDUE)
    for number, client in enumerate(clients):
        client.send(request(f"/{number}", cookie))
    assert [(await one.read_final()).status for one in clients] == [200] * 100
    for number, (gateway, worker) in enumerate(asked):
        await gateway.log.line("request", path=f"/{number}", worker=worker)
    assert len(gateways[0].refreshes) == 1
    return cookie


async def test_28_40_workers_with_redis_are_one_as_well(tmp_path: Path) -> None:
    async with (
        redis_server() as redis,
        running_workers(tmp_path, session=f"{redis.session}\n{OFTEN}") as workers,
    ):
        cookie = await a_hundred_at_expiry_refresh_once(workers)
        assert await order(workers, Whose.SUBJECT, ADA) == 200
        for worker in (1, 2):
            assert await status(workers, worker, cookie) == 401


async def test_28_40_two_replicas_of_two_workers_each_are_one_with_redis(
    tmp_path: Path,
) -> None:
    folders = [tmp_path / name for name in ("one", "other")]
    for folder in folders:
        folder.mkdir()
    async with (
        redis_server() as redis,
        running_workers(folders[0], session=f"{redis.session}\n{OFTEN}") as one,
        running_workers(
            folders[1], session=f"{redis.session}\n{OFTEN}", logto=one.logto
        ) as other,
    ):
        cookie = await a_hundred_at_expiry_refresh_once(one, other)
        everywhere = [
            (gateway, worker) for gateway in (one, other) for worker in (1, 2)
        ]
        clients = [await gateway.client(worker) for gateway, worker in everywhere]
        assert await order(one, Whose.SUBJECT, ADA) == 200
        for client, (gateway, _) in zip(clients, everywhere, strict=True):
            async with asyncio.timeout(SOON):
                while (await gateway.ask(client, "/", cookie)).status != 401:  # noqa: ASYNC110 - it asks anew
                    await asyncio.sleep(0.01)
