"""What Prometheus reads: true, complete, and of a size that no client can raise."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

import pytest
from prometheus_client.parser import text_string_to_metric_families

from gateway.demo.logto import EmulatedLogto
from tests.support.project import ROOT
from tests.support.raw_client import connected, exchange
from tests.support.raw_upstream import Conversation, raw_upstream
from tests.support.running_gateway import (
    RunningGateway,
    anyone,
    running_gateway,
)
from tests.support.virtual_browser import VirtualBrowser

GET = b"GET %b HTTP/1.1\r\nHost: 127.0.0.1\r\n%b\r\n"
WEBSOCKET = (
    b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
)
BAD_BODY = (
    b"POST %b HTTP/1.1\r\nHost: 127.0.0.1\r\nSec-Fetch-Site: same-origin\r\n"
    b"Transfer-Encoding: chunked\r\n\r\nzz\r\n"
)
PUBLIC = 'access = "public"'


@dataclass(frozen=True, slots=True)
class World:
    gateway: RunningGateway
    logto: EmulatedLogto
    holding: asyncio.Event
    go_on: asyncio.Event

    async def samples(self) -> dict[str, float]:
        """Return what /metrics says, by series."""
        text = await self.gateway.metrics()
        return {
            f"{sample.name}{sorted(sample.labels.items()) or ''}": sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
        }

    async def value(self, name: str, **labels: str) -> float:
        samples = await self.samples()
        return samples.get(f"{name}{sorted(labels.items()) or ''}", 0.0)

    async def becomes(self, name: str, value: float) -> None:
        """Wait until the series *name* has that *value*."""
        async with asyncio.timeout(5):
            while await self.value(name) != value:  # noqa: ASYNC110
                await asyncio.sleep(0.01)


@pytest.fixture
async def world() -> AsyncIterator[World]:
    holding, go_on = asyncio.Event(), asyncio.Event()

    async def script(conversation: Conversation) -> None:
        while True:
            request = await conversation.read_request()
            if b"/garbage" in request.line:
                await conversation.write(b"no answer\r\n\r\n")
                return
            if b"/cut" in request.line:
                await conversation.write(b"HTTP/1.1 200 OK\r\n")
                await conversation.write(b"Content-Length: 9\r\n\r\ncut")
                return
            if request.value(b"Upgrade") is not None:
                await conversation.write(
                    b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n"
                    b"Upgrade: websocket\r\n\r\n"
                )
                holding.set()
                await conversation.gone()
                return
            if b"/hold" in request.line:
                await conversation.write(b"HTTP/1.1 200 OK\r\n\r\nbegun")
                holding.set()
                await conversation.gone()
                return
            await conversation.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

    async with EmulatedLogto.start() as logto, raw_upstream(script) as upstream:
        routes = (
            anyone(upstream.url)
            + f'[[routes]]\npath = "/open"\nupstream = "{upstream.url}"\n{PUBLIC}\n'
            + '[[routes]]\npath = "/away"\nupstream = "http://127.0.0.1:9"\n'
            + f"{PUBLIC}\n"
        )
        async with running_gateway(logto, routes) as gateway:
            yield World(gateway, logto, holding, go_on)


async def test_requests_are_counted_by_route_decision_and_status(
    world: World,
) -> None:
    port = world.gateway.port
    for path in (b"/open/a", b"/open/b", b"/private", b"/away", b"/.gateway/healthz"):
        await exchange(port, GET % (path, b""))

    async def count(route: str, decision: str, status: str) -> float:
        return await world.value(
            "gateway_requests_total", route=route, decision=decision, status=status
        )

    assert await count("/open", "permit", "2xx") == 2
    assert await count("/", "sign_in", "4xx") == 1
    assert await count("/away", "permit", "5xx") == 1
    assert await count("own", "own", "2xx") == 1
    assert await world.value("gateway_request_seconds_count", route="/open") == 2
    assert await world.value("gateway_upstream_seconds_count", route="/open") == 2
    assert await world.value("gateway_upstream_seconds_count", route="/away") == 0


@pytest.mark.parametrize(
    ("path", "kind"),
    [(b"/away", "refused"), (b"/open/garbage", "invalid"), (b"/open/cut", "cut")],
)
async def test_failures_of_upstreams_are_counted_by_kind(
    path: bytes, kind: str, world: World
) -> None:
    async with connected(world.gateway.port) as client:
        client.send(GET % (path, b"Connection: close\r\n"))
        try:
            await client.read_to_end()
        except ConnectionError:
            assert kind == "cut"
    route = "/away" if path == b"/away" else "/open"
    assert (
        await world.value("gateway_upstream_failures_total", route=route, kind=kind)
        == 1
    )


async def test_a_client_that_leaves_is_no_failure_of_the_upstream(
    world: World,
) -> None:
    async with connected(world.gateway.port) as client:
        client.send(GET % (b"/open/hold", b""))
        await client.read_until(b"begun")
    await world.becomes("gateway_open_requests", 0)
    failures = [s for s in await world.samples() if "upstream_failures" in s]
    assert failures == []


async def leave_while_asking(world: World) -> None:
    async with connected(world.gateway.port) as client:
        client.send(GET % (b"/open/hold", b""))
        await world.holding.wait()
        assert await world.value("gateway_open_requests") == 1
        assert await world.value("gateway_open_connections") == 1


async def open_a_websocket(world: World) -> None:
    async with connected(world.gateway.port) as client:
        client.send(GET % (b"/open/socket", WEBSOCKET))
        await client.read_head()
        assert await world.value("gateway_open_requests") == 1


async def be_refused(world: World) -> None:
    for request in (
        b"garbage\r\n\r\n",
        GET % (b"/%00", b""),
        GET % (b"/open/garbage", b""),
        GET % (b"/away", b""),
        BAD_BODY % b"/open/x",
        BAD_BODY % b"/.gateway/switch-account",
    ):
        assert (await exchange(world.gateway.port, request)).status >= 400


async def leave_while_sending(world: World) -> None:
    async with connected(world.gateway.port) as client:
        client.send(b"POST /open/x HTTP/1.1\r\nHost: 127.0.0.1\r\n")
        client.send(b"Content-Length: 99\r\n\r\npart")
        await world.becomes("gateway_open_requests", 1)


@pytest.mark.parametrize(
    "use", [leave_while_asking, open_a_websocket, be_refused, leave_while_sending]
)
async def test_what_is_open_returns_to_zero(
    use: Callable[[World], Awaitable[None]], world: World
) -> None:
    await use(world)
    await world.becomes("gateway_open_requests", 0)
    await world.becomes("gateway_open_connections", 0)


async def test_sign_ins_are_counted_by_outcome(world: World) -> None:
    async with VirtualBrowser() as browser:
        await browser.sign_in(f"{world.gateway.url}/private")
        await browser.navigate(f"{world.gateway.url}/.gateway/callback?state=x&code=y")
        browser.cookies.clear()
        await browser.navigate(f"{world.gateway.url}/.gateway/callback?state=x&code=y")

    async def count(outcome: str) -> float:
        return await world.value("gateway_sign_ins_total", outcome=outcome)

    assert [await count(o) for o in ("started", "completed", "unknown")] == [1, 1, 1]
    assert await count("logto_away") == 0


async def test_no_client_can_make_series(world: World) -> None:
    async def ask(name: str) -> None:
        for request in (
            f"GET /open/{name} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
            f"GET / HTTP/1.1\r\nHost: {name}.example.com\r\n\r\n",
            f"{name.upper()} /open HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
            f"GET /.gateway/{name} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
            f"GET /open HTTP/1.1\r\nHost: 127.0.0.1\r\n{name}\r\n\r\n",
        ):
            await exchange(world.gateway.port, request.encode())

    await ask("first")
    before = set(await world.samples())

    for name in ("second", "third", "fourth"):
        await ask(name)

    assert set(await world.samples()) == before


async def test_what_is_running_can_be_seen(world: World) -> None:
    builds = [s for s in await world.samples() if s.startswith("gateway_build_info")]
    assert len(builds) == 1
    for label in ("version", "python", "aiohttp"):
        assert f"('{label}', '" in builds[0]


async def test_every_metric_is_documented(world: World) -> None:
    documentation = (ROOT / "docs" / "how-to" / "operate.md").read_text()
    families = text_string_to_metric_families(await world.gateway.metrics())
    names = [
        f"{family.name}_total" if family.type == "counter" else family.name
        for family in families
        if family.name.startswith("gateway_")
    ]
    assert [name for name in names if f"`{name}`" not in documentation] == []
