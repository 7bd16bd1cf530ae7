"""The assertion, from the gateway to an application that checks it."""

import json
from pathlib import Path

import jwt
import pytest

from tests.support.raw_client import exchange
from tests.support.sample_routes import EVERY_ACCESS
from tests.support.whole_world import ADA, BOB, World, whole_world

HEADER = "X-Gateway-Assertion"
KNOWN = [  # to applications that stand behind other gateways
    "Cf-Access-Jwt-Assertion",
    "X-Goog-IAP-JWT-Assertion",
    "X-Pomerium-Jwt-Assertion",
]


def switched_on(directory: Path, more: str = "") -> dict[str, str]:
    return {
        "routes": EVERY_ACCESS,
        "server": f'state_directory = "{directory}"',
        "tables": f"[identity.assertion]\nenabled = true\n{more}",
    }


async def published(world: World, host: str = "") -> jwt.PyJWKSet:
    name = host or world.gateway.url.removeprefix("http://")
    head = f"GET /.gateway/jwks.json HTTP/1.1\r\nHost: {name}\r\n\r\n"
    answer = await exchange(world.gateway.port, head.encode())
    assert answer.status == 200
    assert answer.value(b"Content-Type") == b"application/jwk-set+json"
    assert answer.value(b"Cache-Control") == b"public, max-age=300"
    assert answer.value(b"Set-Cookie") is None
    return jwt.PyJWKSet.from_dict(json.loads(answer.body))


async def told(world: World, header: str = HEADER) -> dict[str, object]:
    """Return what the only assertion says, checked as an application does it."""
    (value,) = world.upstream.last.values(header)
    keys = await published(world)
    kid = jwt.get_unverified_header(value)["kid"]
    return jwt.decode(
        value,
        keys[kid],
        algorithms=["ES256"],
        audience=world.gateway.url,
        issuer=world.gateway.url,
        options={"verify_exp": False, "verify_iat": False},  # the world's own clock
    )


async def test_an_application_can_check_who_it_is(tmp_path: Path) -> None:
    async with whole_world(**switched_on(tmp_path)) as world:
        await world.sign_in()
        claims = await told(world)
        assert claims["sub"] == ADA == world.subject
        assert claims["exp"] == int(world.clock()) + 120
        keys = await published(world, "gateway.internal:8080")  # by another name
        assert len(keys.keys) == 1


async def test_one_serves_a_session_until_it_is_old(tmp_path: Path) -> None:
    async with whole_world(**switched_on(tmp_path)) as world:
        await world.sign_in()
        first = world.upstream.last.value(HEADER)
        await world.open("/again")
        assert world.upstream.last.value(HEADER) == first
        world.clock.at += 100
        await world.open("/later")
        assert world.upstream.last.value(HEADER) != first


async def test_another_person_gets_another(tmp_path: Path) -> None:
    async with whole_world(**switched_on(tmp_path)) as world:
        await world.sign_in()
        await world.sign_out()
        await world.sign_in("bob")
        assert (await told(world))["sub"] == BOB


@pytest.mark.parametrize(
    ("target", "has_one"),
    [
        pytest.param("/", True, id="signed-in"),
        pytest.param("/public", False, id="public"),
        pytest.param("/optional", True, id="optional"),
        pytest.param("/optional/bob", False, id="optional, for another"),
    ],
)
async def test_only_who_is_told_about_is_vouched_for(
    tmp_path: Path,
    target: str,
    has_one: bool,  # noqa: FBT001
) -> None:
    async with whole_world(**switched_on(tmp_path)) as world:
        await world.sign_in()
        await world.open(target)
        assert (world.upstream.last.value(HEADER) is not None) is has_one


@pytest.mark.parametrize("header", KNOWN)
async def test_it_has_the_name_that_an_application_knows(
    tmp_path: Path, header: str
) -> None:
    options = switched_on(tmp_path, f'header = "{header}"')
    async with whole_world(**options) as world:
        await world.sign_in()
        assert (await told(world, header))["sub"] == ADA
        assert world.upstream.last.value(HEADER) is None


def spellings(header: str) -> list[str]:
    """Return *header* as lenient applications read it, too."""
    bare = header.replace("-", "")
    others = [header.replace("-", sign) for sign in ("_", ".", "--", "~", "-_")]
    return [header, header.lower(), header.upper(), bare, f"{header}-", *others]


@pytest.mark.parametrize("enabled", ["true", "false"])
@pytest.mark.parametrize("header", [HEADER, "X-Mine", *KNOWN])
async def test_01_no_client_can_send_one(
    tmp_path: Path, enabled: str, header: str
) -> None:
    options = switched_on(tmp_path, f'header = "{header}"')
    options["tables"] = options["tables"].replace("true", enabled, 1)
    names = [name for one in (header, HEADER, *KNOWN) for name in spellings(one)]
    forged = "".join(f"{name}: forged\r\n" for name in names)
    async with whole_world(**options) as world:
        await world.sign_in()
        host = world.gateway.url.removeprefix("http://")
        cookie = f"Cookie: {world.name}={world.session_cookie()}\r\n"
        for target in ("/", "/public", "/optional"):
            for more in ("", f"Connection: {header}\r\n"):
                head = f"GET {target} HTTP/1.1\r\nHost: {host}\r\n{cookie}{more}"
                answer = await exchange(
                    world.gateway.port, f"{head}{forged}\r\n".encode()
                )
                assert answer.status == 200
                assert "forged" not in str(world.upstream.last.fields)
                is_told = enabled == "true" and target != "/public"
                assert len(world.upstream.last.values(header)) == is_told


async def test_the_account_page_names_it_and_never_shows_it(tmp_path: Path) -> None:
    options = switched_on(tmp_path, 'header = "X-Mine"')
    async with whole_world(**options) as world:
        await world.sign_in()
        value = world.upstream.last.value("X-Mine")
        page = await world.open("/.gateway/")
        assert "X-Mine" in page.text
        assert "a token that the gateway signs (not shown)" in page.text
        assert value is not None
        assert value.split(".")[1] not in page.text
    async with whole_world() as world:
        await world.sign_in()
        assert "(not shown)" not in (await world.open("/.gateway/")).text


async def test_without_assertions_there_are_no_keys() -> None:
    async with whole_world() as world:
        await world.sign_in()
        assert (await world.open("/.gateway/jwks.json")).status == 404
        await world.open("/")
        assert world.upstream.last.value(HEADER) is None


async def test_keys_outlive_a_restart(tmp_path: Path) -> None:
    kids = []
    for _ in range(2):
        async with whole_world(**switched_on(tmp_path)) as world:
            kids.append([key.key_id for key in (await published(world)).keys])
    assert kids[0] == kids[1]
    assert len(kids[0]) == 1
