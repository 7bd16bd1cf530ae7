"""A hostile or broken Logto, seen through a whole gateway: a page with a reason.

Each condition that the OpenID Foundation has for relying parties (code flow, Basic and
refresh), and what RFC 9700 warns of, ends with a 4xx, 502 or 503 that says why: never
with a 500, a session, or a request to the application. What is right again afterwards
works again. docs/explanation/hostile-provider.md says what the gateway does for each.
"""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from gateway.demo.faults import Fault
from gateway.demo.logto import EmulatedLogto
from gateway.demo.signing_keys import Claims, Header, SigningKey, unsigned
from tests.support.project import ROOT
from tests.support.whole_world import ADA, World, whole_world

DOCUMENT = ROOT / "docs" / "explanation" / "hostile-provider.md"
Spoil = Callable[[EmulatedLogto], None]
EVIL = "https://evil.example"
JSON = "application/json"
BRIEF = 'timeout = "2s"'
OTHER_APPLICATION = ["demo-app", "b"]


def claims(**changed: object) -> Spoil:
    """Change claims of ID tokens; None takes one away, "null" makes it null."""

    def hook(given: Claims, _header: Header) -> None:
        _change(given, changed)

    return lambda logto: setattr(logto.behaviour, "id_token_hook", hook)


def later(name: str, seconds: int) -> Spoil:
    def hook(given: Claims, _header: Header) -> None:
        given[name] = int(str(given[name])) + seconds

    return lambda logto: setattr(logto.behaviour, "id_token_hook", hook)


def header(**changed: object) -> Spoil:
    def hook(_claims: Claims, given: Header) -> None:
        _change(given, changed)

    return lambda logto: setattr(logto.behaviour, "id_token_hook", hook)


def signed_by(sign: Callable[[Claims, Header], str]) -> Spoil:
    return lambda logto: setattr(logto.behaviour, "id_token_hook", sign)


def by_a_foreign_key(logto: EmulatedLogto) -> None:
    foreign = replace(SigningKey.generate(), kid=logto.keys.current.kid)
    logto.behaviour.id_token_hook = foreign.sign


def two_keys_of_one_name(logto: EmulatedLogto) -> None:
    logto.keys.keys.append(replace(SigningKey.generate(), kid=logto.keys.current.kid))


def nameless_among_many(logto: EmulatedLogto) -> None:
    logto.keys.rotate()
    key = logto.keys.current
    logto.behaviour.id_token_hook = lambda given, _header: key.sign(given, {})


def token(**changed: object) -> Spoil:
    return lambda logto: setattr(
        logto.behaviour, "token_hook", lambda answer: _change(answer, changed)
    )


def userinfo(**changed: object) -> Spoil:
    return lambda logto: setattr(
        logto.behaviour, "userinfo_hook", lambda answer: _change(answer, changed)
    )


def back(**changed: str | None) -> Spoil:
    def hook(answer: Claims) -> None:
        _change(answer, dict(changed))

    return lambda logto: setattr(logto.behaviour, "callback_hook", hook)


def discovery(**changed: object) -> Spoil:
    return lambda logto: setattr(
        logto.behaviour, "discovery_hook", lambda document: _change(document, changed)
    )


def fault(endpoint: str, how: Fault) -> Spoil:
    return lambda logto: logto.faults.update({endpoint: how})


def _change(given: Claims, changed: dict[str, object] | Claims) -> None:
    for name, value in changed.items():
        if value is None:
            given.pop(name, None)
        else:
            given[name] = None if value == "null" else value


ID_TOKENS = {
    "iss wrong": claims(iss=f"{EVIL}/oidc"), "iss absent": claims(iss=None),
    "aud wrong": claims(aud="other"), "aud absent": claims(aud=None),
    "aud several, azp foreign": claims(aud=OTHER_APPLICATION, azp="b"),
    "nonce wrong": claims(nonce="x"), "nonce absent": claims(nonce=None),
    "nonce null": claims(nonce="null"), "sub absent": claims(sub=None),
    "sub empty": claims(sub=""), "sub a number": claims(sub=7),
    "exp absent": claims(exp=None), "iat absent": claims(iat=None),
    "expired": later("exp", -7200), "from the future": later("iat", 3600),
    "at_hash wrong": claims(at_hash="A" * 32), "alg none": signed_by(unsigned),
    "signature wrong": by_a_foreign_key, "kid unknown": header(kid="unknown"),
    "kid repeated": two_keys_of_one_name, "kid absent, many keys": nameless_among_many,
    "no token at all": token(id_token=None), "not a token": token(id_token="x.y.z"),
}  # fmt: skip
ANSWERS = {
    "another token type": token(token_type="mac"),
    "an access token with a line end": token(access_token="a\r\nX: y"),
    "another access token": token(access_token="other"),
    "userinfo of another": userinfo(sub="q2m4w0z9k1rd"),
    "userinfo of nobody": userinfo(sub=None), "userinfo null": userinfo(sub="null"),
}  # fmt: skip
CALLBACKS = {
    "mix-up: iss of another": back(iss=f"{EVIL}/oidc"),
    "iss absent though promised": back(iss=None),
    "state injected": back(state="x" * 43), "state absent": back(state=None),
    "code injected": back(code="another"), "code absent": back(code=None),
    "an error beside the code": back(error="access_denied"),
}  # fmt: skip
DOCUMENTS = {
    "issuer of another": discovery(issuer=f"{EVIL}/oidc"),
    "tokens asked elsewhere": discovery(token_endpoint=f"{EVIL}/token"),
    "keys elsewhere": discovery(jwks_uri="http://169.254.169.254/keys"),
    "symmetric algorithms": discovery(id_token_signing_alg_values_supported=["HS256"]),
    "no authorization endpoint": discovery(authorization_endpoint=None),
}  # fmt: skip
FAULTS = {
    "500": Fault(status=500), "HTML": Fault(status=200, body="<html>"),
    "HTML called JSON": Fault(status=200, body="<html>", content_type=JSON),
    "redirect": Fault(status=307, headers={"Location": "/oidc/jwks"}),
    "redirect elsewhere": Fault(status=302, headers={"Location": EVIL}),
    "huge": Fault(status=200, body=json.dumps({"a": "a" * 300_000}), content_type=JSON),
    "hanging": Fault(hang=True), "broken off": Fault(drop=True),
    "429": Fault(status=429), "404": Fault(status=404),
}  # fmt: skip


