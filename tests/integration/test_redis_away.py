"""Redis away, hanging, refusing or empty: nobody is served who might be out."""

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import pytest
from structlog.testing import capture_logs

from tests.support.certificates import self_signed
from tests.support.lasting_upstream import lasting_upstream
from tests.support.lasting_world import is_closed, with_live
from tests.support.project import ROOT
from tests.support.redis_server import RedisServer, redis_server
from tests.support.replicas import replicas
from tests.support.sample_routes import WITH_PUBLIC
from tests.support.whole_world import World, whole_world

GUIDE = (ROOT / "docs/how-to/redis.md").read_text("utf-8")
SOON = 'redis_timeout = "0.3s"\nredis_connect_timeout = "0.3s"'


@pytest.fixture
async def redis() -> AsyncIterator[RedisServer]:
    async with redis_server(appendonly="yes", appendfsync="always") as server:
        yield server


@pytest.fixture
async def world(redis: RedisServer) -> AsyncIterator[World]:
    async with whole_world(WITH_PUBLIC, session=f"{redis.session}\n{SOON}") as world:
        yield world


async def ask(world: World, target: str = "/") -> int:
    """Return what a script gets, which is never led to Logto."""
    return (await world.browser.fetch(world.url(target), redirect=False)).status


async def becomes(world: World, status: int) -> None:
    """Wait until a script gets *status*."""
    async with asyncio.timeout(10):
        while await ask(world) != status:  # noqa: ASYNC110 - it asks anew
            await asyncio.sleep(0.02)


async def readiness(world: World) -> tuple[int, str]:
    async with (
        aiohttp.ClientSession() as http,
        http.get(f"{world.gateway.admin}/readyz") as answer,
    ):
        return answer.status, (await answer.text()).strip()


async def test_who_needs_a_session_gets_a_503_and_others_are_served(
    world: World, redis: RedisServer
) -> None:
    await world.sign_in()
    reached = len(world.upstream.requests)
    await redis.kill()
    await becomes(world, 503)
    page = await world.browser.fetch(world.url("/"), redirect=False)
    assert page.header("Retry-After") == "5"
    assert page.json()["error"] == "sessions_unavailable"
    seen = await world.open("/")
    assert (seen.status, "not signed out" in seen.text) == (503, True)
    assert len(world.upstream.requests) == reached
    assert await ask(world, "/public") == 200
    assert await ask(world, "/.gateway/healthz") == 200
    asset = next(link for link in seen.text.split('"') if "style." in link)
    assert await ask(world, asset) == 200


async def test_a_newcomer_is_told_before_logto_is_asked(
    world: World, redis: RedisServer
) -> None:
    await redis.kill()
    page = await world.open("/.gateway/sign-in")
    assert page.status == 503
    assert world.logto.requests.count("auth") == 0


async def test_signing_out_is_not_claimed_while_it_cannot_be_done(
    world: World, redis: RedisServer
) -> None:
    await world.sign_in()
    account = await world.open("/.gateway/")
    await redis.kill()
    page = await world.browser.click(account, "Sign out")
    assert page.status == 503
    assert world.session_cookie() is not None
    await redis.start()
    await becomes(world, 200)


async def test_it_says_so_once_and_comes_back_by_itself(redis: RedisServer) -> None:
    with capture_logs() as lines:
        async with whole_world(session=f"{redis.session}\n{SOON}") as world:
            await world.sign_in()
            assert (await readiness(world))[0] == 200
            for _ in range(2):
                await redis.kill()
                await becomes(world, 503)
                status, reason = await readiness(world)
                assert (status, reason.startswith("not ready: Redis: ")) == (503, True)
                await redis.start()
                await becomes(world, 200)  # the same session: it was kept
                assert (await readiness(world))[0] == 200
    said = [line["event"] for line in lines if line["event"].startswith("redis_")]
    assert said == ["redis_away", "redis_answers"] * 2


