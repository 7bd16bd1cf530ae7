"""Floods (35, 56): whoever takes too much is limited, and nobody locks out everyone."""

import asyncio
import contextlib
import re
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
from structlog.testing import capture_logs

from gateway.demo.logto import EmulatedLogto
from tests.support.raw_client import RawClient, RawResponse
from tests.support.raw_upstream import Conversation, RawRequest, raw_upstream
from tests.support.running_gateway import RunningGateway, running_gateway

ADA, BOB, EVE = "127.0.0.11", "127.0.0.12", "127.0.0.66"
HOST = b"Host: 127.0.0.1\r\n"
GET = b"GET /app HTTP/1.1\r\n" + HOST
SIGN_IN = b"GET /.gateway/sign-in HTTP/1.1\r\nAccept: text/html\r\n" + HOST
UPGRADE = (
    GET + b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)
SWITCHING = b"HTTP/1.1 101 Yes\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@dataclass(slots=True)
class Application:
    """Answers requests, slow ones once the door is open; switches where asked to."""

    door: asyncio.Event = field(default_factory=asyncio.Event)
    held: int = 0  # slow ones so far

    async def __call__(self, conversation: Conversation) -> None:
        while True:
            request = await conversation.read_request()
            if b" /slow" in request.line:
                self.held += 1
                await self.door.wait()
            if await self._answers(request, conversation):
                return

    async def _answers(self, request: RawRequest, conversation: Conversation) -> bool:
        """Answer *request*.  Return whether it was the last one."""
        if request.values(b"Upgrade"):
            await conversation.write(SWITCHING)
            while data := await conversation.reader.read(65536):
                await conversation.write(data)
            return True
        await conversation.write(OK)
        return False


@contextlib.asynccontextmanager
async def coming_from(address: str, port: int) -> AsyncIterator[RawClient]:
    """Yield a client of *port* whose own address is *address*."""
    reader, writer = await asyncio.open_connection(
        "127.0.0.1", port, local_addr=(address, 0)
    )
    try:
        yield RawClient(reader, writer)
    finally:
        writer.transport.abort()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


@dataclass(frozen=True, slots=True)
class Besieged:
    """A gateway with small limits, and what it says of them."""

    gateway: RunningGateway
    upstream: Application

    async def ask(self, address: str, head: bytes, *fields: bytes) -> RawResponse:
        async with self.client(address) as client:
            client.send(head + b"".join(one + b"\r\n" for one in fields) + b"\r\n")
            return await client.read_final()

    def client(self, address: str) -> contextlib.AbstractAsyncContextManager[RawClient]:
        return coming_from(address, self.gateway.port)

    async def metric(self, name: str) -> float:
        text = await self.gateway.metrics()
        found = re.search(rf"^{re.escape(name)} (\S+)$", text, re.MULTILINE)
        assert found, name
        return float(found[1])

    async def limited(self, limit: str) -> float:
        return await self.metric(f'gateway_limited_total{{limit="{limit}"}}')


@contextlib.asynccontextmanager
async def besieged(limits: str, server: str = "") -> AsyncIterator[Besieged]:
    application = Application()
    async with (
        raw_upstream(application) as upstream,
        EmulatedLogto.start() as logto,
        running_gateway(
            logto,
            f'[[routes]]\nupstream = "{upstream.url}"\naccess = "public"\n',
            server=server,
            tables=f"[limits]\n{limits}\n",
        ) as gateway,
    ):
        yield Besieged(gateway, application)


# --- sign-ins ------------------------------------------------------------


async def test_one_client_starting_sign_ins_without_end_is_limited_alone() -> None:
    async with besieged("sign_ins_per_minute = 20") as siege:
        async with siege.client(EVE) as eve:
            answers = []
            for _ in range(300):
                eve.send(SIGN_IN + b"\r\n")
                answers.append(await eve.read_final())
        statuses = Counter(answer.status for answer in answers)
        assert statuses[303] in range(20, 24)
        assert statuses[303] + statuses[429] == 300
        assert answers[-1].value(b"Retry-After") == b"3"
        assert b"<!doctype html>" in answers[-1].body.lower()
        assert (await siege.ask(ADA, SIGN_IN)).status == 303
        assert (await siege.ask(EVE, GET)).status == 200
        assert await siege.limited("sign_ins_per_minute") == statuses[429]


