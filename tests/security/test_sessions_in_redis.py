"""What Redis holds opens nothing, and nobody reaches another's session through it."""

import asyncio
import secrets
from collections.abc import AsyncIterator

import pytest

from config.redis_url import RedisAddress
from config.session import parse_key
from gateway.identity.identity import Identity
from gateway.sessions.codec import KeyRing, Purpose
from gateway.sessions.in_redis.bounds import Bounds
from gateway.sessions.in_redis.condition import Condition
from gateway.sessions.in_redis.keys import OwnKeys
from gateway.sessions.in_redis.messages import seal_message
from gateway.sessions.in_redis.places import channel
from gateway.sessions.in_redis.records import Records, Written
from gateway.sessions.in_redis.reference import (
    Reference,
    encode_reference,
    open_session,
)
from gateway.sessions.in_redis.server import RedisServer as Adapter
from gateway.sessions.revocations import Mark, Whose
from gateway.sessions.session import Session
from gateway.sessions.stored import Stored
from tests.support.configuration import OTHER_KEY
from tests.support.redis_server import RedisServer
from tests.support.running_gateway import KEY
from tests.support.sample_routes import TWO_HOSTS
from tests.support.session_settings import Settings
from tests.support.virtual_browser import VirtualBrowser
from tests.support.whole_world import ADA, World, whole_world

PUBLIC, OTHER = "https://app.example.com", "https://other.example.com"


@pytest.fixture
async def world(redis: RedisServer) -> AsyncIterator[World]:
    async with whole_world(
        TWO_HOSTS, session=redis.session, public_url=PUBLIC
    ) as world:
        world.browser.published[OTHER] = world.browser.published[PUBLIC]
        yield world


async def with_cookie(world: World, value: str, url: str = PUBLIC) -> int:
    """Return what a script with that session cookie alone gets at *url*."""
    async with VirtualBrowser(
        now=world.clock, published=world.browser.published
    ) as browser:
        planted = f"{world.name}={value}; Path=/; Secure"
        browser.cookies.store(url, [planted], world.clock())
        return (await browser.fetch(f"{url}/", redirect=False)).status


async def status(world: World) -> int:
    """Return what a script of the person gets."""
    return (await world.browser.fetch(world.url("/"), redirect=False)).status


async def test_a_dump_tells_nobody_and_opens_nothing(
    world: World, redis: RedisServer
) -> None:
    await world.sign_in()
    world.clock.at += 700
    assert (await world.browser.fetch(world.url("/"))).status == 200  # renewed too
    tokens = [
        value
        for request in world.logto.requests.of("token", grant_type="refresh_token")
        for value in request.parameters.getall("refresh_token")
    ]
    assert tokens
    dump = await redis.dump()
    cookie = world.session_cookie()
    assert cookie is not None
    names = (ADA, "2244994945", '"ada"', "@ada", "Ada Lovelace", "Lovelace")
    for secret in (*names, cookie, KEY, *tokens):
        assert secret.encode() not in dump, secret
    assert b"Firefox" not in dump
    assert b"Chrome" not in dump
    assert b"app.example.com" not in dump
    (name,) = await redis.keys("gateway:session:*")
    sealed = await redis.ask("HGET", name, "s")
    found = name.removeprefix("gateway:session:")
    for key in (bytes(32), parse_key(KEY), parse_key(OTHER_KEY)):
        assert open_session(sealed, Reference(found, key)) is None


FORGED = [
    pytest.param("x", id="a letter"),
    pytest.param("A" * 200, id="base64"),
    pytest.param("AQAAAAA" + "A" * 150, id="a version and a key id"),
    pytest.param("AQAAAAA" + "A" * 16000, id="long"),
]


@pytest.mark.parametrize("value", FORGED)
async def test_10_a_forged_reference_never_reaches_redis(
    world: World, redis: RedisServer, value: str
) -> None:
    await world.sign_in()
    before = await redis.count("evalsha") + await redis.count("hmget")
    for _ in range(5):
        assert await with_cookie(world, value) == 401
    assert await redis.count("evalsha") + await redis.count("hmget") == before


async def test_10_no_flipped_bit_reaches_redis(
    world: World, redis: RedisServer
) -> None:
    await world.sign_in()
    cookie = world.session_cookie()
    assert cookie is not None
    before = await redis.count("evalsha")
    for place in range(0, len(cookie), 9):
        other = "A" if cookie[place] != "A" else "B"
        changed = cookie[:place] + other + cookie[place + 1 :]
        assert await with_cookie(world, changed) == 401
    assert await redis.count("evalsha") == before