async def test_it_starts_without_redis_and_finds_it_later(redis: RedisServer) -> None:
    await redis.kill()
    async with whole_world(session=f"{redis.session}\n{SOON}") as world:
        assert (await readiness(world))[0] == 503
        await redis.start()
        async with asyncio.timeout(5):
            while (await readiness(world))[0] != 200:  # noqa: ASYNC110 - it asks anew
                await asyncio.sleep(0.05)
        await world.sign_in()


async def test_a_redis_that_hangs_holds_nobody_up_for_long(
    world: World, redis: RedisServer
) -> None:
    await world.sign_in()
    clock = asyncio.get_running_loop().time
    redis.pause()
    try:
        begun = clock()
        async with asyncio.TaskGroup() as group:
            protected = [group.create_task(ask(world)) for _ in range(30)]
            open_to_all = [group.create_task(ask(world, "/public")) for _ in range(30)]
        assert {task.result() for task in open_to_all} == {200}
        assert {task.result() for task in protected} <= {200, 503}
        assert clock() - begun < 2.5
        await becomes(world, 503)
        begun = clock()
        assert await ask(world) == 503
        assert clock() - begun < 0.2  # it is not asked again for each request
    finally:
        redis.resume()
    await becomes(world, 200)


async def test_a_redis_that_lost_everything_signs_out_cleanly() -> None:
    async with (
        redis_server() as redis,
        lasting_upstream() as live,
        replicas(redis, count=1, session=SOON, routes=with_live(live)) as one,
    ):
        await one.sign_in(0)
        async with one.socket(0) as socket:
            await redis.kill()
            await redis.start()
            seen = set()
            async with asyncio.timeout(10):
                while (status := (await one.ask(0)).status) != 401:
                    seen.add(status)
                    await asyncio.sleep(0.02)
                await is_closed(socket, 10)
        assert seen <= {200, 503}
        await one.sign_in(0)


async def reason_of(session: str) -> str:
    """Return why a gateway with these keys is not ready."""
    async with whole_world(session=session) as world:
        status, reason = await readiness(world)
        assert status == 503
        page = await world.open("/.gateway/sign-in")
        assert page.status == 503
        return reason.removeprefix("not ready: Redis: ")


async def test_a_wrong_password_is_said(redis: RedisServer) -> None:
    await redis.ask("ACL", "SETUSER", "gateway", "on", ">right", "~*", "&*", "+@all")
    url = redis.url.replace("unix://", "unix://gateway:wrong@")
    reason = await reason_of(f'store = "redis"\nredis_url = "{url}"')
    assert reason == "it does not accept the user or password of session.redis_url"


async def test_a_missing_permission_is_said(redis: RedisServer) -> None:
    await redis.ask("ACL", "SETUSER", "gateway", "on", ">right", "~gateway:*", "+ping")
    url = redis.url.replace("unix://", "unix://gateway:right@")
    reason = await reason_of(f'store = "redis"\nredis_url = "{url}"')
    assert reason.startswith("its user may not do all that the gateway needs: ")


async def test_the_permissions_in_the_documentation_are_enough() -> None:
    (line,) = re.findall(r"^ *(ACL SETUSER .*)$", GUIDE, re.MULTILINE)
    command = line.replace(">PASSWORD", ">right").split()
    async with redis_server() as redis:
        await redis.ask(*command)
        await redis.ask("ACL", "SETUSER", "default", "-@all", "+ping", "+acl")
        url = redis.url.replace("unix://", "unix://gateway:right@")
        keys = f'store = "redis"\nredis_url = "{url}?db=0"'
        async with whole_world(session=keys) as world:
            await world.sign_in()
            world.clock.at += 3600
            assert await ask(world) == 200
            await world.open("/.gateway/")
            await world.sign_out()
            assert await ask(world) == 401
            assert (await readiness(world))[0] == 200
        log = await redis.ask("ACL", "LOG")
        # Of others, since Redis 7.2: what the client of this test says of itself.
        assert [refused for refused in log if b"gateway" in refused] == []