async def test_ten_thousand_sign_in_starts_hurt_nobody_but_who_sends_them() -> None:
    async with besieged("") as siege:
        statuses: Counter[int] = Counter()
        loop = asyncio.get_running_loop()
        began = loop.time()

        async def flood() -> None:
            async with siege.client(EVE) as eve:
                for _ in range(50):
                    eve.send((SIGN_IN + b"\r\n") * 20)
                    for _ in range(20):
                        statuses[(await eve.read_final()).status] += 1

        async with asyncio.TaskGroup() as group:
            floods = [group.create_task(flood()) for _ in range(10)]
            asked = 0
            while not all(task.done() for task in floods):
                asked += 1
                assert (await siege.ask(ADA, SIGN_IN)).status == 303
                assert (await siege.ask(BOB, GET)).status == 200
        assert asked >= 3
        assert statuses.total() == 10_000
        assert statuses.keys() == {303, 429}
        refilled = (loop.time() - began) * 300 / 60
        assert 300 <= statuses[303] <= 300 + refilled + 1
        assert await siege.limited("sign_ins_per_minute") == statuses[429]


@pytest.mark.parametrize(
    ("method", "name", "usual"),
    [
        ("GET", "sign-up", 303),
        ("GET", "callback", 400),
        ("POST", "switch-account", 403),
        ("GET", "sign-out", 200),
        ("GET", "healthz", 200),
    ],
)
async def test_which_addresses_are_limited(method: str, name: str, usual: int) -> None:
    limited = name not in {"sign-out", "healthz"}
    line = f"{method} /.gateway/{name} HTTP/1.1\r\nAccept: text/html\r\n".encode()
    async with besieged("sign_ins_per_minute = 1") as siege:
        first = await siege.ask(EVE, line + HOST)
        second = await siege.ask(EVE, line + HOST)
        assert (first.status, second.status) == (usual, 429 if limited else usual)


async def test_a_program_is_told_in_json() -> None:
    head = SIGN_IN.replace(b"text/html", b"application/json")
    async with besieged("sign_ins_per_minute = 1") as siege:
        await siege.ask(EVE, head)
        answer = await siege.ask(EVE, head)
        assert answer.status == 429
        assert b'"too_many_sign_ins"' in answer.body


TRUSTING = 'trusted_proxies = ["127.0.0.77"]'


@pytest.mark.parametrize(
    ("one", "other", "limited"),
    [
        pytest.param(b"203.0.113.1", b"203.0.113.1", True, id="one address"),
        pytest.param(b"203.0.113.1", b"203.0.113.2", False, id="two addresses"),
        pytest.param(b"2001:db8::1", b"2001:db8::ffff:1", True, id="one /64"),
        pytest.param(b"2001:db8::1", b"2001:db8:0:1::1", False, id="two /64s"),
        pytest.param(
            b"203.0.113.1", b"::ffff:203.0.113.1", True, id="IPv4 in two spellings"
        ),
        pytest.param(
            b"203.0.113.1",
            b"198.51.100.7, 203.0.113.1",
            True,
            id="an address that the client made up",
        ),
        pytest.param(b"garbage", b"garbage", False, id="a proxy that does not say"),
    ],
)
async def test_behind_a_trusted_proxy_each_of_its_clients_is_one(
    *, one: bytes, other: bytes, limited: bool
) -> None:
    async with besieged("sign_ins_per_minute = 1", TRUSTING) as siege:
        for client, status in ((one, 303), (other, 429 if limited else 303)):
            answer = await siege.ask(
                "127.0.0.77", SIGN_IN, b"X-Forwarded-For: " + client
            )
            assert answer.status == status


async def test_an_unlisted_proxy_is_not_limited_and_told_of_once() -> None:
    with capture_logs() as lines:
        async with besieged(
            "sign_ins_per_minute = 1\nconnections_per_client = 2"
        ) as siege:
            forwarded = b"X-Forwarded-For: 203.0.113.9"
            for _ in range(4):
                answer = await siege.ask(EVE, SIGN_IN, forwarded)
                assert answer.status == 303
            async with contextlib.AsyncExitStack() as stack:
                for _ in range(5):
                    client = await stack.enter_async_context(siege.client(EVE))
                    client.send(GET + b"\r\n")
                    assert (await client.read_final()).status == 200
            assert (await siege.ask(ADA, SIGN_IN)).status == 303
            assert (await siege.ask(ADA, SIGN_IN)).status == 429
    told = [line for line in lines if line["event"] == "unlisted_proxy"]
    assert [(line["peer"], line["network"]) for line in told] == [(EVE, EVE)]
    assert f'list "{EVE}" in server.trusted_proxies' in told[0]["hint"]


