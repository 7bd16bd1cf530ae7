"""A world with WebSockets and streams, and what a person does with them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp

from tests.support.lasting_upstream import lasting_upstream
from tests.support.virtual_browser import VirtualBrowser
from tests.support.whole_world import World, whole_world

AT_MOST = 2.0  # seconds from a moment of the gateway's clock to the end of a stream
ROUTES = """
[[routes]]
upstream = "UPSTREAM"
allow = "anyone"
[[routes]]
path = "/live"
upstream = "{live}"
allow = {allow}
"""

Socket = aiohttp.ClientWebSocketResponse


def with_live(live: str, allow: str = '"anyone"') -> str:
    """Return routes (TOML) with the lasting upstream at *live*, which *allow* opens."""
    return ROUTES.replace("{live}", live).replace("{allow}", allow)


@asynccontextmanager
async def lasting_world(
    session: str = "", *, allow: str = '"anyone"', logto_keys: str = ""
) -> AsyncIterator[World]:
    """Give a world with the lasting upstream under /live, which *allow* opens."""
    async with (
        lasting_upstream() as live,
        whole_world(
            with_live(live, allow),
            session=session,
            logto_keys=logto_keys,
        ) as world,
    ):
        yield world


@asynccontextmanager
async def socket_of(
    world: World, browser: VirtualBrowser | None = None
) -> AsyncIterator[Socket]:
    """Open a WebSocket with the cookies of *browser*, or the world's own."""
    headers = {
        "Cookie": (browser or world.browser).cookie_header(world.url()),
        "Origin": world.gateway.url,
    }
    async with (
        aiohttp.ClientSession() as http,
        http.ws_connect(world.url("/live/socket"), headers=headers) as socket,
    ):
        yield socket


async def works(socket: Socket) -> None:
    """Hold that *socket* leads to the application."""
    await socket.send_str("there?")
    async with asyncio.timeout(AT_MOST):
        assert await socket.receive_str() == "there?"


async def is_closed(socket: Socket, at_most: float = AT_MOST) -> None:
    """Hold that *socket* is closed with 1008, in *at_most* seconds."""
    async with asyncio.timeout(at_most):
        message = await socket.receive()
    assert (message.type, message.data) == (aiohttp.WSMsgType.CLOSE, 1008)
