"""A connection that is over leaves nothing behind that only a collection would find.

What holds itself stays until there is enough of it, and under thousands of connections
that is much: memory would go up with them and not come down.
"""

import asyncio
import gc
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager

import pytest

from tests.support.both_loops import on_both_loops
from tests.support.proxy_server import Proxy, proxying
from tests.support.raw_client import RawClient, connected
from tests.support.raw_upstream import WAIT, Conversation, raw_upstream

HANDSHAKE = (
    b"GET /ws HTTP/1.1\r\nHost: app.example.com\r\nConnection: Upgrade\r\n"
    b"Upgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    b"Sec-WebSocket-Version: 13\r\n\r\n"
)
GET = b"GET / HTTP/1.1\r\nHost: app.example.com\r\n\r\n"
UPLOAD = b"POST / HTTP/1.1\r\nHost: app.example.com\r\nContent-Length: 9\r\n\r\nhalf"
SWITCHING = (
    b"HTTP/1.1 101 Yes\r\nUpgrade: websocket\r\nConnection: upgrade\r\n"
    b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"
)
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
CHUNK = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n"


async def talk(conversation: Conversation) -> None:
    """Answer by what is asked, until the other side is gone."""
    while True:
        request = await conversation.read_head()
        if request.values(b"Upgrade"):
            await conversation.write(SWITCHING + b"hello")
            if await conversation.reader.read(1) == b"x":  # we are told to leave
                return
        elif b"/stream" in request.head:
            await conversation.write(CHUNK)
            await conversation.reader.read()
        elif b"/cut" in request.head:
            return
        elif b"/nothing" in request.head:
            await conversation.reader.read()
        else:
            await conversation.write(OK)


async def websocket_that_the_client_leaves(client: RawClient) -> None:
    client.send(HANDSHAKE)
    await client.read_until(b"hello")
    client.abort()


async def websocket_that_the_upstream_leaves(client: RawClient) -> None:
    client.send(HANDSHAKE)
    await client.read_until(b"hello")
    client.send(b"x")
    assert await client.read_to_end() == b""


async def request_and_its_answer(client: RawClient) -> None:
    client.send(GET)
    await client.read_response()


async def stream_that_the_client_leaves(client: RawClient) -> None:
    client.send(GET.replace(b"/", b"/stream", 1))
    await client.read_until(b"ok\r\n")
    client.abort()


async def wait_that_the_client_leaves(client: RawClient) -> None:
    client.send(GET + GET.replace(b"/", b"/nothing", 1))
    await client.read_response()
    client.abort()


async def wait_that_the_upstream_leaves(client: RawClient) -> None:
    client.send(GET.replace(b"/", b"/cut", 1))
    await client.read_response()


async def upload_that_the_client_leaves(client: RawClient) -> None:
    client.send(UPLOAD.replace(b"/", b"/stream", 1))
    await client.read_until(b"ok\r\n")
    client.abort()


async def answer_of_our_own(client: RawClient) -> None:
    client.send(GET.replace(b"/", b"/no", 1))
    await client.read_response()


async def silence(client: RawClient) -> None:
    client.send(b"GE")
    client.abort()


# Until then asyncio.TaskGroup itself ties a cancellation to its traceback.
UPLOADS = (upload_that_the_client_leaves,) if sys.version_info >= (3, 13) else ()
WAYS = (
    websocket_that_the_client_leaves,
    websocket_that_the_upstream_leaves,
    request_and_its_answer,
    stream_that_the_client_leaves,
    wait_that_the_client_leaves,
    wait_that_the_upstream_leaves,
    *UPLOADS,
    answer_of_our_own,
    silence,
)


@contextmanager
def kept_garbage() -> Iterator[list[object]]:
    """Yield what collections find, from now on."""
    gc.collect()
    gc.disable()
    gc.set_debug(gc.DEBUG_SAVEALL)
    try:
        yield gc.garbage
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.enable()


@asynccontextmanager
async def all_gone(proxy: Proxy) -> AsyncIterator[None]:
    """Wait, behind the block, until the proxy has no connection any more."""
    yield
    async with asyncio.timeout(WAIT):
        while proxy.server.connections:  # noqa: ASYNC110 - no event
            await asyncio.sleep(0)


@on_both_loops
@pytest.mark.parametrize("use", WAYS, ids=lambda use: use.__name__)
async def test_a_connection_that_is_over_holds_nothing(
    use: Callable[[RawClient], Awaitable[None]],
) -> None:
    async with raw_upstream(talk) as upstream, proxying(upstream.url) as proxy:
        async with all_gone(proxy), connected(proxy.port) as warm:
            await use(warm)
        proxy.requests.clear()
        proxy.failures.clear()
        with kept_garbage() as garbage:
            for _ in range(3):
                async with all_gone(proxy), connected(proxy.port) as client:
                    await use(client)
                del client
                proxy.requests.clear()
                proxy.failures.clear()
            gc.collect()
            ours = [
                type(one).__qualname__
                for one in garbage
                if type(one).__module__.startswith("gateway.")
            ]
        assert ours == []
