"""The emulated Logto: codes, tokens, refreshing and revoking, as observed."""

from collections.abc import AsyncIterator
from dataclasses import replace
from urllib.parse import urlencode

import aiohttp
import jwt
import pytest

from gateway.demo.clients import Client
from tests.support.asking_application import (
    APP,
    CALLBACK,
    SCOPE,
    SIGNED_OUT,
    VERIFIER,
    World,
    asking_application,
    claims_of,
)


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with asking_application() as world:
        yield world


async def test_the_token_answer_is_shaped_as_recorded(world: World) -> None:
    answer = await world.tokens()

    assert list(answer) == [
        "access_token",
        "expires_in",
        "id_token",
        "refresh_token",
        "scope",
        "token_type",
    ]
    assert answer["expires_in"] == 3600
    assert answer["scope"] == SCOPE
    assert answer["token_type"] == "Bearer"
    assert len(answer["access_token"]) == len(answer["refresh_token"]) == 43


async def test_the_id_token_is_shaped_as_recorded(world: World) -> None:
    answer = await world.tokens()

    header = jwt.get_unverified_header(answer["id_token"])
    claims = claims_of(answer["id_token"])
    assert header["alg"] == "ES384"
    assert header["typ"] == "JWT"
    assert len(header["kid"]) == 43
    assert len(str(claims.pop("at_hash"))) == 32
    assert claims == {
        "sub": "87xtcn7tlv7b",
        "name": "Ada Example",
        "picture": None,
        "updated_at": 1795359847000,
        "username": None,
        "created_at": 1795359716405,
        "email": None,
        "email_verified": False,
        "aud": world.logto.app_id,
        "exp": 1795363447,
        "iat": 1795359847,
        "iss": f"{world.logto.endpoint}/oidc",
    }


async def test_logto_1_42_leaves_at_hash_and_typ_out(world: World) -> None:
    world.logto.behaviour.version = "1.42"

    id_token = (await world.tokens())["id_token"]

    assert "typ" not in jwt.get_unverified_header(id_token)
    assert "at_hash" not in claims_of(id_token)


async def test_the_nonce_comes_back_also_after_a_refresh(world: World) -> None:
    answer = await world.tokens(nonce="n-1")
    _, later = await world.refresh(answer["refresh_token"])

    assert claims_of(answer["id_token"])["nonce"] == "n-1"
    assert claims_of(later["id_token"])["nonce"] == "n-1"


async def test_identities_are_in_the_id_token_where_enabled(world: World) -> None:
    world.logto.behaviour.id_token_extended_claims.add("identities")

    claims = claims_of((await world.tokens())["id_token"])

    assert claims["identities"] == {
        "x": {
            "userId": "2244994945",
            "details": {
                "id": "2244994945",
                "name": "Ada Example",
                "rawData": {
                    "data": {
                        "id": "2244994945",
                        "name": "Ada Example",
                        "username": "ada_example",
                    }
                },
            },
        }
    }


async def test_userinfo_is_shaped_as_recorded(world: World) -> None:
    answer = await world.tokens()
    world.clock.at += 1

    status, claims = await world.userinfo(answer["access_token"])

    assert status == 200
    assert isinstance(claims["identities"], dict)
    assert claims.pop("identities")["x"]["userId"] == "2244994945"
    assert claims == {
        "sub": "87xtcn7tlv7b",
        "name": "Ada Example",
        "picture": None,
        "updated_at": 1795359848000,
        "username": None,
        "created_at": 1795359716405,
        "email": None,
        "email_verified": False,
        "custom_data": {},
        "sso_identities": [],
    }


async def test_userinfo_says_no_more_than_was_granted(world: World) -> None:
    answer = await world.tokens(scope="openid")

    assert await world.userinfo(answer["access_token"]) == (
        200,
        {"sub": "87xtcn7tlv7b"},
    )


async def test_roles_need_their_scope(world: World) -> None:
    world.logto.people["ada"] = replace(world.logto.people["ada"], roles=("admin",))

    answer = await world.tokens(scope="openid roles")
    _, info = await world.userinfo(answer["access_token"])

    assert claims_of(answer["id_token"])["roles"] == ["admin"]
    assert info["roles"] == ["admin"]


