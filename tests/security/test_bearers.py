"""Attacks 13 and 15: bearers that are no good, in every way to show one.

Whatever is wrong with it, a bearer is refused before anything reaches the application,
with a valid cookie beside it and without, by a plain request and by an upgrade; and
what was found good on one route is asked again on every other.
"""

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import replace

import jwt
import pytest
import pytest_asyncio
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from gateway.demo.signing_keys import Header, SigningKey, base64url, unsigned
from gateway.identity.reserved_names import reduced
from tests.support.programs_asking import (
    ORDERS,
    OTHER,
    ROUTES,
    Programs,
    bearer,
    challenge,
    programs_asking,
)
from tests.support.questions import ASKED, Form, question
from tests.support.raw_client import exchange
from tests.support.strict_http import Field
from tests.support.whole_world import ADA

pytestmark = pytest.mark.asyncio(loop_scope="module")

PROXY = "127.0.0.2"  # that asks, too
TRUSTING = f'trusted_proxies = ["{PROXY}/32"]'
ROOM = "[limits]\nwrong_bearers_per_minute = 100000\n"
STRANGER = SigningKey.generate()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def programs(
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Programs]:
    state = tmp_path_factory.mktemp("state")
    async with programs_asking(
        ROUTES + ASKED,
        server=f'{TRUSTING}\nstate_directory = "{state}"',
        tables=f"{ROOM}[identity.assertion]\nenabled = true\n",
    ) as programs:
        await programs.world.sign_in()
        yield programs


async def hold_refused(
    programs: Programs, *fields: Field, status: int = 401, error: str = "invalid_token"
) -> None:
    """Hold that *fields* open nothing, by any way in, with a session or without."""
    world = programs.world
    cookie = (b"Cookie", world.browser.cookie_header(world.gateway.url).encode())
    before = len(world.upstream.requests)
    for path in ("/api", "/both", "/optional", "/orders"):
        for more in ((), (cookie,)):
            for upgrade in (False, True):
                answer = await programs.ask(path, *fields, *more, upgrade=upgrade)
                assert answer.status == status, (path, more, upgrade, answer.head)
                assert f'error="{error}"' in challenge(answer)
                assert answer.values(b"Set-Cookie") == []
            for form in (Form.FORWARDED, Form.URI):
                await hold_refused_to_a_proxy(programs, form, path, *fields, *more)
    assert len(world.upstream.requests) == before


async def hold_refused_to_a_proxy(
    programs: Programs, form: Form, path: str, *fields: Field
) -> None:
    """Hold that a proxy that asks about *path* with *fields* is told no."""
    gateway = programs.world.gateway
    host = gateway.url.removeprefix("http://").encode()
    came_from = (b"X-Forwarded-For", b"127.0.0.1")
    data = question(form, path.encode(), (came_from, *fields), host=host)
    answer = await exchange(gateway.port, data, source=PROXY)
    assert answer.status in {400, 401, 403, 429}, (form, path)
    assert answer.values(b"X-Auth-Request-User") == []


Forged = Callable[[Programs], str]


def public_pem(programs: Programs) -> bytes:
    key = programs.world.logto.keys.current.private.public_key()
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def hmac_signed(programs: Programs, secret: bytes) -> str:
    """Return a token that is signed with a public text as if it were a secret."""
    kid = programs.world.logto.keys.current.kid
    header = {"alg": "HS256", "typ": "at+jwt", "kid": kid}
    parts = [
        base64url(json.dumps(part).encode()) for part in (header, programs.claims())
    ]
    signing_input = ".".join(parts).encode()
    signature = jwt.get_algorithm_by_name("HS256").sign(signing_input, secret)
    return f"{signing_input.decode()}.{base64url(signature)}"


def other_none(programs: Programs, algorithm: str) -> str:
    header = {"alg": algorithm, "typ": "at+jwt"}
    parts = [
        base64url(json.dumps(part).encode()) for part in (header, programs.claims())
    ]
    return ".".join(parts) + ".AAAA"


def jwk_of(programs: Programs) -> bytes:
    return json.dumps(programs.world.logto.keys.current.jwk()).encode()


def altered(token: str, **claims: object) -> str:
    """Return *token* with other *claims*, and the signature that it had."""
    head, body, signature = token.split(".")
    told = json.loads(base64.urlsafe_b64decode(body + "==")) | claims
    return f"{head}.{base64url(json.dumps(told).encode())}.{signature}"


