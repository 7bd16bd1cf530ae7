"""The emulated Logto: roles, API resources and organizations, as Logto has them."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import jwt
import pytest

from gateway.demo.people import ADA, Member
from tests.support.asking_application import (
    CALLBACK,
    SCOPE,
    World,
    asking_application,
    claims_of,
)

API, OTHER_API = "https://api.example.com", "https://other.example.com"
ORGANIZATIONS = "urn:logto:scope:organizations"
ROLES_THERE = "urn:logto:scope:organization_roles"
THEIR_RESOURCE = "urn:logto:resource:organizations"


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with asking_application() as world:
        world.logto.resources.update({API, OTHER_API})
        world.logto.organizations.update({"acme": "Acme, Inc.", "umbrella": "Umbrella"})
        world.logto.people["ada"] = replace(
            ADA,
            roles=("editor",),
            permissions={API: ("read", "write", "delete")},
            memberships=(
                Member("acme", ("admin", "two words"), ("invite", "bill")),
                Member("umbrella", ("member",)),
            ),
        )
        yield world


async def refreshed(world: World, token: str, **form: str) -> tuple[int, Any]:
    asked = {"grant_type": "refresh_token", "refresh_token": token}
    return await world.post("/oidc/token", **asked, **form)


async def refresh_token(world: World, scope: str, resource: str = "") -> str:
    answer = await world.tokens(scope=f"{SCOPE} {scope}", resource=resource)
    return str(answer["refresh_token"])


async def test_a_token_for_a_resource_is_a_jwt_with_what_roles_permit(
    world: World,
) -> None:
    token = await refresh_token(world, "read write other", API)
    status, answer = await refreshed(world, token, resource=API)

    assert status == 200
    assert answer["scope"] == "read write"
    assert jwt.get_unverified_header(answer["access_token"])["typ"] == "at+jwt"
    claims = claims_of(answer["access_token"])
    assert len(claims.pop("jti")) == 43
    assert claims == {
        "aud": API,
        "scope": "read write",
        "sub": ADA.sub,
        "iat": 1795359847,
        "exp": 1795363447,
        "client_id": world.logto.app_id,
        "iss": f"{world.logto.endpoint}/oidc",
    }


async def test_a_role_that_was_taken_away_permits_nothing_at_the_next_refresh(
    world: World,
) -> None:
    token = await refresh_token(world, "read", API)
    world.logto.people["ada"] = ADA
    status, answer = await refreshed(world, token, resource=API)
    assert (status, answer["scope"]) == (200, "")


async def test_an_unknown_resource_is_refused_at_the_sign_in(world: World) -> None:
    address = world.address(resource="https://unknown.example.com")
    page = await world.browser.navigate(address, until=CALLBACK)
    assert page.location is not None
    assert dict(parse_qsl(urlsplit(page.location).query))["error"] == "invalid_target"


async def test_a_resource_that_the_sign_in_did_not_ask_for_is_refused(
    world: World,
) -> None:
    token = await refresh_token(world, "read", API)
    status, answer = await refreshed(world, token, resource=OTHER_API)
    assert (status, answer["error"]) == (400, "invalid_target")


async def test_the_organization_token_is_for_one_organization(world: World) -> None:
    token = await refresh_token(world, f"{ORGANIZATIONS} invite", THEIR_RESOURCE)
    status, answer = await refreshed(world, token, organization_id="acme")
    assert status == 200
    claims = claims_of(answer["access_token"])
    assert claims["aud"] == "urn:logto:organization:acme"
    assert claims["scope"] == answer["scope"] == "invite"


async def test_a_resource_token_within_an_organization_names_it(world: World) -> None:
    token = await refresh_token(world, f"{ORGANIZATIONS} read", API)
    form = {"resource": API, "organization_id": "acme"}
    _, answer = await refreshed(world, token, **form)
    claims = claims_of(answer["access_token"])
    assert (claims["aud"], claims["organization_id"]) == (API, "acme")


async def test_who_is_no_member_gets_no_organization_token(world: World) -> None:
    token = await refresh_token(world, ORGANIZATIONS, THEIR_RESOURCE)
    world.logto.people["ada"] = replace(ADA, memberships=(Member("umbrella"),))
    status, answer = await refreshed(world, token, organization_id="acme")
    assert (status, answer["error"]) == (403, "access_denied")
    status, _ = await refreshed(world, token, organization_id="umbrella")
    assert status == 200


async def test_without_the_scope_there_is_no_organization_token(world: World) -> None:
    token = await refresh_token(world, "invite", THEIR_RESOURCE)
    status, answer = await refreshed(world, token, organization_id="acme")
    assert (status, answer["error"]) == (403, "insufficient_scope")


async def test_userinfo_names_organizations_and_roles_where_asked(
    world: World,
) -> None:
    answer = await world.tokens(scope=f"{SCOPE} roles {ORGANIZATIONS} {ROLES_THERE}")
    _, claims = await world.userinfo(answer["access_token"])
    assert claims["roles"] == ["editor"]
    assert claims["organizations"] == ["acme", "umbrella"]
    assert claims["organization_data"] == [
        {"id": "acme", "name": "Acme, Inc.", "description": None},
        {"id": "umbrella", "name": "Umbrella", "description": None},
    ]
    assert claims["organization_roles"] == [
        "acme:admin",
        "acme:two words",
        "umbrella:member",
    ]
    assert "organizations" not in claims_of(answer["id_token"])


async def test_without_a_resource_the_access_token_stays_opaque(world: World) -> None:
    token = await refresh_token(world, "read", API)
    _, answer = await refreshed(world, token)
    assert len(answer["access_token"]) == 43
    status, _ = await world.userinfo(answer["access_token"])
    assert status == 200