async def test_25_a_reference_of_another_host_is_none(
    world: World, redis: RedisServer
) -> None:
    await world.sign_in()
    cookie = world.session_cookie()
    assert cookie is not None
    assert await with_cookie(world, cookie, PUBLIC) == 200
    before = await redis.count("evalsha")
    assert await with_cookie(world, cookie, OTHER) == 401
    assert await redis.count("evalsha") == before


@pytest.mark.parametrize("purpose", [Purpose.SESSION, Purpose.ATTEMPT, Purpose.ARRIVAL])
async def test_25_what_was_sealed_for_something_else_is_no_reference(
    world: World, purpose: Purpose
) -> None:
    payload = encode_reference(Reference("id", bytes(32)))
    text = KeyRing([parse_key(KEY)]).seal(
        payload,
        purpose=purpose,
        cookie_name=world.name,
        host="app.example.com",
        nonce=bytes(12),
    )
    assert await with_cookie(world, text) == 401


async def test_23_a_planted_session_is_replaced_and_dead(
    world: World, redis: RedisServer
) -> None:
    await world.sign_in("bob")
    planted = world.session_cookie()
    assert planted is not None
    (old,) = await redis.keys("gateway:session:*")
    location = await world.back_from_logto("/.gateway/sign-in")
    page = await world.browser.navigate(location)
    assert page.status in {200, 404}
    assert world.session_cookie() != planted
    assert await with_cookie(world, planted) == 401
    assert old not in await redis.keys("gateway:session:*")


async def test_whoever_writes_to_redis_makes_no_session(
    world: World, redis: RedisServer
) -> None:
    """Not even by putting one person's session in the place of another's."""
    await world.sign_in()
    async with VirtualBrowser(
        now=world.clock, published=world.browser.published
    ) as bobs:
        await bobs.sign_in(world.url("/"), "bob")
        names = await redis.keys("gateway:session:*")
        values = [await redis.ask("HGETALL", name) for name in names]
        for name, found in zip(names, reversed(values), strict=True):
            await redis.ask("HSET", name, "s", found[b"s"])
        async with asyncio.timeout(20):  # until what is known has to be asked again
            for browser in (world.browser, bobs):
                while (  # noqa: ASYNC110 - it asks anew
                    await browser.fetch(world.url("/"), redirect=False)
                ).status != 401:
                    await asyncio.sleep(0.1)


@pytest.mark.parametrize("odd", [None, b"", b"garbage", b"\0" * 100], ids=repr)
@pytest.mark.parametrize("name", ["s", "n", "b", "g", "i"])
async def test_09_odd_values_in_redis_are_no_session_or_the_same(
    redis: RedisServer, name: str, odd: bytes | None
) -> None:
    """Each value of a session's hash is of somebody else, or gone."""
    kept = records(redis)
    assert await kept.begin(session(refresh_token="token"), 100)
    if odd is None:
        await redis.ask("HDEL", "gateway:session:one", name)
    else:
        await redis.ask("HSET", "gateway:session:one", name, odd)
    found = await kept.read(Reference("one", bytes(32)))
    same = found is not None and found.refresh_token == "token"
    assert same is (name != "s")
    await kept.server.close()


async def test_whoever_writes_to_redis_revokes_nobody_by_a_message(
    world: World, redis: RedisServer
) -> None:
    await world.sign_in()
    mark = Mark(Whose.EVERYBODY, "", world.clock() + 100, world.clock() + 1000)
    strangers = OwnKeys([parse_key(OTHER_KEY)])
    sealed = seal_message(strangers, mark, "stranger", secrets.token_bytes(12))
    for payload in (b"", b"x", b"[]", bytes(200), sealed):
        assert await redis.ask("PUBLISH", channel(0), payload) == 1
    ours = OwnKeys([parse_key(KEY)])
    sealed = seal_message(ours, mark, "another gateway", secrets.token_bytes(12))
    assert (await world.browser.fetch(world.url("/"))).status == 200
    await redis.ask("PUBLISH", channel(0), sealed)
    async with asyncio.timeout(2):
        while await status(world) != 401:  # noqa: ASYNC110 - it asks anew
            await asyncio.sleep(0.01)


# The list of one's sessions


