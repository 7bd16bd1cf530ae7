"""Large bodies pass in flat memory: they are never held, only handed on.

GATEWAY_TEST_TRANSFER says how many MiB go each way (256; the promise is made for 1024).
"""

import os
import sys

import pytest

from tests.support.proxy_process import proxy_process
from tests.support.raw_client import connected
from tests.support.raw_upstream import Conversation, raw_upstream

MEBIBYTE = 1024 * 1024
SIZE = int(os.environ.get("GATEWAY_TEST_TRANSFER", "256")) * MEBIBYTE  # noqa: TID251
ALLOWED = 40 * MEBIBYTE
BLOCK = b"\x1f\x8b" + b"\x00" * (MEBIBYTE - 2)

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="reads /proc"
)


async def script(conversation: Conversation) -> None:
    """Send SIZE bytes for a GET, take what comes for a PUT, chunked where asked."""
    while True:
        request = await conversation.read_head()
        if request.line.startswith(b"PUT"):
            left = int(request.value(b"Content-Length") or 0)
            while left:
                left -= len(await conversation.reader.read(MEBIBYTE))
            await conversation.write(b"HTTP/1.1 204 x\r\n\r\n")
            continue
        chunked = b"chunked" in request.line
        framing = (
            b"Transfer-Encoding: chunked" if chunked else b"Content-Length: %d" % SIZE
        )
        await conversation.write(
            b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n%b\r\n\r\n" % framing
        )
        block = b"%x\r\n%b\r\n" % (MEBIBYTE, BLOCK) if chunked else BLOCK
        for _ in range(SIZE // MEBIBYTE):
            await conversation.write(block)
        if chunked:
            await conversation.write(b"0\r\n\r\n")


@pytest.mark.parametrize("path", [b"/length", b"/chunked"])
async def test_a_large_download_passes_in_flat_memory(path: bytes) -> None:
    async with (
        raw_upstream(script) as upstream,
        proxy_process(upstream.url) as proxy,
        connected(proxy.port) as client,
    ):
        before = proxy.memory()
        client.send(b"GET " + path + b" HTTP/1.1\r\nHost: a\r\n\r\n")
        await client.read_head()
        taken = 0
        while taken < SIZE:
            taken += len(await client.read_some())
        grown = proxy.peak_memory() - before
        print(f"{path!r}: {grown / MEBIBYTE:.1f} MiB more")  # noqa: T201
        assert grown < ALLOWED


async def test_a_large_upload_passes_in_flat_memory() -> None:
    async with (
        raw_upstream(script) as upstream,
        proxy_process(upstream.url) as proxy,
        connected(proxy.port) as client,
    ):
        before = proxy.memory()
        client.send(b"PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % SIZE)
        for _ in range(SIZE // MEBIBYTE):
            client.send(BLOCK)
            await client.writer.drain()
        assert (await client.read_head()).status == 204
        grown = proxy.peak_memory() - before
        print(f"upload: {grown / MEBIBYTE:.1f} MiB more")  # noqa: T201
        assert grown < ALLOWED


async def test_a_client_that_does_not_read_costs_little() -> None:
    async with raw_upstream(script) as upstream, proxy_process(upstream.url) as proxy:
        before = proxy.memory()
        async with connected(proxy.port) as client:
            client.send(b"GET /length HTTP/1.1\r\nHost: a\r\n\r\n")
            await client.read_head()
            await upstream.conversations[0].held_back()
        assert proxy.peak_memory() - before < ALLOWED
