"""Which connection a request takes, and what is repeated when one turns out dead."""

import asyncio

import pytest

from gateway.proxying.failure import FailureKind
from tests.support.both_loops import on_both_loops
from tests.support.proxy_server import proxying
from tests.support.raw_client import connected, exchange
from tests.support.raw_upstream import OK, Conversation, Script, raw_upstream

GET = b"GET / HTTP/1.1\r\nHost: app.example.com\r\n\r\n"
POST = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"


def dying(*, at_once: bool) -> Script:
    """Return a script whose connections die at their second request, or before it."""

    async def script(conversation: Conversation) -> None:
        await conversation.read_request()
        await conversation.write(OK)
        if at_once:
            return
        await conversation.read_request()
        conversation.reset()

    return script


@on_both_loops
async def test_connections_are_used_again() -> None:
    async with raw_upstream() as upstream, proxying(upstream.url) as proxy:
        for _ in range(5):
            await exchange(proxy.port, GET)
        assert len(upstream.conversations) == 1


@on_both_loops
async def test_a_get_on_a_connection_that_died_is_repeated_once() -> None:
    async with (
        raw_upstream(dying(at_once=False)) as upstream,
        proxying(upstream.url) as proxy,
    ):
        for _ in range(4):
            assert (await exchange(proxy.port, GET)).status == 200
        assert proxy.failures == []
        assert [len(one.requests) for one in upstream.conversations] == [2, 2, 2, 1]


@on_both_loops
async def test_a_connection_that_was_closed_costs_nothing() -> None:
    async with (
        raw_upstream(dying(at_once=True)) as upstream,
        proxying(upstream.url) as proxy,
    ):
        for request in (GET, POST, GET, POST):
            assert (await exchange(proxy.port, request)).status == 200
        assert len(upstream.requests) == 4


@pytest.mark.parametrize(
    "request_bytes",
    [
        pytest.param(POST, id="post"),
        pytest.param(GET.replace(b"GET", b"POST"), id="post without a body"),
        pytest.param(GET.replace(b"GET", b"PATCH"), id="patch without a body"),
        pytest.param(POST.replace(b"POST", b"PUT"), id="put with a body"),
    ],
)
@on_both_loops
async def test_what_may_not_be_repeated_is_sent_once(request_bytes: bytes) -> None:
    async with (
        raw_upstream(dying(at_once=False)) as upstream,
        proxying(upstream.url) as proxy,
    ):
        await exchange(proxy.port, GET)
        assert (await exchange(proxy.port, request_bytes)).status == 502
        assert proxy.failures[0].kind is FailureKind.CUT
        assert len(upstream.requests) == 2


@on_both_loops
async def test_a_get_that_a_new_connection_drops_is_not_repeated() -> None:
    async def script(conversation: Conversation) -> None:
        await conversation.read_request()
        conversation.reset()

    async with raw_upstream(script) as upstream, proxying(upstream.url) as proxy:
        assert (await exchange(proxy.port, GET)).status == 502
        assert len(upstream.requests) == 1


@on_both_loops
async def test_a_get_that_was_being_answered_is_not_repeated() -> None:
    async def script(conversation: Conversation) -> None:
        await conversation.read_request()
        await conversation.write(OK)
        await conversation.read_request()
        await conversation.write(b"HTTP/1.1 200 OK\r\nContent-Le")

    async with raw_upstream(script) as upstream, proxying(upstream.url) as proxy:
        await exchange(proxy.port, GET)
        assert (await exchange(proxy.port, GET)).status == 502
        assert len(upstream.requests) == 2


@on_both_loops
async def test_what_an_upstream_says_unasked_is_nobodys_answer() -> None:
    async def script(conversation: Conversation) -> None:
        await conversation.read_request()
        await conversation.write(
            OK + b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"
        )
        await conversation.gone()

    async with raw_upstream(script) as upstream, proxying(upstream.url) as proxy:
        for _ in range(3):
            assert (await exchange(proxy.port, GET)).body == b"ok"
        assert len(upstream.conversations) == 3


@on_both_loops
async def test_what_an_upstream_says_later_ends_the_connection() -> None:
    said = asyncio.Event()

    async def script(conversation: Conversation) -> None:
        await conversation.read_request()
        await conversation.write(OK)
        await conversation.stay_silent(0.05)
        await conversation.write(b"HTTP/1.1 408 Timeout\r\nContent-Length: 0\r\n\r\n")
        await conversation.gone()
        said.set()

    async with raw_upstream(script) as upstream, proxying(upstream.url) as proxy:
        await exchange(proxy.port, GET)
        await said.wait()
        assert (await exchange(proxy.port, GET)).status == 200


@on_both_loops
async def test_waiting_requests_get_the_connections_that_become_free() -> None:
    async with (
        raw_upstream() as upstream,
        proxying(upstream.url, server="upstream_connections = 2") as proxy,
    ):
        answers = await asyncio.gather(*(exchange(proxy.port, GET) for _ in range(40)))
        assert {one.status for one in answers} == {200}
        assert len(upstream.conversations) <= 2


@on_both_loops
async def test_a_hundred_slow_uploads_block_nobody() -> None:
    async def script(conversation: Conversation) -> None:
        while True:
            await conversation.read_request()
            await conversation.write(OK)

    finish = asyncio.Event()

    async def slow(port: int) -> None:
        async with connected(port) as client:
            client.send(POST[:-2])
            await finish.wait()
            client.send(POST[-2:])
            assert (await client.read_response()).status == 200

    async with (
        raw_upstream(script) as upstream,
        proxying(upstream.url) as proxy,
        asyncio.TaskGroup() as group,
    ):
        for _ in range(100):
            group.create_task(slow(proxy.port))
        for _ in range(20):
            async with asyncio.timeout(1):
                assert (await exchange(proxy.port, GET)).status == 200
        finish.set()
