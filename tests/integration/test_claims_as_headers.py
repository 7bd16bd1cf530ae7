"""Every claim that a header can carry, from Logto to the application."""

from dataclasses import replace

from config.identity import CLAIMS
from gateway.demo.people import ADA, Member
from tests.support.whole_world import whole_world

API = "https://api.example.com"
EVERYTHING = replace(
    ADA,
    username="ada",
    email="ada@example.com",
    email_verified=True,
    picture="https://example.com/ada.png",
    roles=("editor", "two, words"),
    permissions={API: ("read", "write")},
    memberships=(Member("acme", ("admin",)), Member("umbrella", ("member",))),
    claims={"custom_data": {"team": "blue", "seats": 3, "tags": ["a", "b"]}},
)
TOLD = {
    "sub": ADA.sub,
    "username": "ada",
    "x_username": "ada_example",
    "x_id": "2244994945",
    "name": "Ada Example",
    "email": "ada@example.com",
    "picture": "https://example.com/ada.png",
    "roles": "editor,two%2C words",
    "scopes": "read,write",
    "organization": "acme",
    "organizations": "acme,umbrella",
    "organization_roles": "acme:admin,umbrella:member",
    "custom_data.team": "blue",
    "custom_data.seats": "3",
    "custom_data.tags": "a,b",
    "identities.x.userId": "2244994945",
}
SCOPES = ["profile", "email", "identities", "roles", "custom_data", "read", "write"]


def name_of(claim: str) -> str:
    return "X-My-" + claim.replace("_", "-").replace(".", "-")


def test_the_table_names_every_claim() -> None:
    assert set(CLAIMS) <= set(TOLD)


async def test_every_claim_reaches_the_application_under_a_name_of_choice() -> None:
    pairs = ", ".join(f'"{name_of(claim)}" = "{claim}"' for claim in TOLD)
    scopes = ", ".join(f'"{scope}"' for scope in SCOPES)
    async with whole_world(
        logto_keys=f'scopes = [{scopes}]\nresources = ["{API}"]\norganization = "acme"',
        tables=f'[identity]\npreset = "none"\nheaders = {{ {pairs} }}',
    ) as world:
        world.logto.resources.add(API)
        world.logto.organizations.update(acme="Acme, Inc.", umbrella="Umbrella")
        world.logto.people["ada"] = EVERYTHING
        await world.sign_in()
        last = world.upstream.last
        assert {claim: last.value(name_of(claim)) for claim in TOLD} == TOLD
        assert last.value("X-Forwarded-User") is None