def swapped(programs: Programs) -> str:
    """Return the claims of one token with the signature of another."""
    one, other = programs.token(jti="a"), programs.token(jti="b")
    return one.rpartition(".")[0] + "." + other.rpartition(".")[2]


def with_header(
    programs: Programs, key: SigningKey | None = None, **more: object
) -> str:
    header: Header = {"typ": "at+jwt", **more}
    return programs.token(header, key=key)


def id_token(programs: Programs) -> str:
    return programs.token({"typ": "JWT"}, aud=programs.world.logto.app_id)


TOKENS: list[tuple[str, Forged]] = [
    ("random bytes in three parts", lambda _: "aaaa.bbbb.cccc"),
    ("an opaque token", lambda _: "qk1m_pXo7aZ0G6h1zqk1m_pXo7aZ0G6h1zqk1m_pXo7"),
    ("two parts", lambda p: p.token().rpartition(".")[0]),
    ("four parts", lambda p: p.token() + ".x"),
    ("an empty signature", lambda p: p.token().rpartition(".")[0] + "."),
    ("alg none", lambda p: unsigned(p.claims(), {"typ": "at+jwt"})),
    ("alg None", lambda p: other_none(p, "None")),
    ("alg nOnE", lambda p: other_none(p, "nOnE")),
    ("an empty alg", lambda p: other_none(p, "")),
    ("HS256 with the public key", lambda p: hmac_signed(p, public_pem(p))),
    ("HS256 with the published key", lambda p: hmac_signed(p, jwk_of(p))),
    ("HS256 with nothing", lambda p: hmac_signed(p, b"")),
    ("a key of nobody's", lambda p: p.token(key=STRANGER)),
    (
        "a key of nobody's under Logto's name for its own",
        lambda p: with_header(p, STRANGER, kid=p.world.logto.keys.current.kid),
    ),
    (
        "a key of nobody's that comes along",
        lambda p: with_header(p, STRANGER, jwk=dict(STRANGER.jwk())),
    ),
    (
        "a key of nobody's at an address",
        lambda p: with_header(p, STRANGER, jku="http://127.0.0.1:1/jwks"),
    ),
    ("a key id that is a path", lambda p: with_header(p, kid="../../dev/null")),
    ("a key id that is a query", lambda p: with_header(p, kid="' OR 1=1 --")),
    ("a key id without end", lambda p: with_header(p, kid="k" * 4096)),
    ("an empty key id", lambda p: with_header(p, kid="")),
    ("an extension that must be understood", lambda p: with_header(p, crit=["exp"])),
    ("RS256 with a key for ES384", lambda p: with_header(p, rsa_key(), kid="rsa")),
    ("other claims under a good signature", lambda p: altered(p.token(), sub=ADA)),
    ("a later end under a good signature", lambda p: altered(p.token(), exp=2**40)),
    ("another token's signature", swapped),
    ("another issuer", lambda p: p.token(iss="https://other.logto.app/oidc")),
    ("nearly the issuer", lambda p: p.token(iss=p.world.logto.tenant.issuer + "/")),
    ("no issuer", lambda p: p.token(iss=None)),
    ("another audience", lambda p: p.token(aud="https://elsewhere.example.com")),
    ("nearly the audience", lambda p: p.token(aud=ORDERS + "/")),
    ("a part of the audience", lambda p: p.token(aud="https://orders")),
    ("no audience", lambda p: p.token(aud=None)),
    ("an empty audience", lambda p: p.token(aud=[])),
    ("an audience in a list in a list", lambda p: p.token(aud=[[ORDERS]])),
    ("an audience beside something odd", lambda p: p.token(aud=[ORDERS, 7])),
    ("an audience as an object", lambda p: p.token(aud={ORDERS: True})),
    ("an organization's token", lambda p: p.token(aud="urn:logto:organization:o1")),
    ("the application as audience", lambda p: p.token(aud=p.world.logto.app_id)),
    ("expired", lambda p: p.token(exp=int(p.world.clock()) - 60)),
    ("without an end", lambda p: p.token(exp=None)),
    ("an end that is a text", lambda p: p.token(exp="9999999999")),
    ("an end that is true", lambda p: p.token(exp=True)),
    ("an end at infinity", lambda p: p.token(exp=10**30)),
    ("from the future", lambda p: p.token(iat=int(p.world.clock()) + 61)),
    ("not before the future", lambda p: p.token(nbf=int(p.world.clock()) + 61)),
    ("a beginning that is a text", lambda p: p.token(nbf="now")),
    ("without a beginning", lambda p: p.token(iat=None)),
    ("without a subject", lambda p: p.token(sub=None)),
    ("an empty subject", lambda p: p.token(sub="")),
    ("a subject with a line feed", lambda p: p.token(sub="a\nX-Forwarded-User: b")),
    ("a subject that is a number", lambda p: p.token(sub=7)),
    ("without an application", lambda p: p.token(client_id=None)),
    ("scopes in a list", lambda p: p.token(scope=["read:orders"])),
    ("scopes with a line feed", lambda p: p.token(scope="read:orders\nwrite:orders")),
    ("scopes with two spaces", lambda p: p.token(scope="a  b")),
    ("an ID token", id_token),
    ("an ID token for the resource", lambda p: p.token({"typ": "JWT"})),
    ("a token that is silent about its kind", lambda p: p.token({"typ": None})),
    ("a logout token", lambda p: p.token({"typ": "logout+jwt"}, events={})),
    ("a DPoP proof", lambda p: p.token({"typ": "dpop+jwt"})),
    ("a kind that is a list", lambda p: p.token({"typ": ["at+jwt"]})),
    ("claims that are a list", lambda p: raw_claims(p, b"[]")),
    ("claims with a name twice", lambda p: raw_claims(p, twice(p))),
    ("claims that are no JSON", lambda p: raw_claims(p, b"\xff{")),
    ("claims nested without end", lambda p: raw_claims(p, b"[" * 9000)),
]


