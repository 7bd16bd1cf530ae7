"""Applications are sent a person's tokens where the operator says so."""

from dataclasses import replace

import jwt
import pytest

from gateway.demo.people import ADA as ADA_AT_X
from gateway.demo.signing_keys import Claims, Header
from tests.support.asking_application import claims_of
from tests.support.recording_upstream import Reached
from tests.support.sample_routes import EVERY_ACCESS
from tests.support.whole_world import ADA, World, whole_world

ORDERS, OTHER = "https://orders.example.com", "https://other.example.com"
ACCESS, ID = "X-Forwarded-Access-Token", "X-Forwarded-Id-Token"
BOTH = "[identity]\npass_access_token = true\npass_id_token = true\n"
ROOM = 'max_cookie_size = "8KiB"'


def tokens_in(reached: Reached) -> tuple[str | None, str | None]:
    return reached.value(ACCESS), reached.value(ID)


async def is_for_userinfo(world: World, token: str | None) -> bool:
    found = world.logto.tenant.grants.access(token or "")
    return found is not None and found.grant.sub == ADA


async def test_by_default_no_token_goes_anywhere() -> None:
    async with whole_world() as world:
        await world.sign_in()
        assert tokens_in(world.upstream.last) == (None, None)


async def test_both_are_sent_where_the_application_is_told_who_it_is() -> None:
    async with whole_world(EVERY_ACCESS, tables=BOTH, session=ROOM) as world:
        await world.sign_in()
        access, id_token = tokens_in(world.upstream.last)
        assert await is_for_userinfo(world, access)
        assert id_token is not None
        assert claims_of(id_token)["sub"] == ADA
        await world.open("/optional")
        assert tokens_in(world.upstream.last) == (access, id_token)
        for path in ("/public", "/optional/bob"):
            await world.open(path)
            assert tokens_in(world.upstream.last) == (None, None)
        await world.browser.fetch(world.url("/public"), headers={ACCESS: "x"})
        assert tokens_in(world.upstream.last) == (None, None)


@pytest.mark.parametrize(
    ("key", "sent"),
    [("pass_access_token", (True, False)), ("pass_id_token", (False, True))],
)
async def test_one_can_be_sent_without_the_other(
    key: str, sent: tuple[bool, bool]
) -> None:
    async with whole_world(tables=f"[identity]\n{key} = true\n") as world:
        await world.sign_in()
        access, id_token = tokens_in(world.upstream.last)
        assert (access is not None, id_token is not None) == sent


async def test_with_resources_the_access_token_is_for_the_first_of_them() -> None:
    async with whole_world(
        tables="[identity]\npass_access_token = true\n",
        session=ROOM,
        logto_keys=f'resources = ["{ORDERS}", "{OTHER}"]\n'
        'scopes = ["profile", "read:orders", "write:orders"]',
    ) as world:
        world.logto.resources.update({ORDERS, OTHER})
        permissions = {ORDERS: ("read:orders",), OTHER: ("read:others",)}
        world.logto.people["ada"] = replace(ADA_AT_X, permissions=permissions)
        await world.sign_in()
        token = world.upstream.last.value(ACCESS)
        assert token is not None
        key = world.logto.keys.current.private.public_key()
        told = jwt.decode(
            token,
            key,
            ["ES384"],
            audience=ORDERS,
            options={"verify_exp": False, "verify_iat": False},
        )
        assert (told["sub"], told["scope"]) == (ADA, "read:orders")


async def test_a_token_for_somebody_else_is_not_sent() -> None:
    async with whole_world(
        tables="[identity]\npass_access_token = true\n",
        logto_keys=f'resources = ["{ORDERS}"]',
    ) as world:
        world.logto.resources.add(ORDERS)

        def for_others(claims: Claims, _header: Header) -> str | None:
            claims["aud"] = OTHER
            return None

        world.logto.behaviour.access_token_hook = for_others
        page = await world.browser.sign_in(world.url("/"), "ada")
        # What cannot be believed is not sent, and nobody is signed in with less.
        assert page.status == 503
        assert world.upstream.requests == []


async def test_they_are_renewed_before_they_end() -> None:
    async with whole_world(
        tables=BOTH, session=f'{ROOM}\nrevalidate = "7d"\nmax_age = "7d"'
    ) as world:
        world.logto.lifetimes.access_token = 300.0
        await world.sign_in()
        sent = tokens_in(world.upstream.last)
        for _ in range(3):
            world.clock.at += 290
            before = sent
            for _ in range(50):  # it serves on while Logto is asked
                await world.open("/")
                sent = tokens_in(world.upstream.last)
                access, id_token = sent
                assert await is_for_userinfo(world, access)
                assert id_token is not None
                assert claims_of(id_token)["exp"] > world.clock()
                if sent[0] != before[0]:
                    break
            assert sent[0] != before[0]


async def test_one_that_has_ended_is_not_sent() -> None:
    """Logto is away: the session lives on, with what is good still."""
    async with whole_world(tables=BOTH, session=ROOM) as world:
        world.logto.lifetimes.access_token = 300.0
        await world.sign_in()
        await world.logto.stop()
        world.clock.at += 300
        assert (await world.open("/")).status == 200
        access, id_token = tokens_in(world.upstream.last)
        assert access is None
        assert id_token is not None
        world.clock.at += 3600
        assert (await world.open("/")).status == 200
        assert tokens_in(world.upstream.last) == (None, None)


async def test_a_session_that_does_not_fit_says_so() -> None:
    async with whole_world(tables=BOTH, session='max_cookie_size = "1KiB"') as world:
        page = await world.browser.sign_in(world.url("/"), "ada")
        assert page.status == 500
        assert "session.max_cookie_size" in page.text
        assert world.session_cookie() is None


async def test_30_no_page_and_no_json_shows_them() -> None:
    async with whole_world(tables=BOTH, session=ROOM) as world:
        await world.sign_in()
        access, id_token = tokens_in(world.upstream.last)
        assert access
        assert id_token
        account = await world.open("/.gateway/")
        userinfo = await world.open("/.gateway/userinfo")
        for page in (account, userinfo):
            assert page.status == 200
            assert access not in page.text
            assert id_token not in page.text
        assert ACCESS in account.text
        assert "A token of yours from Logto (not shown)" in account.text


async def test_what_the_operator_takes_back_is_sent_no_more() -> None:
    """Cookies of before still hold a token."""
    named = f'{ROOM}\ncookie_name = "kept"'
    async with whole_world(tables=BOTH, session=named) as world:
        await world.sign_in()
        cookie = f"kept={world.session_cookie()}"
        assert all(tokens_in(world.upstream.last))
    async with whole_world(session=named) as later:
        answer = await later.browser.fetch(later.url("/"), headers={"Cookie": cookie})
        assert (answer.status, later.subject) == (200, ADA)
        assert tokens_in(later.upstream.last) == (None, None)