async def test_userinfo_refuses_a_dead_access_token(world: World) -> None:
    answer = await world.tokens()
    world.clock.at += 3600

    async with world.http.get(
        f"{world.logto.endpoint}/oidc/me",
        headers={"Authorization": f"Bearer {answer['access_token']}"},
    ) as refused:
        assert refused.status == 401
        assert (await refused.json())["error"] == "invalid_token"
        assert 'error="invalid_token"' in refused.headers["WWW-Authenticate"]


async def test_a_code_used_twice_ends_the_grant(world: World) -> None:
    code = (await world.come_back())["code"]
    _, answer = await world.redeem(code)

    status, error = await world.redeem(code)

    assert (status, error["error"]) == (400, "invalid_grant")
    assert (await world.userinfo(answer["access_token"]))[0] == 401
    assert (await world.refresh(answer["refresh_token"]))[0] == 400


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"code": "unknown"}, id="unknown code"),
        pytest.param({"code_verifier": "another"}, id="PKCE verifier"),
        pytest.param({"redirect_uri": CALLBACK + "x"}, id="redirect_uri"),
    ],
)
async def test_whatever_is_wrong_with_a_code_is_invalid_grant(
    world: World, changes: dict[str, str]
) -> None:
    code = (await world.come_back())["code"]

    status, error = await world.redeem(**({"code": code} | changes))

    assert status == 400
    assert error == {
        "code": "oidc.invalid_grant",
        "message": "Grant request is invalid.",
        "error": "invalid_grant",
        "error_description": "grant request is invalid",
    }


async def test_a_code_expires(world: World) -> None:
    code = (await world.come_back())["code"]
    world.clock.at += world.logto.lifetimes.code

    assert (await world.redeem(code))[0] == 400


async def test_a_code_of_another_application_is_invalid(world: World) -> None:
    other = Client(app_id="other", app_secret="s")
    world.logto.tenant.clients["other"] = other
    code = (await world.come_back())["code"]

    status, error = await world.redeem(code, client_id="other", client_secret="s")

    assert (status, error["error"]) == (400, "invalid_grant")
    assert (await world.redeem(code))[0] == 200


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"client_secret": "wrong"}, id="wrong secret"),
        pytest.param({"client_secret": ""}, id="no secret"),
        pytest.param({"client_id": "other"}, id="unknown client"),
    ],
)
async def test_a_wrong_secret_is_invalid_client(
    world: World, changes: dict[str, str]
) -> None:
    status, error = await world.redeem("any", **changes)

    assert (status, error["error"]) == (401, "invalid_client")


async def test_the_secret_may_come_by_basic(world: World) -> None:
    code = (await world.come_back())["code"]
    basic = aiohttp.encode_basic_auth(world.logto.app_id, world.logto.app_secret)
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": CALLBACK,
        "code_verifier": VERIFIER,
    }

    async with world.http.post(
        f"{world.logto.endpoint}/oidc/token",
        data=form,
        headers={"Authorization": basic},
    ) as answer:
        assert answer.status == 200


async def test_an_unknown_grant_type_is_refused(world: World) -> None:
    status, error = await world.post("/oidc/token", grant_type="password")

    assert (status, error["error"]) == (400, "unsupported_grant_type")


async def test_a_refresh_brings_a_fresh_id_token(world: World) -> None:
    answer = await world.tokens()
    world.clock.at += 600

    status, later = await world.refresh(answer["refresh_token"])

    assert status == 200
    assert claims_of(later["id_token"])["iat"] == int(world.clock())
    assert later["access_token"] != answer["access_token"]


REFRESH_LIFE = 14 * 86400.0


@pytest.mark.parametrize(
    ("lived", "rotates"),
    [
        pytest.param(0.0, False, id="at once"),
        pytest.param(0.7 * REFRESH_LIFE - 1, False, id="just before 70 %"),
        pytest.param(0.7 * REFRESH_LIFE, True, id="at 70 %"),
        pytest.param(REFRESH_LIFE - 1, True, id="at the end"),
    ],
)
async def test_the_refresh_token_rotates_after_70_percent(
    world: World, lived: float, *, rotates: bool
) -> None:
    answer = await world.tokens()
    world.clock.at += lived

    _, later = await world.refresh(answer["refresh_token"])

    assert (later["refresh_token"] != answer["refresh_token"]) is rotates