# --- connections ---------------------------------------------------------


async def is_closed(client: RawClient) -> bool:
    """Return whether the gateway closed the connection, rather than answer on it."""
    try:
        client.send(GET + b"\r\n")
        return not await client.read_some()
    except ConnectionError:
        return True


async def test_idle_connections_and_slow_heads_do_not_keep_others_out() -> None:
    """300 from three addresses, and everybody else is served."""
    limits = "connections = 280\nconnections_per_client = 90"
    async with (
        besieged(limits) as siege,
        contextlib.AsyncExitStack() as stack,
    ):
        for number in range(300):
            address = f"127.0.0.{60 + number % 3}"
            client = await stack.enter_async_context(siege.client(address))
            if number % 2:
                client.send(GET[: number % len(GET)])
        for number in range(20):
            answer = await siege.ask(f"127.0.0.{20 + number % 5}", GET)
            assert (answer.status, answer.body) == (200, b"ok")
        assert await siege.limited("connections_per_client") >= 30
        assert await siege.metric("gateway_open_connections") <= 280


async def test_a_client_with_its_share_gets_no_more_until_it_lets_go() -> None:
    async with (
        besieged("connections_per_client = 2") as siege,
        siege.client(EVE) as first,
    ):
        async with (
            siege.client(EVE) as second,
            siege.client(EVE) as third,
        ):
            assert await is_closed(third)
            assert not await is_closed(second)
        async with asyncio.timeout(5):
            while await siege.metric("gateway_open_connections") != 1:
                pass
        assert (await siege.ask(EVE, GET)).status == 200
        assert not await is_closed(first)


async def test_one_client_with_all_places_makes_room_and_others_keep_theirs() -> None:
    limits = "connections = 20\nconnections_per_client = 20"
    async with (
        besieged(limits) as siege,
        siege.client(BOB) as bob,
        contextlib.AsyncExitStack() as stack,
    ):
        assert not await is_closed(bob)
        for _ in range(60):
            await stack.enter_async_context(siege.client(EVE))
        for _ in range(3):
            ada = await stack.enter_async_context(siege.client(ADA))
            assert not await is_closed(ada)
        assert not await is_closed(bob)
        assert await siege.limited("connections") >= 41
        assert await siege.metric("gateway_open_connections") <= 20


async def test_a_trusted_proxy_has_as_many_connections_as_it_needs() -> None:
    async with (
        besieged("connections_per_client = 2", TRUSTING) as siege,
        contextlib.AsyncExitStack() as stack,
    ):
        for _ in range(10):
            client = await stack.enter_async_context(siege.client("127.0.0.77"))
            assert not await is_closed(client)


# --- requests ------------------------------------------------------------

SLOW = GET.replace(b"/app", b"/slow") + b"\r\n"


async def waiting(siege: Besieged, count: int) -> None:
    """Wait until *count* requests are with the application."""
    async with asyncio.timeout(5):
        while siege.upstream.held < count:  # noqa: ASYNC110
            await asyncio.sleep(0)


@pytest.mark.parametrize(
    ("limits", "server"),
    [
        pytest.param("requests_per_client = 2", "", id="as configured"),
        pytest.param("", "upstream_connections = 4", id="half of the connections"),
    ],
)
async def test_one_client_has_so_many_requests_and_others_theirs(
    limits: str, server: str
) -> None:
    async with (
        besieged(limits, server) as siege,
        siege.client(EVE) as first,
        siege.client(EVE) as second,
    ):
        first.send(SLOW)
        second.send(SLOW)
        await waiting(siege, 2)
        refused = await siege.ask(EVE, GET)
        assert (refused.status, refused.value(b"Retry-After")) == (429, b"1")
        assert (await siege.ask(EVE, SIGN_IN)).status == 303
        assert (await siege.ask(ADA, GET)).status == 200
        assert await siege.limited("requests_per_client") == 1
        second.abort()  # who leaves has one less
        async with asyncio.timeout(5):
            while (await siege.ask(EVE, GET)).status != 200:
                pass
        siege.upstream.door.set()
        assert (await first.read_final()).status == 200
        assert (await siege.ask(EVE, GET)).status == 200