async def test_nobody_ends_another_persons_session(
    world: World, redis: RedisServer
) -> None:
    await world.sign_in()
    (adas,) = await redis.keys("gateway:session:*")
    async with VirtualBrowser(
        now=world.clock, published=world.browser.published
    ) as bobs:
        await bobs.sign_in(world.url("/"), "bob")
        account = await bobs.navigate(world.url("/.gateway/"))
        assert adas.removeprefix("gateway:session:") not in account.text
        form = [("choice", adas.removeprefix("gateway:session:"))]
        page = await bobs.navigate(
            world.url("/.gateway/sessions"), came_from=account, form=form
        )
        assert page.url == world.url("/.gateway/")
    assert adas in await redis.keys("gateway:session:*")
    assert (await world.browser.fetch(world.url("/"))).status == 200


@pytest.mark.parametrize("came_from", [None, "https://evil.example/"])
async def test_19_another_site_ends_no_session(
    world: World, redis: RedisServer, came_from: str | None
) -> None:
    await world.sign_in()
    (name,) = await redis.keys("gateway:session:*")
    form = [("choice", name.removeprefix("gateway:session:"))]
    if came_from is None:
        page = await world.browser.fetch(
            world.url("/.gateway/sessions"),
            method="POST",
            headers={"Sec-Fetch-Site": "cross-site"},
            redirect=False,
        )
    else:
        page = await world.browser.navigate(
            world.url("/.gateway/sessions"), came_from=came_from, form=form
        )
    assert page.status == 403
    assert await redis.keys("gateway:session:*") == [name]


# No update is lost


def records(redis: RedisServer) -> Records:
    address = RedisAddress("unix", path=str(redis.socket))
    condition = Condition(away="")
    return Records(
        server=Adapter(address, "", Bounds(4, 1, 1), condition),
        own=OwnKeys([parse_key(KEY)]),
        settings=Settings(),
        database=0,
        sender="test",
        random_bytes=secrets.token_bytes,
    )


def session(**values: object) -> Session:
    identity = Identity(
        "s1", None, "ada", "x1", "Ada", None, email_verified=False, picture=None
    )
    made = {"id": "one", "signed_in_at": 100, "seen_at": 100, "expires_at": 9999}
    stored = Stored(bytes(32), "Firefox", "app.example.com")
    return Session(**{**made, "identity": identity, "stored": stored, **values})  # type: ignore[arg-type]


async def test_a_late_touch_does_not_undo_a_renewal(redis: RedisServer) -> None:
    kept = records(redis)
    begun = session(refresh_token="old")
    assert await kept.begin(begun, 100)
    renewed = session(refresh_token="new", generation=1)
    assert await kept.update(begun, renewed, 110) is Written.DONE
    late = session(refresh_token="old", seen_at=120)
    assert await kept.update(begun, late, 120) is Written.OLD
    found = await kept.read(Reference("one", bytes(32)))
    assert found is not None
    assert (found.refresh_token, found.generation) == ("new", 1)
    await kept.server.close()


async def test_of_two_renewals_one_is_kept(redis: RedisServer) -> None:
    kept = records(redis)
    begun = session()
    assert await kept.begin(begun, 100)
    outcomes = await asyncio.gather(
        *(
            kept.update(begun, session(generation=1, refresh_token=f"{n}"), 110)
            for n in range(20)
        )
    )
    assert sorted(outcomes) == [Written.OLD] * 19 + [Written.DONE]
    await kept.server.close()


async def test_what_ended_is_not_brought_back_by_a_late_answer(
    redis: RedisServer,
) -> None:
    kept = records(redis)
    begun = session()
    assert await kept.begin(begun, 100)
    await kept.tell(Mark(Whose.SESSION, "one", 105, 999), 105)
    late = session(generation=1, refresh_token="late")
    assert await kept.update(begun, late, 110, left_for=5) is Written.ENDED
    assert await kept.read(Reference("one", bytes(32))) is None
    found, lives = await kept.read_for_turn(begun)
    assert (found is not None and found.refresh_token, lives) == ("late", False)
    assert not [key for key in await redis.keys() if "session" in key]
    await kept.server.close()


async def test_who_was_revoked_while_signing_in_does_not_get_in(
    redis: RedisServer,
) -> None:
    kept = records(redis)
    await kept.tell(Mark(Whose.X_ID, "x1", 100.5, 999), 101)
    assert not await kept.begin(session(), 101)
    assert await kept.begin(session(signed_in_at=101), 101)
    await kept.server.close()
