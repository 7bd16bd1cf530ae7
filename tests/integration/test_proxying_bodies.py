"""Bodies stream both ways, at the pace of whoever is slower."""

import asyncio
import contextlib
from typing import cast

import pytest

from gateway.proxying.failure import FailureKind
from tests.support.both_loops import on_both_loops
from tests.support.proxy_server import proxying
from tests.support.raw_client import connected, exchange
from tests.support.raw_upstream import OK, Conversation, raw_upstream

MEBIBYTE = 1024 * 1024
BIG = 64 * MEBIBYTE
GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
CHUNKED = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"


@on_both_loops
async def test_an_upload_streams() -> None:
    async def script(conversation: Conversation) -> None:
        await conversation.read_head()
        first = await conversation.reader.readuntil(b"one\r\n")
        await conversation.write(b"HTTP/1.1 103 x\r\n\r\n")  # the client may go on
        rest = await conversation.reader.readuntil(b"0\r\n\r\n")
        body = first + rest
        await conversation.write(
            b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)
        )

    async with (
        raw_upstream(script) as upstream,
        proxying(upstream.url) as proxy,
        connected(proxy.port) as client,
    ):
        client.send(CHUNKED + b"3\r\none\r\n")
        assert (await client.read_head()).status == 103
        client.send(b"3\r\ntwo\r\n0\r\n\r\n")
        answer = await client.read_response()
        assert answer.body == b"3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n"
        assert proxy.requests[0].record.bytes_received == 6
        assert proxy.requests[0].record.bytes_sent == len(answer.body)


@on_both_loops
async def test_both_directions_stream_at_once() -> None:
    async def script(conversation: Conversation) -> None:
        await conversation.read_head()
        await conversation.write(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        )
        while True:
            line = await conversation.reader.readuntil(b"\r\n")
            data = await conversation.reader.readexactly(int(line, 16) + 2)
            await conversation.write(line + data)

    async with (
        raw_upstream(script) as upstream,
        proxying(upstream.url) as proxy,
        connected(proxy.port) as client,
    ):
        client.send(CHUNKED)
        await client.read_head()
        for number in range(5):
            message = b"2\r\n%02d\r\n" % number
            client.send(message)
            assert await client.read(len(message)) == message


@on_both_loops
async def test_a_client_that_does_not_read_holds_the_upstream_back() -> None:
    sent = 0
    held = asyncio.Event()

    async def script(conversation: Conversation) -> None:
        nonlocal sent
        await conversation.read_request()
        await conversation.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % BIG)
        with contextlib.suppress(TimeoutError):
            for _ in range(BIG // MEBIBYTE):
                async with asyncio.timeout(0.5):
                    await conversation.write(b"x" * MEBIBYTE)
                sent += 1
        held.set()

    async with (
        raw_upstream(script) as upstream,
        proxying(upstream.url) as proxy,
        connected(proxy.port) as client,
    ):
        cast(asyncio.Transport, client.writer.transport).pause_reading()
        client.send(GET)
        await held.wait()
        assert 0 < sent < 32


@on_both_loops
async def test_an_upstream_that_does_not_read_holds_the_client_back() -> None:
    stuck = asyncio.Event()

    async def script(conversation: Conversation) -> None:
        await conversation.read_head()
        await stuck.wait()

    async with (
        raw_upstream(script) as upstream,
        proxying(upstream.url) as proxy,
        connected(proxy.port) as client,
    ):
        client.send(b"PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % BIG)
        taken = 0
        with contextlib.suppress(TimeoutError):
            for _ in range(BIG // MEBIBYTE):
                client.send(b"x" * MEBIBYTE)
                async with asyncio.timeout(0.5):
                    await client.writer.drain()
                taken += 1
        assert taken < 32
        stuck.set()


@on_both_loops
async def test_an_upload_that_is_not_taken_fails() -> None:
    async def script(conversation: Conversation) -> None:
        await conversation.read_head()
        await asyncio.Event().wait()

    async with (
        raw_upstream(script) as upstream,
        proxying(upstream.url, timeout=0.2) as proxy,
        connected(proxy.port) as client,
    ):
        client.send(b"PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % BIG)
        client.send(b"x" * (BIG // 2))
        answer = await client.read_response()
        assert answer.status == 502
        assert proxy.failures[0].kind is FailureKind.TIMEOUT


@on_both_loops
async def test_the_timeout_counts_from_the_last_byte_of_the_request() -> None:
    async def script(conversation: Conversation) -> None:
        await conversation.read_request()
        await conversation.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

    async with (
        raw_upstream(script) as upstream,
        proxying(upstream.url, timeout=0.2) as proxy,
        connected(proxy.port) as client,
    ):
        client.send(b"PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\na")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.4):
                await client.read(1)
        client.send(b"b")
        assert (await client.read_response()).body == b"ok"


@on_both_loops
async def test_an_early_answer_stops_the_upload() -> None:
    async def script(conversation: Conversation) -> None:
        await conversation.read_head()
        await conversation.write(b"HTTP/1.1 413 x\r\nContent-Length: 3\r\n\r\nbig")
        await conversation.gone()

    async with (
        raw_upstream(script) as upstream,
        proxying(upstream.url) as proxy,
        connected(proxy.port) as client,
    ):
        client.send(b"PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % BIG)
        client.send(b"x" * MEBIBYTE)
        answer = await client.read_response()
        assert answer.status == 413
        assert answer.body == b"big"
        assert answer.value(b"Connection") == b"close"
        assert await client.read_to_end(1) == b""


@on_both_loops
async def test_no_request_follows_half_a_body() -> None:
    """The upstream would take it for the rest of the body: smuggling by us."""

    async def script(conversation: Conversation) -> None:
        await conversation.read_head()
        await conversation.write(OK)
        await conversation.gone()

    async with raw_upstream(script) as upstream, proxying(upstream.url) as proxy:
        async with connected(proxy.port) as client:
            client.send(b"PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 99\r\n\r\nhalf")
            assert (await client.read_response()).status == 200
        assert (await exchange(proxy.port, GET)).status == 200
        assert len(upstream.conversations) == 2


@on_both_loops
async def test_a_body_that_breaks_its_framing_ends_both_sides() -> None:
    seen = asyncio.Event()

    async def script(conversation: Conversation) -> None:
        await conversation.read_head()
        await conversation.gone()
        seen.set()

    async with (
        raw_upstream(script) as upstream,
        proxying(upstream.url) as proxy,
        connected(proxy.port) as client,
    ):
        client.send(CHUNKED + b"3\r\nabc\r\n")
        client.send(b"x\r\n")
        answer = await client.read_response()
        assert answer.status == 400
        assert await client.read_to_end(1) == b""
        async with asyncio.timeout(1):
            await seen.wait()


@on_both_loops
async def test_a_client_that_cuts_its_upload_cuts_it_upstream() -> None:
    begun = asyncio.Event()
    cut = asyncio.Event()

    async def script(conversation: Conversation) -> None:
        await conversation.read_head()
        begun.set()
        with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
            await conversation.reader.readexactly(100)
        cut.set()

    async with raw_upstream(script) as upstream, proxying(upstream.url) as proxy:
        async with connected(proxy.port) as client:
            client.send(b"PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nabc")
            await begun.wait()
        async with asyncio.timeout(1):
            await cut.wait()