async def test_clients_behind_a_trusted_proxy_have_requests_of_their_own() -> None:
    async with (
        besieged("requests_per_client = 1", TRUSTING) as siege,
        siege.client("127.0.0.77") as client,
    ):
        client.send(SLOW[:-2] + b"X-Forwarded-For: 203.0.113.1\r\n\r\n")
        await waiting(siege, 1)
        for address, status in ((b"203.0.113.1", 429), (b"203.0.113.2", 200)):
            answer = await siege.ask("127.0.0.77", GET, b"X-Forwarded-For: " + address)
            assert answer.status == status


# --- WebSockets ----------------------------------------------------------


async def test_one_client_has_so_many_websockets_and_others_theirs() -> None:
    async with (
        besieged("upgrades_per_client = 2") as siege,
        siege.client(EVE) as first,
        siege.client(EVE) as second,
        siege.client(ADA) as ada,
    ):
        for client in (first, second, ada):
            client.send(UPGRADE)
            assert (await client.read_head()).status == 101
        refused = await siege.ask(EVE, UPGRADE[:-2])
        assert refused.status == 429
        assert refused.value(b"Retry-After") == b"10"
        assert await siege.limited("upgrades_per_client") == 1
        assert (await siege.ask(EVE, GET)).status == 200
        second.abort()
        async with asyncio.timeout(5):
            while (await siege.ask(EVE, UPGRADE[:-2])).status != 101:
                pass
        first.send(b"still there")
        assert await first.read(11) == b"still there"


async def test_one_client_with_all_websockets_loses_one_to_a_newcomer() -> None:
    async with (
        besieged("upgrades = 3") as siege,
        siege.client(BOB) as bob,
        siege.client(EVE) as first,
        siege.client(EVE) as second,
        siege.client(ADA) as ada,
    ):
        for client in (bob, first, second, ada):
            client.send(UPGRADE)
            assert (await client.read_head()).status == 101
        with pytest.raises(ConnectionError):
            await second.read_to_end()
        for client in (bob, first, ada):
            client.send(b"hello")
            assert await client.read(5) == b"hello"
        assert (await siege.ask(EVE, UPGRADE[:-2])).status == 429
        assert await siege.limited("upgrades") == 2


# --- heads and bodies ----------------------------------------------------


async def test_a_slow_head_is_408_after_the_configured_time() -> None:
    async with (
        besieged('head_timeout = "0.2s"') as siege,
        siege.client(EVE) as eve,
    ):
        eve.send(GET)
        assert (await eve.read_final()).status == 408
        assert await siege.limited("head_timeout") == 1


@pytest.mark.parametrize(
    ("framing", "body"),
    [
        pytest.param(b"Content-Length: 9\r\n", b"", id="nothing of it"),
        pytest.param(b"Content-Length: 9\r\n", b"half", id="half of it"),
        pytest.param(b"Transfer-Encoding: chunked\r\n", b"4\r\nhalf\r\n", id="chunks"),
    ],
)
@pytest.mark.parametrize("path", [b"/app", b"/.gateway/backchannel-logout"])
async def test_a_stalled_body_is_408(framing: bytes, body: bytes, path: bytes) -> None:
    form = b"Content-Type: application/x-www-form-urlencoded\r\n"
    async with (
        besieged('body_timeout = "0.2s"') as siege,
        siege.client(EVE) as eve,
    ):
        eve.send(b"POST " + path + b" HTTP/1.1\r\n" + HOST + form + framing + b"\r\n")
        eve.send(body)
        answer = await eve.read_final()
        assert (answer.status, answer.body) == (408, b"the request's body stalled\n")
        assert await siege.limited("body_timeout") == 1


async def test_a_path_that_is_too_long_is_414() -> None:
    async with besieged('path_length = "1KiB"') as siege:
        for path, status in (
            (b"/" + b"%41" * 341, 200),
            (b"/" + b"%41" * 342, 414),
            (b"/?" + b"%41" * 3000, 200),
        ):
            answer = await siege.ask(EVE, b"GET " + path + b" HTTP/1.1\r\n" + HOST)
            assert answer.status == status
        assert await siege.limited("path_length") == 1