def conditions() -> Iterator[object]:
    for kind, table in (
        ("ID token", ID_TOKENS), ("answer", ANSWERS), ("callback", CALLBACKS),
        ("discovery", DOCUMENTS),
    ):  # fmt: skip
        status = 503 if table is DOCUMENTS else 400
        for name, spoil in table.items():
            yield pytest.param(spoil, status, id=f"{kind}: {name}")
    for endpoint in ("discovery", "token", "jwks", "me"):
        for name, how in FAULTS.items():
            yield pytest.param(fault(endpoint, how), 503, id=f"{endpoint}: {name}")


def repaired(logto: EmulatedLogto) -> None:
    fresh = type(logto.behaviour)()
    for hook in ("id_token", "token", "userinfo", "callback", "discovery"):
        setattr(logto.behaviour, f"{hook}_hook", getattr(fresh, f"{hook}_hook"))
    logto.faults.clear()
    del logto.keys.keys[1:]


async def came_to_nothing(world: World, status: int) -> None:
    """Sign in at the Logto of *world*, and be refused with *status* and a reason."""
    page = await world.browser.sign_in(world.url("/"))
    assert page.url.startswith(world.gateway.url), page
    assert page.status == status, page
    assert page.header("cache-control") == "no-store"
    assert "<h1" in page.text
    assert "eyJ" not in page.text
    assert world.session_cookie() is None
    assert world.upstream.requests == []


@pytest.mark.parametrize(("spoil", "status"), list(conditions()))
async def test_whatever_logto_gets_wrong_is_a_page_with_a_reason(
    spoil: Spoil, status: int
) -> None:
    async with whole_world(logto_keys=BRIEF) as world:
        spoil(world.logto)
        await came_to_nothing(world, status)
        repaired(world.logto)
        world.clock.at += 60
        await world.sign_in()


@pytest.mark.parametrize("rotations", [1, 2])
async def test_keys_that_are_replaced_mid_flight_are_found(rotations: int) -> None:
    async with whole_world() as world:
        callback = await world.back_from_logto("/")
        for _ in range(rotations):
            world.logto.keys.rotate()
        page = await world.browser.navigate(callback)
        assert (page.status, world.subject) == (200, ADA)


REFRESHED = (
    {name: spoil for name, spoil in ID_TOKENS.items() if not name.startswith("nonce")}
    | ANSWERS
    | {name: fault("token", how) for name, how in FAULTS.items()}
)


@pytest.mark.parametrize("spoil", REFRESHED.values(), ids=REFRESHED.keys())
async def test_a_refresh_that_is_wrong_makes_nobody_somebody_else(spoil: Spoil) -> None:
    async with whole_world(logto_keys=BRIEF) as world:
        await world.sign_in()
        spoil(world.logto)
        world.clock.at += 3700  # the ID token is over, and the session due
        world.upstream.requests.clear()
        for _ in range(2):
            answer = await world.browser.fetch(world.url("/x"), redirect=False)
            assert answer.status in {200, 401, 403, 503}
            seen = [one.value("X-Forwarded-User") for one in world.upstream.requests]
            assert set(seen) <= {ADA}
            assert bool(seen) == (answer.status == 200)
            world.upstream.requests.clear()


TABLES = (ID_TOKENS, ANSWERS, CALLBACKS, DOCUMENTS, FAULTS)


@pytest.mark.parametrize("condition", [name for table in TABLES for name in table])
def test_the_document_says_what_becomes_of(condition: str) -> None:
    assert f"`{condition}`" in DOCUMENT.read_text("utf-8")


def test_every_test_that_the_document_names_is_there() -> None:
    named = re.findall(r"`(tests/[^`:]+)(?:::(\w+))?`", DOCUMENT.read_text("utf-8"))
    assert len(named) > 20
    for file, test in named:
        text = (ROOT / file).read_text("utf-8")
        assert not test or f"def {test}(" in text, (file, test)