async def test_rotation_can_be_off(world: World) -> None:
    world.logto.client.rotate_refresh_token = False
    answer = await world.tokens()
    world.clock.at += REFRESH_LIFE - 1

    _, later = await world.refresh(answer["refresh_token"])

    assert later["refresh_token"] == answer["refresh_token"]


async def test_a_refresh_token_expires(world: World) -> None:
    answer = await world.tokens()
    world.clock.at += REFRESH_LIFE

    assert (await world.refresh(answer["refresh_token"]))[0] == 400


async def test_a_replaced_refresh_token_works_for_three_seconds(world: World) -> None:
    old = (await world.tokens())["refresh_token"]
    world.clock.at += 0.8 * REFRESH_LIFE
    _, later = await world.refresh(old)
    world.clock.at += 3

    assert (await world.refresh(old))[0] == 200
    assert (await world.refresh(later["refresh_token"]))[0] == 200


async def test_a_replaced_refresh_token_ends_the_grant_after_that(world: World) -> None:
    old = (await world.tokens())["refresh_token"]
    world.clock.at += 0.8 * REFRESH_LIFE
    _, later = await world.refresh(old)
    world.clock.at += 3.1

    assert (await world.refresh(old))[0] == 400
    assert (await world.refresh(later["refresh_token"]))[0] == 400
    assert (await world.userinfo(later["access_token"]))[0] == 401


async def test_a_suspended_person_gets_invalid_grant(world: World) -> None:
    answer = await world.tokens()
    world.logto.suspended.add("ada")

    status, error = await world.refresh(answer["refresh_token"])

    assert (status, error["error"]) == (400, "invalid_grant")


async def test_a_suspended_person_cannot_sign_in(world: World) -> None:
    world.logto.suspended.add("ada")

    page = await world.browser.sign_in(world.address(), until=CALLBACK)

    assert page.status == 401
    assert "suspended" in page.text


async def test_a_deleted_person_gets_invalid_grant_and_a_new_sub(world: World) -> None:
    answer = await world.tokens()
    world.logto.delete_person("ada")

    assert (await world.refresh(answer["refresh_token"]))[0] == 400
    again = claims_of((await world.tokens())["id_token"])
    assert again["sub"] not in {"87xtcn7tlv7b", None}


async def test_revoking_a_refresh_token_ends_every_session_of_the_browser(
    world: World,
) -> None:
    first, second = await world.tokens(), await world.tokens()

    status, _ = await world.post("/oidc/token/revocation", token=first["refresh_token"])

    assert status == 200
    assert (await world.refresh(first["refresh_token"]))[0] == 400
    assert (await world.refresh(second["refresh_token"]))[0] == 400
    assert (await world.refresh((await world.tokens())["refresh_token"]))[0] == 200


async def test_another_browser_has_a_grant_of_its_own(world: World) -> None:
    first = await world.tokens()
    world.browser.cookies.clear()
    second = await world.tokens()

    await world.post("/oidc/token/revocation", token=first["refresh_token"])

    assert (await world.refresh(second["refresh_token"]))[0] == 200


async def test_revoking_an_access_token_ends_that_alone(world: World) -> None:
    answer = await world.tokens()

    await world.post("/oidc/token/revocation", token=answer["access_token"])

    assert (await world.userinfo(answer["access_token"]))[0] == 401
    assert (await world.refresh(answer["refresh_token"]))[0] == 200


async def test_revoking_needs_the_secret_and_takes_unknown_tokens(world: World) -> None:
    wrong = await world.post("/oidc/token/revocation", token="x", client_secret="no")
    unknown = await world.post("/oidc/token/revocation", token="x")

    assert wrong[0] == 401
    assert unknown[0] == 200


def end_address(world: World, **parameters: str) -> str:
    return f"{world.logto.endpoint}/oidc/session/end?{urlencode(parameters)}"


async def test_signing_out_submits_itself_and_comes_back_with_state(
    world: World,
) -> None:
    await world.come_back()
    url = end_address(
        world,
        client_id=world.logto.app_id,
        post_logout_redirect_uri=SIGNED_OUT,
        state="bye",
    )

    page = await world.browser.navigate(url, until=APP)

    assert [step.status for step in (*page.history, page)] == [200, 303]
    assert page.location == f"{SIGNED_OUT}?state=bye"
    again = await world.browser.navigate(world.address(), until=CALLBACK)
    assert "Choose who you are" in again.text