@pytest.mark.parametrize(
    ("make", "mend", "reason"),
    [
        pytest.param(
            ("REPLICAOF", "127.0.0.1", "1"),
            ("REPLICAOF", "NO", "ONE"),
            "it is a replica, and takes no writes",
            id="READONLY",
        ),
        pytest.param(
            ("CONFIG", "SET", "maxmemory", "1"),
            ("CONFIG", "SET", "maxmemory", "0"),
            "its memory is full (maxmemory)",
            id="OOM",
        ),
    ],
)
async def test_one_that_takes_no_writes_serves_who_is_signed_in(
    world: World,
    redis: RedisServer,
    make: tuple[str, ...],
    mend: tuple[str, ...],
    reason: str,
) -> None:
    await world.sign_in()
    await redis.ask(*make)
    world.clock.at += 400  # it would be told that the session is in use
    assert await ask(world) == 200
    async with asyncio.timeout(5):
        while (said := await readiness(world)) != (503, f"not ready: Redis: {reason}"):
            assert said[0] == 200 or reason in said[1]
            await asyncio.sleep(0.02)
    assert (await world.open("/.gateway/sign-in")).status == 503
    assert await ask(world) == 200
    await redis.ask(*mend)
    async with asyncio.timeout(5):
        while (await readiness(world))[0] != 200:  # noqa: ASYNC110 - it asks anew
            await asyncio.sleep(0.02)


async def test_over_tls_whoever_is_not_trusted_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    good = self_signed(tmp_path / "a", "localhost")
    other = self_signed(tmp_path / "b", "localhost")
    async with redis_server(tls=good) as redis:
        url = f"rediss://localhost:{redis.port}/1"
        keys = f'store = "redis"\nredis_url = "{url}"\nredis_ca_file = '
        async with whole_world(session=f'{keys}"{good.certificate}"') as world:
            await world.sign_in()
            assert await ask(world) == 200
        assert "CERTIFICATE_VERIFY_FAILED" in await reason_of(
            f'{keys}"{other.certificate}"'
        )
        assert "CERTIFICATE_VERIFY_FAILED" in await reason_of(
            f'store = "redis"\nredis_url = "{url}"'
        )
        named = f"rediss://127.0.0.1:{redis.port}/1"
        wrong_name = f'store = "redis"\nredis_url = "{named}"\nredis_ca_file = '
        assert "CERTIFICATE_VERIFY_FAILED" in await reason_of(
            f'{wrong_name}"{good.certificate}"'
        )


@dataclass
class Load:
    """Many clients that ask again and again, with one cookie."""

    url: str
    cookie: str
    going: bool = True
    answers: list[tuple[float, int]] = field(default_factory=list)

    async def run(self, http: aiohttp.ClientSession) -> None:
        """Ask until it is over; write down when each began, and its status."""
        clock = asyncio.get_running_loop().time
        while self.going:
            begun = clock()
            async with http.get(
                self.url, headers={"Cookie": self.cookie}, allow_redirects=False
            ) as answer:
                await answer.read()
            self.answers.append((begun, answer.status))
            await asyncio.sleep(0.02)

    def statuses(self, since: float, until: float) -> set[int]:
        """Return the statuses of what began in between."""
        return {status for begun, status in self.answers if since < begun < until}


async def test_killed_under_load_nobody_is_let_in_or_signed_out_wrongly(
    world: World, redis: RedisServer
) -> None:
    await world.sign_in()
    clock = asyncio.get_running_loop().time
    load = Load(world.url("/"), world.browser.cookie_header(world.url()))
    connector = aiohttp.TCPConnector(limit=0)
    async with (
        aiohttp.ClientSession(connector=connector) as http,
        asyncio.TaskGroup() as group,
    ):
        for _ in range(200):
            group.create_task(load.run(http))
        await asyncio.sleep(0.5)
        await redis.kill()
        killed = clock()
        await asyncio.sleep(1.0)
        restarted = clock()
        await redis.start()
        await becomes(world, 200)
        back = clock()
        await asyncio.sleep(0.5)
        load.going = False
    assert load.statuses(0, killed) <= {200, 503}
    assert load.statuses(killed, restarted) == {503}
    assert load.statuses(restarted, back) <= {200, 503}
    assert load.statuses(back, clock()) == {200}
