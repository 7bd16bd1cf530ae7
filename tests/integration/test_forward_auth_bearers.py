"""Bearers and tokens where another proxy asks: the same rules as where we forward."""

import pytest

from tests.support.configuration import problems, settings, written
from tests.support.programs_asking import Programs, bearer, programs_asking
from tests.support.questions import Form, question
from tests.support.raw_client import RawResponse, exchange
from tests.support.strict_http import Field
from tests.support.whole_world import ADA

PUBLIC, HOST = "https://app.example.com", b"app.example.com"
TRUSTING = 'trusted_proxies = ["127.0.0.1/32"]'
ROUTES = """
[[routes]]
upstream = "forward-auth"
allow = { scopes = ["read:orders"] }
credentials = ["session", "bearer"]
[[routes]]
path = "/person"
upstream = "forward-auth"
allow = "anyone"
"""
FORMS = [pytest.param(form, id=form.value) for form in Form if form is not Form.REFUSAL]


async def ask(
    programs: Programs, form: Form, *fields: Field, target: bytes = b"/orders"
) -> RawResponse:
    data = question(form, target, fields, host=HOST, scheme=b"https")
    return await exchange(programs.world.gateway.port, data)


@pytest.mark.parametrize("form", FORMS)
async def test_13_a_bearer_is_as_good_as_where_we_forward(form: Form) -> None:
    async with programs_asking(ROUTES, server=TRUSTING, public_url=PUBLIC) as programs:
        good = await ask(programs, form, bearer(programs.token()))
        assert good.status == 200
        assert good.value(b"X-Auth-Request-User") == b"nightly"
        assert good.value(b"Authorization") == b""  # was for us
        assert good.values(b"Set-Cookie") == []
        for wrong in (
            programs.token(aud="https://else.example"),
            programs.token(exp=1),
            programs.token({"typ": "JWT"}),
            "opaque",
        ):
            refused = await ask(programs, form, bearer(wrong))
            assert refused.status == 401
            assert b'error="invalid_token"' in (
                refused.value(b"WWW-Authenticate") or b""
            )
        lacking = await ask(programs, form, bearer(programs.token(scope="")))
        assert lacking.status == 403
        two = bearer(programs.token()), bearer(programs.token())
        assert (await ask(programs, form, *two)).status in {400, 401, 403}


@pytest.mark.parametrize("form", FORMS)
async def test_13_a_wrong_bearer_hides_behind_no_session(form: Form) -> None:
    async with programs_asking(ROUTES, server=TRUSTING, public_url=PUBLIC) as programs:
        world = programs.world
        page = await world.browser.sign_in(world.url("/.gateway/sign-in"), "ada")
        assert page.status in {200, 403, 404, 502}
        cookie = (b"Cookie", world.browser.cookie_header(PUBLIC).encode())
        known = await ask(programs, form, cookie, target=b"/person")
        assert known.value(b"X-Auth-Request-User") == ADA.encode()
        refused = await ask(programs, form, cookie, bearer("x.y.z"))
        assert refused.status == 401


async def test_tokens_of_people_are_told_to_the_proxy() -> None:
    async with programs_asking(
        ROUTES,
        server=TRUSTING,
        public_url=PUBLIC,
        session='max_cookie_size = "8KiB"',
        tables="[identity]\npass_id_token = true\n",
    ) as programs:
        world = programs.world
        await world.browser.sign_in(world.url("/.gateway/sign-in"), "ada")
        cookie = (b"Cookie", world.browser.cookie_header(PUBLIC).encode())
        told = await ask(programs, Form.FORWARDED, cookie, target=b"/person")
        token = told.value(b"X-Auth-Request-Id-Token")
        assert token
        assert token.count(b".") == 2
        assert told.value(b"X-Forwarded-Id-Token") == token
        nobody = await ask(programs, Form.FORWARDED, target=b"/person")
        assert nobody.values(b"X-Auth-Request-Id-Token") in ([], [b""])


def test_cors_is_for_routes_that_we_forward() -> None:
    asked = {"upstream": '"forward-auth"'}
    cors = {"cors": '{ origins = ["https://pages.example.com"] }'}
    server = {"trusted_proxies": '["10.0.0.0/8"]'}
    assert settings(server=server, routes=asked).routes[0].cors is None
    (found,) = problems(written(server=server, routes={**asked, **cors}))
    assert "routes[0].cors: has no effect: another proxy forwards" in found
