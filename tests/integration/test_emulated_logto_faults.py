"""The emulated Logto: metadata, keys, and what can be made to go wrong."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import aiohttp
import jwt
import pytest

from gateway.demo.faults import Fault
from gateway.demo.signing_keys import Claims, Header, SigningKey, unsigned
from tests.support.asking_application import (
    World,
    asking_application,
    claims_of,
)

RECORDED = Path(__file__).parent.parent / "unit/demo/recorded_discovery.json"


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with asking_application() as world:
        yield world


async def test_discovery_is_as_recorded(world: World) -> None:
    recorded = json.loads(RECORDED.read_text())

    page = await world.browser.fetch(
        f"{world.logto.endpoint}/oidc/.well-known/openid-configuration"
    )

    text = json.dumps(recorded).replace("http://localhost:3001", world.logto.endpoint)
    assert page.json() == json.loads(text)


async def test_the_issuer_does_not_follow_the_name_it_was_reached_by(
    world: World,
) -> None:
    other = world.logto.endpoint.replace("localhost", "127.0.0.1")

    page = await world.browser.fetch(f"{other}/oidc/.well-known/openid-configuration")

    assert page.json()["issuer"] == f"{world.logto.endpoint}/oidc"


async def test_a_new_key_signs_at_once_and_the_old_one_stays(world: World) -> None:
    jwks = f"{world.logto.endpoint}/oidc/jwks"
    before = await world.browser.fetch(jwks)
    old = world.logto.keys.current.kid

    new = world.logto.keys.rotate().kid

    after = await world.browser.fetch(jwks)
    header = jwt.get_unverified_header((await world.tokens())["id_token"])
    assert [key["kid"] for key in after.json()["keys"]] == [new, old]
    assert header["kid"] == new
    assert before.header("etag") != after.header("etag")
    assert after.header("cache-control") == "no-cache"


async def test_keys_that_did_not_change_are_304(world: World) -> None:
    jwks = f"{world.logto.endpoint}/oidc/jwks"
    etag = (await world.browser.fetch(jwks)).header("etag")

    again = await world.browser.fetch(jwks, headers={"If-None-Match": str(etag)})

    assert again.status == 304


@pytest.mark.parametrize("algorithm", ["ES384", "RS256"])
async def test_id_tokens_verify_with_the_listed_key(
    world: World, algorithm: str
) -> None:
    world.logto.keys.rotate(algorithm, forget=True)
    id_token = (await world.tokens())["id_token"]
    page = await world.browser.fetch(f"{world.logto.endpoint}/oidc/jwks")
    (listed,) = page.json()["keys"]

    claims = jwt.decode(
        id_token,
        jwt.PyJWK(listed),
        algorithms=[algorithm],
        audience=world.logto.app_id,
        options={"verify_exp": False, "verify_iat": False},
    )

    assert claims["sub"] == "87xtcn7tlv7b"


async def test_claims_can_be_changed_before_they_are_signed(world: World) -> None:
    def hook(claims: Claims, header: Header) -> None:
        claims["aud"] = "another"
        header["kid"] = "unknown"

    world.logto.behaviour.id_token_hook = hook

    id_token = (await world.tokens())["id_token"]

    assert claims_of(id_token)["aud"] == "another"
    assert jwt.get_unverified_header(id_token)["kid"] == "unknown"


async def test_a_token_can_be_unsigned_or_signed_with_a_wrong_key(world: World) -> None:
    world.logto.behaviour.id_token_hook = unsigned
    nobody = (await world.tokens())["id_token"]
    wrong = SigningKey.generate()
    world.logto.behaviour.id_token_hook = wrong.sign
    somebody = (await world.tokens())["id_token"]

    assert jwt.get_unverified_header(nobody)["alg"] == "none"
    assert nobody.endswith(".")
    header = jwt.get_unverified_header(somebody)
    assert header["kid"] == world.logto.keys.current.kid
    key = wrong.private.public_key()
    assert jwt.api_jws.decode(somebody, key, algorithms=["ES384"])


async def test_the_other_answers_can_be_changed_too(world: World) -> None:
    behaviour = world.logto.behaviour
    behaviour.userinfo_hook = lambda claims: claims.update(sub="other")
    behaviour.token_hook = lambda answer: answer.update(expires_in="soon")
    behaviour.callback_hook = lambda back: back.update(iss="http://evil.example")
    behaviour.discovery_hook = lambda document: document.update(issuer="x")

    back = await world.come_back()
    _, answer = await world.redeem(back["code"])
    page = await world.browser.fetch(
        f"{world.logto.endpoint}/oidc/.well-known/openid-configuration"
    )

    assert back["iss"] == "http://evil.example"
    assert answer["expires_in"] == "soon"
    assert (await world.userinfo(answer["access_token"]))[1]["sub"] == "other"
    assert page.json()["issuer"] == "x"


async def test_people_can_say_anything(world: World) -> None:
    world.logto.people["eve"] = replace(
        world.logto.people["ada"],
        key="eve",
        sub="s-eve",
        name="Eve\r\nX-Forwarded-User: ada",
        claims={"email": 7, "extra": ["x"]},
    )

    claims = claims_of((await world.tokens("eve"))["id_token"])

    assert claims["name"] == "Eve\r\nX-Forwarded-User: ada"
    assert claims["email"] == 7
    assert claims["extra"] == ["x"]


async def test_a_fault_answers_in_place_of_an_endpoint(world: World) -> None:
    world.logto.faults["token"] = Fault(status=500)

    async with world.http.post(f"{world.logto.endpoint}/oidc/token") as answer:
        assert answer.status == 500
        assert answer.content_type == "text/plain"
        assert await answer.text() == "Internal Server Error"


async def test_a_fault_of_every_endpoint_and_of_so_many_requests(world: World) -> None:
    world.logto.faults["*"] = Fault(status=503, body=b"{", times=2)
    jwks = f"{world.logto.endpoint}/oidc/jwks"

    statuses = [(await world.browser.fetch(jwks)).status for _ in range(3)]

    assert statuses == [503, 503, 200]


@pytest.mark.parametrize("endpoint", ["token", "*"])
async def test_a_dropped_connection_did_nothing(world: World, endpoint: str) -> None:
    code = (await world.come_back())["code"]
    world.logto.faults[endpoint] = Fault(drop=True, times=1)

    with pytest.raises(aiohttp.ClientConnectionError):
        await world.redeem(code)

    assert (await world.redeem(code))[0] == 200


async def test_a_lost_answer_has_had_its_effect(world: World) -> None:
    code = (await world.come_back())["code"]
    world.logto.faults["token"] = Fault(drop=True, done=True, times=1)

    with pytest.raises(aiohttp.ClientConnectionError):
        await world.redeem(code)

    assert (await world.redeem(code))[1]["error"] == "invalid_grant"


async def test_an_answer_waits_until_it_is_let_go(world: World) -> None:
    gate = asyncio.Event()
    world.logto.faults["jwks"] = Fault(until=gate)
    async with asyncio.TaskGroup() as tasks:
        waiting = tasks.create_task(
            world.browser.fetch(f"{world.logto.endpoint}/oidc/jwks")
        )
        await world.browser.fetch(f"{world.logto.endpoint}/oidc/me")
        assert not waiting.done()
        gate.set()

    assert waiting.result().status == 200


async def test_a_hanging_endpoint_does_not_hold_up_the_end(world: World) -> None:
    world.logto.faults["me"] = Fault(hang=True)
    timeout = aiohttp.ClientTimeout(total=0.05)

    with pytest.raises(TimeoutError):
        await world.http.get(f"{world.logto.endpoint}/oidc/me", timeout=timeout)


async def test_an_outage_refuses_connections_and_forgets_nothing(world: World) -> None:
    answer = await world.tokens()
    endpoint = world.logto.endpoint
    await world.logto.stop()

    async with aiohttp.ClientSession() as http:
        with pytest.raises(aiohttp.ClientConnectorError):
            await http.get(f"{endpoint}/oidc/jwks")

    await world.logto.restart()
    assert world.logto.endpoint == endpoint
    assert (await world.refresh(answer["refresh_token"]))[0] == 200


async def test_requests_are_recorded(world: World) -> None:
    answer = await world.tokens(login_hint="ada@example.com")
    await world.refresh(answer["refresh_token"])

    requests = world.logto.requests
    assert requests.count("token") == 2
    assert requests.count("token", grant_type="refresh_token") == 1
    (asked,) = requests.of("auth")
    assert asked.parameters["login_hint"] == "ada@example.com"
    assert asked.at == world.clock()
    requests.clear()
    assert requests.count("token") == 0