def rsa_key() -> SigningKey:
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return SigningKey("RS256", private, "rsa")


def twice(programs: Programs) -> bytes:
    text = json.dumps(programs.claims())
    return (text[:-1] + f', "aud": "{OTHER}"}}').encode()


def raw_claims(programs: Programs, claims: bytes) -> str:
    """Return a token with *claims*, whatever they are, and a good signature."""
    key = programs.world.logto.keys.current
    assert isinstance(key.private, ec.EllipticCurvePrivateKey)
    header = {"typ": "at+jwt", "kid": key.kid}
    return jwt.PyJWS().encode(claims, key.private, key.algorithm, header)


@pytest.mark.parametrize(
    "forged", [pytest.param(forged, id=name) for name, forged in TOKENS]
)
async def test_13_a_token_that_is_no_good_opens_nothing(
    programs: Programs, forged: Forged
) -> None:
    await hold_refused(programs, bearer(forged(programs)))


async def test_13_the_token_that_all_of_these_were_made_of_is_good(
    programs: Programs,
) -> None:
    for upgrade, status in ((False, 200), (True, 101)):
        answer = await programs.ask("/api", bearer(programs.token()), upgrade=upgrade)
        assert answer.status == status
    late = programs.token(
        exp=int(programs.world.clock()) - 59, nbf=int(programs.world.clock()) + 60
    )
    assert (await programs.show(late)).status == 200


async def test_13_an_assertion_of_the_gateway_itself_is_no_bearer(
    programs: Programs,
) -> None:
    await programs.world.open("/")
    assertion = programs.world.upstream.last.value("X-Gateway-Assertion")
    assert assertion is not None
    await hold_refused(programs, bearer(assertion))


async def test_13_tokens_of_sign_ins_are_no_bearers(programs: Programs) -> None:
    """What Logto gave for the session itself is for Logto, and for the gateway."""
    given: dict[str, object] = {}
    logto = programs.world.logto
    logto.behaviour.token_hook = given.update
    try:
        await programs.world.open("/.gateway/sign-in?rd=/")
    finally:
        logto.behaviour.token_hook = None
    for name in ("access_token", "id_token", "refresh_token"):
        await hold_refused(programs, bearer(str(given[name])))


async def test_13_a_token_of_another_tenant_is_no_bearer(programs: Programs) -> None:
    async with programs_asking() as elsewhere:
        token = await elsewhere.issued()
        assert (await elsewhere.show(token)).status == 200
        await hold_refused(programs, bearer(token))


