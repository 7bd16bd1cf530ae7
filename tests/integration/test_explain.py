"""What `gateway explain` says is what the gateway then does."""

import json
from html import unescape

import pytest

from gateway.demo.claims import id_token_claims, userinfo_claims
from gateway.explaining.command import explained
from tests.support.whole_world import World, whole_world

ROUTES = """
[[routes]]
upstream = "UPSTREAM"
allow = "anyone"
[[routes]]
path = "/admin"
upstream = "UPSTREAM"
allow = [{ x_ids = ["1"] }, { email_domains = ["nowhere.example"] }]
[[routes]]
path = "/optional"
upstream = "UPSTREAM"
access = "optional"
allow = { x_ids = ["1"] }
[[routes]]
path = "/read"
methods = ["GET"]
strip_prefix = true
upstream = "UPSTREAM"
access = "public"
"""
OWN = frozenset({"X-Forwarded-For", "Forwarded"})


def claims_of_ada(world: World) -> bytes:
    ada = world.logto.people["ada"]
    scopes = world.gateway.settings.logto.scopes
    id_token = id_token_claims(ada, scopes, (), world.clock())
    userinfo = userinfo_claims(ada, scopes, world.clock())
    return json.dumps({"id_token": id_token, "userinfo": userinfo}).encode()


@pytest.mark.parametrize(
    ("target", "status"),
    [
        pytest.param("/", 200, id="let in"),
        pytest.param("/admin", 403, id="forbidden"),
        pytest.param("/optional/x", 200, id="not told who it is"),
        pytest.param("/read/x?y=%2F", 200, id="public"),
        pytest.param("/%61dmin", 400, id="ambiguous"),
        pytest.param("/a/%2e%2e", 400, id="malformed"),
    ],
)
async def test_it_is_what_happens(target: str, status: int) -> None:
    async with whole_world(ROUTES, server="explain_denials = true") as world:
        await world.sign_in()
        told = json.loads(
            explained(
                world.gateway.settings,
                "GET",
                world.url(target),
                claims_of_ada(world),
                as_json=True,
            )
        )
        page = await world.open(target)
        assert page.status == status == (told["outcome"]["status"] or 200)
        if status != 200:
            assert told["outcome"]["reason"] in unescape(page.text)
            return
        request = world.upstream.last
        assert request.target == told["target"]
        for name, value in told["headers"]:
            assert request.value(name) == value
        sent = {name for name, _ in told["headers"]} | OWN
        assert {n for n, _ in request.fields if n.startswith("X-Forwarded-")} <= sent


@pytest.mark.parametrize(
    ("server", "shown"),
    [
        pytest.param("", False, id="not unless the operator says so"),
        pytest.param("explain_denials = true", True, id="where the operator says so"),
    ],
)
async def test_the_403_page_says_why(server: str, shown: bool) -> None:  # noqa: FBT001
    async with whole_world(ROUTES, server=server) as world:
        await world.sign_in()
        page = await world.open("/admin")
        assert page.status == 403
        assert ("x_ids does not list the person" in page.text) is shown
