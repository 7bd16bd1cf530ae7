"""Roles and permissions of Logto decide, from the sign-in on and while it lasts."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from gateway.demo.faults import Fault
from gateway.demo.people import ADA, Person
from gateway.demo.signing_keys import Claims, Header
from tests.support.renewals import rotate
from tests.support.virtual_browser import Page
from tests.support.whole_world import World, whole_world

API, OTHER_API = "https://api.example.com", "https://other.example.com"
DUE, OVERDUE = 571, 600  # seconds after the sign-in
ROUTES = """
[[routes]]
upstream = "UPSTREAM"
allow = "anyone"
[[routes]]
path = "/admin"
upstream = "UPSTREAM"
allow = { roles = ["admin"] }
[[routes]]
path = "/read"
upstream = "UPSTREAM"
allow = { scopes = ["read:notes"] }
[[routes]]
path = "/write"
upstream = "UPSTREAM"
allow = { scopes = ["write:notes"] }
"""
EDITOR = replace(
    ADA, roles=("admin", "editor"), permissions={API: ("read:notes", "write:notes")}
)


@asynccontextmanager
async def world_of(
    person: Person = EDITOR, routes: str = ROUTES, tables: str = ""
) -> AsyncIterator[World]:
    resources = f'resources = ["{API}", "{OTHER_API}"]'
    async with whole_world(routes, logto_keys=resources, tables=tables) as world:
        world.logto.resources.update({API, OTHER_API})
        world.logto.people["ada"] = person
        yield world


def asked(world: World, **parameters: str) -> int:
    return world.logto.requests.count("token", **parameters)


async def test_roles_and_scopes_open_their_routes() -> None:
    async with world_of() as world:
        await world.sign_in()
        assert await world.statuses("/admin", "/read", "/write") == [200] * 3
        assert asked(world, resource=API) == asked(world, resource=OTHER_API) == 1


async def test_only_what_is_permitted_opens_a_route() -> None:
    reader = replace(ADA, roles=("Admin",), permissions={API: ("read:notes",)})
    async with world_of(reader) as world:
        await world.sign_in()
        assert await world.statuses("/admin", "/read", "/write") == [403, 200, 403]


async def test_a_scope_of_any_listed_resource_counts() -> None:
    who = replace(ADA, permissions={OTHER_API: ("read:notes",), "else": ("write",)})
    async with world_of(who) as world:
        await world.sign_in()
        assert await world.statuses("/read", "/write") == [200, 403]


async def test_what_rules_name_is_asked_for_at_the_sign_in() -> None:
    async with world_of() as world:
        await world.sign_in()
        begun = world.logto.requests.of("auth")[0].parameters
        assert set(begun.getall("resource")) == {API, OTHER_API}
        assert {"roles", "read:notes", "write:notes"} <= set(begun["scope"].split())


async def test_without_a_rule_about_scopes_no_resource_is_asked() -> None:
    async with world_of(
        routes=ROUTES.partition('[[routes]]\npath = "/read"')[0]
    ) as world:
        await world.sign_in()
        assert "resource" not in world.logto.requests.of("auth")[0].parameters
        assert asked(world) == 1


async def test_29_a_removed_role_is_out_after_the_revalidation_interval() -> None:
    async with world_of() as world:
        await world.sign_in()
        world.logto.people["ada"] = replace(EDITOR, roles=("editor",))
        assert await world.statuses("/admin") == [200]
        world.clock.at += OVERDUE
        assert await world.statuses("/admin", "/read", "/") == [403, 200, 200]


async def test_29_a_removed_permission_is_out_after_the_interval() -> None:
    async with world_of() as world:
        await world.sign_in()
        world.logto.people["ada"] = replace(EDITOR, permissions={API: ("read:notes",)})
        world.clock.at += OVERDUE
        assert await world.statuses("/write", "/read") == [403, 200]


async def test_a_role_that_was_given_counts_after_the_interval() -> None:
    async with world_of(ADA) as world:
        await world.sign_in()
        assert await world.statuses("/admin", "/read") == [403, 403]
        world.logto.people["ada"] = EDITOR
        world.clock.at += OVERDUE
        assert await world.statuses("/admin", "/read") == [200, 200]


async def test_every_token_in_turn_goes_on_with_the_newest_refresh_token() -> None:
    async with world_of() as world:
        rotate(world.logto)
        await world.sign_in()
        for _ in range(4):
            world.clock.at += OVERDUE
            assert await world.statuses("/admin", "/read") == [200, 200]


async def test_a_refresh_token_that_a_resource_brought_is_kept() -> None:
    async with world_of() as world:
        world.logto.lifetimes.refresh_token = 870  # replaced after 609 seconds
        await world.sign_in()

        def pass_time(_answer: Claims) -> None:
            world.clock.at += 5

        world.logto.behaviour.token_hook = pass_time
        world.clock.at += OVERDUE
        assert await world.statuses("/admin") == [200]
        world.logto.behaviour.token_hook = None
        world.clock.at += OVERDUE  # the former one would end the grant
        assert await world.statuses("/admin", "/read") == [200, 200]


async def test_while_logto_is_away_for_a_resource_the_session_serves_on() -> None:
    async with world_of() as world:
        await world.sign_in()
        world.logto.people["ada"] = ADA

        def break_down(_answer: Claims) -> None:
            world.logto.faults["token"] = Fault(status=503)

        world.logto.behaviour.token_hook = break_down
        world.clock.at += OVERDUE
        assert await world.statuses("/admin", "/read") == [200, 200]
        world.logto.behaviour.token_hook = None
        world.logto.faults.clear()
        world.clock.at += 120
        assert await world.statuses("/admin", "/read", "/") == [403, 403, 200]


async def test_while_logto_is_away_for_a_resource_nobody_signs_in() -> None:
    async with world_of() as world:

        def break_down(_answer: Claims) -> None:
            world.logto.faults["token"] = Fault(status=503)

        world.logto.behaviour.token_hook = break_down
        page = await world.browser.sign_in(world.url("/"), "ada")
        assert page.status == 503
        assert world.session_cookie() is None


async def test_a_resource_that_logto_does_not_know_gives_no_scopes() -> None:
    async with world_of() as world:
        await world.sign_in()

        def unknown(_answer: Claims) -> None:
            world.logto.faults["token"] = Fault(
                status=400,
                body='{"error": "invalid_target"}',
                content_type="application/json",
            )

        world.logto.behaviour.token_hook = unknown
        world.clock.at += OVERDUE
        with capture_logs() as lines:
            assert await world.statuses("/read", "/admin") == [403, 200]
        told = [line for line in lines if line["event"] == "resource_refused"]
        assert [line["resource"] for line in told] == [API, OTHER_API]


def changed(name: str, value: object) -> object:
    def hook(claims: Claims, header: Header) -> None:
        (header if name in {"typ", "alg"} else claims)[name] = value

    return hook


@pytest.mark.parametrize(
    ("name", "value"),
    [
        pytest.param("iss", "https://evil.example.com/oidc", id="another-issuer"),
        pytest.param("aud", "https://else.example.com", id="another-audience"),
        pytest.param("aud", ["https://else.example.com"], id="audiences"),
        pytest.param("exp", 1, id="expired"),
        pytest.param("exp", None, id="never-expires"),
        pytest.param("typ", "JWT", id="an-id-token"),
        pytest.param("scope", ["read:notes"], id="scope-as-a-list"),
        pytest.param("scope", {"read:notes": True}, id="scope-as-an-object"),
        pytest.param("scope", "read:notes\nwrite:notes", id="scope-with-a-line-feed"),
        pytest.param("sub", None, id="nobody"),
    ],
)
async def test_attack_13_a_token_that_cannot_be_believed_gives_no_scopes(
    name: str, value: object
) -> None:
    async with world_of() as world:
        world.logto.behaviour.access_token_hook = changed(name, value)  # type: ignore[assignment]
        page = await world.browser.sign_in(world.url("/read"), "ada")
        assert page.status == 503
        assert world.session_cookie() is None
        assert not world.upstream.requests


async def test_31_an_access_token_of_somebody_else_ends_the_session() -> None:
    async with world_of() as world:
        await world.sign_in()
        world.logto.behaviour.access_token_hook = changed("sub", "q2m4w0z9k1rd")  # type: ignore[assignment]
        world.clock.at += OVERDUE
        assert await world.statuses("/read", "/") == [401, 401]


async def test_31_an_access_token_of_somebody_else_signs_nobody_in() -> None:
    async with world_of() as world:
        world.logto.behaviour.access_token_hook = changed("sub", "q2m4w0z9k1rd")  # type: ignore[assignment]
        page = await world.browser.sign_in(world.url("/read"), "ada")
        assert page.status == 400
        assert world.session_cookie() is None


async def test_scopes_are_told_where_a_header_asks_for_them() -> None:
    headers = '[identity]\npreset = "none"\nheaders = { "X-Scopes" = "scopes" }\n'
    async with world_of(tables=headers) as world:
        await world.sign_in()
        assert world.upstream.last.value("X-Scopes") == "read:notes,write:notes"


REASON = "No condition of allow is met: roles lists none of the person&#39;s."


@pytest.mark.parametrize("explained", [True, False])
async def test_the_reason_names_rules_and_nobody(*, explained: bool) -> None:
    server = f"explain_denials = {str(explained).lower()}"
    async with whole_world(ROUTES.replace("admin", "boss"), server=server) as world:
        world.logto.people["ada"] = EDITOR
        await world.sign_in()
        page = await world.open("/boss")
        assert page.status == 403
        assert (REASON in page.text) is explained
        told = page.text.replace(world.url("/boss"), "").replace('value="/boss"', "")
        assert "boss" not in told
        assert "editor" not in told


async def test_no_token_of_a_resource_reaches_the_browser() -> None:
    issued: list[str] = []
    async with world_of() as world:

        def remember(answer: Claims) -> None:
            issued.append(str(answer["access_token"]))

        world.logto.behaviour.token_hook = remember
        await world.sign_in()
        account: Page = await world.open("/.gateway/")
        userinfo = await world.browser.fetch(world.url("/.gateway/userinfo"))
        assert len(issued) == 3
        assert not [token for token in issued if token in account.text + userinfo.text]
        assert len(world.session_cookie() or "") < 1024