GOOD = "GOOD"  # stands for a token that is good
ODD_FIELDS = [
    pytest.param([b""], id="nothing"),
    pytest.param([b"Bearer"], id="no token"),
    pytest.param([b"Bearer "], id="no token behind the space"),
    pytest.param([b"Bearer\tGOOD"], id="a tab"),
    pytest.param([b"Bearer GOOD GOOD"], id="two tokens"),
    pytest.param([b"Bearer GOOD,"], id="a comma"),
    pytest.param([b"Bearer GOOD, Bearer GOOD"], id="a list"),
    pytest.param([b"Bearer GOOD;x=1"], id="a parameter"),
    pytest.param([b'Bearer "GOOD"'], id="quotes"),
    pytest.param([b'Bearer token="GOOD"'], id="as a parameter"),
    pytest.param([b"Bearer G%4fOD"], id="an escape"),
    pytest.param([b"Bearer GOOD\xc3\xa9"], id="not ASCII"),
    pytest.param([b"Bearer =GOOD"], id="the padding first"),
    pytest.param([b"Bearer GO=OD"], id="the padding inside"),
    pytest.param([b"Bearer, GOOD"], id="a comma for the space"),
    pytest.param([b"Bearer GOOD", b"Bearer GOOD"], id="twice the same"),
    pytest.param([b"Bearer GOOD", b"Basic YTpi"], id="two schemes"),
    pytest.param([b"Basic YTpi", b"Bearer GOOD"], id="two schemes, the other first"),
    pytest.param([b"Bearer GOOD", b""], id="one and nothing"),
    pytest.param([b"Bearer " + b"a" * 16385], id="huge"),
]


@pytest.mark.parametrize("values", ODD_FIELDS)
async def test_13_a_field_that_can_be_read_in_two_ways_opens_nothing(
    programs: Programs, values: list[bytes]
) -> None:
    token = programs.token().encode()
    fields = [(b"Authorization", one.replace(b"GOOD", token)) for one in values]
    await hold_refused(programs, *fields, status=400, error="invalid_request")


@pytest.mark.parametrize("scheme", [b"bearer", b"BEARER", b"bEaReR"])
async def test_13_the_case_of_the_scheme_does_not_matter(
    programs: Programs, scheme: bytes
) -> None:
    field = (b"aUTHORIZATION", scheme + b"   " + programs.token().encode())
    assert (await programs.ask("/api", field)).status == 200
    assert programs.world.upstream.last.value("Authorization") is None


@pytest.mark.parametrize(
    "value", [b"Basic YTpi", b"DPoP GOOD", b"Negotiate abc", b"BearerGOOD"]
)
async def test_13_another_scheme_opens_nothing_and_hides_behind_no_cookie(
    programs: Programs, value: bytes
) -> None:
    world = programs.world
    cookie = (b"Cookie", world.browser.cookie_header(world.gateway.url).encode())
    before = len(world.upstream.requests)
    token = programs.token().encode()
    for path in ("/api", "/both", "/optional"):
        field = (b"Authorization", value.replace(b"GOOD", token))
        answer = await programs.ask(path, field, cookie)
        assert answer.status == 401
        assert challenge(answer) == 'Bearer realm="gateway"'
    assert len(world.upstream.requests) == before


ELSEWHERE: list[tuple[str, str, tuple[Field, ...]]] = [
    ("in the query", "/api?access_token=GOOD", ()),
    ("in a cookie", "/api", ((b"Cookie", b"access_token=GOOD; Authorization=GOOD"),)),
    ("in a field of its own", "/api", ((b"X-Forwarded-Access-Token", b"GOOD"),)),
    ("for another proxy", "/api", ((b"Proxy-Authorization", b"Bearer GOOD"),)),
    ("a name with a dot", "/api", ((b"Authorization.", b"Bearer GOOD"),)),
    ("a name with an underscore", "/api", ((b"Authori_zation", b"Bearer GOOD"),)),
    ("original", "/api", ((b"X-Original-Authorization", b"Bearer GOOD"),)),
    ("in a subprotocol", "/api", ((b"Sec-WebSocket-Protocol", b"bearer, GOOD"),)),
]


@pytest.mark.parametrize(
    ("target", "fields"), [pytest.param(t, f, id=name) for name, t, f in ELSEWHERE]
)
async def test_13_a_good_token_opens_nothing_elsewhere(
    programs: Programs, target: str, fields: tuple[Field, ...]
) -> None:
    token, before = programs.token(), len(programs.world.upstream.requests)
    shown = [(name, value.replace(b"GOOD", token.encode())) for name, value in fields]
    for upgrade in (False, True):
        answer = await programs.ask(
            target.replace("GOOD", token), *shown, upgrade=upgrade
        )
        assert answer.status == 401
    assert len(programs.world.upstream.requests) == before


async def test_13_a_good_token_in_a_body_opens_nothing(programs: Programs) -> None:
    body = b"access_token=" + programs.token().encode()
    form = (b"Content-Type", b"application/x-www-form-urlencoded")
    length = (b"Content-Length", b"%d" % len(body))
    head = programs.head("/api", form, length, method=b"POST")
    assert (await exchange(programs.world.gateway.port, head + body)).status == 401


