"""An open WebSocket ends once the role or membership that it began with is gone."""

from dataclasses import replace

import pytest

from gateway.demo.people import ADA, Member, Person
from tests.support.lasting_world import is_closed, lasting_world, socket_of, works
from tests.support.renewals import refreshes

OVERDUE = 600  # seconds after the sign-in
SOON = 3.0  # seconds, in which what is open is looked at and Logto answers
API = "https://api.example.com"
MEMBER = replace(
    ADA,
    roles=("admin", "editor"),
    permissions={API: ("read",)},
    memberships=(Member("acme", ("owner",), ("bill",)),),
)


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
    async with lasting_world(allow=allow, logto_keys=f'resources = ["{API}"]') as world:
        world.logto.resources.add(API)
        world.logto.organizations["acme"] = "Acme"
        world.logto.people["ada"] = MEMBER
        await world.sign_in()
        async with socket_of(world) as socket:
            await works(socket)
            changed: Person = replace(MEMBER, **then)  # type: ignore[arg-type]
            world.logto.people["ada"] = changed
            world.clock.at += OVERDUE
            if ends:
                await is_closed(socket, SOON)
            else:
                with pytest.raises(TimeoutError):
                    await socket.receive(timeout=SOON / 2)
            assert refreshes(world.logto) > 0