async def test_a_kept_cookie_is_worth_nothing_after_signing_out(world: World) -> None:
    await world.come_back()
    (kept,) = (c for c in world.browser.cookies.all(0) if c.name == "_session")
    await world.browser.navigate(end_address(world))
    cookie = f"_session={kept.value}; Path=/"
    world.browser.cookies.store(world.logto.endpoint, [cookie], world.clock())

    page = await world.browser.navigate(world.address(), until=CALLBACK)

    assert "Choose who you are" in page.text


async def test_a_logto_session_ends_by_itself(world: World) -> None:
    world.logto.lifetimes.session = 3600
    await world.come_back()
    world.clock.at += 3600

    page = await world.browser.navigate(world.address(), until=CALLBACK)

    assert "Choose who you are" in page.text


async def test_an_id_token_hint_names_the_application(world: World) -> None:
    id_token = (await world.tokens())["id_token"]
    url = end_address(
        world, id_token_hint=id_token, post_logout_redirect_uri=SIGNED_OUT
    )

    assert (await world.browser.navigate(url, until=APP)).location == SIGNED_OUT


@pytest.mark.parametrize(
    "parameters",
    [
        pytest.param(
            {"client_id": "gateway-demo", "post_logout_redirect_uri": SIGNED_OUT + "/"},
            id="one slash more",
        ),
        pytest.param(
            {"client_id": "gateway-demo", "post_logout_redirect_uri": "http://evil/"},
            id="foreign",
        ),
        pytest.param({"post_logout_redirect_uri": SIGNED_OUT}, id="no application"),
        pytest.param(
            {"id_token_hint": "junk", "post_logout_redirect_uri": SIGNED_OUT},
            id="broken hint",
        ),
    ],
)
async def test_a_wrong_post_logout_address_never_redirects(
    world: World, parameters: dict[str, str]
) -> None:
    page = await world.browser.navigate(end_address(world, **parameters))

    assert page.status == 400
    assert not page.history


async def test_signing_out_without_an_address_stays_at_logto(world: World) -> None:
    page = await world.browser.navigate(end_address(world))

    assert "You are signed out of Logto" in page.text


async def test_offline_tokens_outlive_the_logto_session(world: World) -> None:
    answer = await world.tokens()

    await world.browser.navigate(end_address(world))

    assert (await world.refresh(answer["refresh_token"]))[0] == 200
    assert (await world.userinfo(answer["access_token"]))[0] == 200


async def test_other_tokens_do_not(world: World) -> None:
    answer = await world.tokens(prompt="login")

    await world.browser.navigate(end_address(world))

    assert (await world.userinfo(answer["access_token"]))[0] == 401


ORDERS = "https://orders.example.com"
MACHINE = Client(
    app_id="nightly",
    app_secret="nightly-secret",
    permissions={ORDERS: ("read:orders", "write:orders")},
)


async def machine_token(
    world: World, client: Client, **form: str
) -> tuple[int, dict[str, object]]:
    world.logto.tenant.clients[client.app_id] = client
    return await world.post(
        "/oidc/token",
        grant_type="client_credentials",
        client_id=client.app_id,
        client_secret=client.app_secret,
        **form,
    )


async def test_a_machine_is_its_own_subject(world: World) -> None:
    status, answer = await machine_token(
        world, MACHINE, resource=ORDERS, scope="read:orders delete:orders"
    )

    assert (status, answer["scope"]) == (200, "read:orders")
    assert list(answer) == ["access_token", "expires_in", "token_type", "scope"]
    token = str(answer["access_token"])
    assert jwt.get_unverified_header(token)["typ"] == "at+jwt"
    claims = claims_of(token)
    assert len(claims.pop("jti")) == 43
    assert claims == {
        "sub": "nightly",
        "client_id": "nightly",
        "aud": ORDERS,
        "scope": "read:orders",
        "iat": 1795359847,
        "exp": 1795363447,
        "iss": f"{world.logto.endpoint}/oidc",
    }


async def test_a_machine_asks_for_a_resource_that_it_may_have(world: World) -> None:
    status, answer = await machine_token(world, MACHINE, resource=f"{ORDERS}/")
    assert (status, answer["error"]) == (400, "invalid_target")


async def test_an_application_for_people_is_no_machine(world: World) -> None:
    status, answer = await machine_token(world, world.logto.client, resource=ORDERS)
    assert (status, answer["error"]) == (400, "unauthorized_client")