@pytest.mark.parametrize(
    "name", [b"Authorization", b"Author.ization", b"aUthorization"]
)
async def test_13_no_spelling_of_it_reaches_an_application(
    programs: Programs, name: bytes
) -> None:
    more = () if name.lower() == b"authorization" else ((name, b"Bearer x"),)
    answer = await programs.ask("/api", bearer(programs.token()), *more)
    assert answer.status == 200
    reached = programs.world.upstream.last.fields
    assert [n for n, _ in reached if reduced(n.encode()) == b"authorization"] == []


async def test_13_connection_cannot_take_the_bearer_away(programs: Programs) -> None:
    """Naming it hop-by-hop must not turn a wrong bearer into none."""
    fields = (bearer("x.y.z"), (b"Connection", b"Authorization"))
    await hold_refused(programs, *fields)


async def test_15_what_was_found_good_is_asked_again_by_every_route(
    programs: Programs,
) -> None:
    world = programs.world
    orders, others = programs.token(), programs.token(aud=OTHER, scope="read:orders")
    lesser = programs.token(scope="read:nothing")
    for _ in range(2):  # the second time all of them are known
        for token, expected in (
            (orders, {"/api": 200, "/orders": 200, "/nightly": 403, "/x-ids": 403}),
            (others, {"/api": 200, "/orders": 401, "/nightly": 403, "/x-ids": 403}),
            (lesser, {"/api": 200, "/orders": 403, "/nightly": 403, "/x-ids": 403}),
        ):
            found = {
                path: (await programs.show(token, path)).status for path in expected
            }
            assert found == expected
    assert world.logto.requests.count("jwks") >= 1


async def test_15_a_known_token_with_one_letter_changed_is_another(
    programs: Programs,
) -> None:
    token = programs.token(jti="one letter")
    assert (await programs.show(token)).status == 200
    for at in range(0, len(token), 37):
        letter = "A" if token[at] != "A" else "B"
        other = token[:at] + letter + token[at + 1 :]
        assert (await programs.show(other)).status == 401, at
    assert (await programs.show(token)).status == 200


async def test_15_what_is_known_of_one_gateway_is_not_known_of_another() -> None:
    """Two configurations with other resources know nothing of each other."""
    only_other = f'resources = ["{OTHER}"]'
    routes = (
        '[[routes]]\nupstream = "UPSTREAM"\nallow = "anyone"\ncredentials = ["bearer"]'
    )
    async with programs_asking(routes, logto_keys=only_other) as programs:
        assert (await programs.show(programs.token(), "/")).status == 401
        assert (await programs.show(programs.token(aud=OTHER), "/")).status == 200


async def test_35_wrong_bearers_are_limited_and_good_ones_go_on() -> None:
    async with programs_asking(
        tables="[limits]\nwrong_bearers_per_minute = 5\n"
    ) as programs:
        good = programs.token()
        assert (await programs.show(good)).status == 200
        for number in range(40):  # good ones cost nothing
            assert (await programs.show(programs.token(jti=str(number)))).status == 200
        wrong = programs.token(key=STRANGER)
        found = [(await programs.show(wrong)).status for _ in range(8)]
        assert found == [401] * 5 + [429] * 3
        limited = await programs.show(wrong)
        assert limited.value(b"Retry-After") == b"1"
        assert (await programs.show(programs.token(jti="new"))).status == 429
        assert (await programs.show(good)).status == 200


async def test_35_many_good_ones_at_once_are_no_wrong_ones() -> None:
    """Right after the start all of them wait for the keys."""
    async with programs_asking(
        tables="[limits]\nwrong_bearers_per_minute = 2\n"
    ) as programs:
        tokens = [programs.token(jti=str(number)) for number in range(30)]
        async with asyncio.TaskGroup() as group:
            asked = [group.create_task(programs.show(token)) for token in tokens]
        assert {one.result().status for one in asked} == {200}
        assert programs.world.logto.requests.count("jwks") == 1


async def test_38_invented_key_ids_do_not_drive_key_fetches(
    programs: Programs,
) -> None:
    logto = programs.world.logto
    assert (await programs.show(programs.token())).status == 200
    before = logto.requests.count("jwks")
    for number in range(30):
        token = programs.token(key=replace(STRANGER, kid=f"invented-{number}"))
        assert (await programs.show(token)).status == 401
    assert logto.requests.count("jwks") <= before + 1
