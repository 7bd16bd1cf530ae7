"""An open WebSocket ends once the role or membership that it began with is gone."""

import asyncio
from dataclasses import replace

import aiohttp
import pytest

from gateway.demo.people import ADA, Member, Person
from tests.support.lasting_upstream import lasting_upstream
from tests.support.whole_world import World, whole_world

OVERDUE = 600  # seconds after the sign-in
SOON = 3.0  # seconds, in which what is open is looked at and Logto answers
API = "https://api.example.com"
ROUTE = """
[[routes]]
upstream = "UPSTREAM"
allow = "anyone"
[[routes]]
path = "/live"
upstream = "{live}"
allow = {allow}
"""
MEMBER = replace(
    ADA,
    roles=("admin", "editor"),
    permissions={API: ("read",)},
    memberships=(Member("acme", ("owner",), ("bill",)),),
)


async def opened(
    world: World, http: aiohttp.ClientSession
) -> aiohttp.ClientWebSocketResponse:
    headers = {
        "Cookie": world.browser.cookie_header(world.url()),
        "Origin": world.gateway.url,
    }
    return await http.ws_connect(world.url("/live/socket"), headers=headers)


@pytest.mark.parametrize(
    ("allow", "then", "ends"),
    [
        pytest.param('{ roles = ["admin"] }', {"roles": ("editor",)}, True, id="role"),
        pytest.param('{ roles = ["admin"] }', {"roles": ("admin",)}, False, id="kept"),
        pytest.param('{ scopes = ["read"] }', {"permissions": {}}, True, id="scope"),
        pytest.param(
            '{ organizations = ["acme"] }', {"memberships": ()}, True, id="membership"
        ),
        pytest.param(
            '{ organization_roles = ["acme:owner"] }',
            {"memberships": (Member("acme"),)},
            True,
            id="role-there",
        ),
        pytest.param(
            '{ organizations = ["acme"] }',
            {"memberships": (Member("acme"),)},
            False,
            id="still-a-member",
        ),
    ],
)
async def test_29_what_logto_took_away_ends_an_open_websocket(
    allow: str, then: dict[str, object], *, ends: bool
) -> None:
    async with (
        lasting_upstream() as live,
        whole_world(
            ROUTE.replace("{live}", live).replace("{allow}", allow),
            logto_keys=f'resources = ["{API}"]',
        ) as world,
        aiohttp.ClientSession() as http,
    ):
        world.logto.resources.add(API)
        world.logto.organizations["acme"] = "Acme"
        world.logto.people["ada"] = MEMBER
        await world.sign_in()
        socket = await opened(world, http)
        await socket.send_str("there?")
        assert await socket.receive_str() == "there?"
        changed: Person = replace(MEMBER, **then)  # type: ignore[arg-type]
        world.logto.people["ada"] = changed
        world.clock.at += OVERDUE
        if ends:
            async with asyncio.timeout(SOON):
                message = await socket.receive()
            assert (message.type, message.data) == (aiohttp.WSMsgType.CLOSE, 1008)
        else:
            with pytest.raises(TimeoutError):
                await socket.receive(timeout=SOON / 2)
        assert world.logto.requests.count("token", grant_type="refresh_token") > 0
        await socket.close()
