"""How long a session lasts, what renews it, and what is no session."""

import base64
from dataclasses import replace

import pytest

from gateway.sessions.codec import KeyRing, Purpose
from tests.support.running_gateway import KEY, anyone, running_gateway
from tests.support.sample_routes import EVERY_ACCESS
from tests.support.virtual_browser import VirtualBrowser
from tests.support.whole_world import ADA, BOB, World, whole_world

OTHER_KEY = "ZmVkY2JhOTg3NjU0MzIxMGZlZGNiYTk4NzY1NDMyMTA"


async def is_signed_in(world: World) -> bool:
    """Ask as a script, which is never led to Logto."""
    answer = await world.browser.fetch(world.url("/script"))
    return answer.status == 200


# Limits.


async def test_a_session_that_is_over_begins_anew_with_the_next_navigation() -> None:
    async with whole_world(session='idle_timeout = "30m"') as world:
        await world.sign_in()
        before = world.session_cookie()
        world.clock.at += 1800
        assert not await is_signed_in(world)
        page = await world.open("/notes?id=1")
        assert (page.url, page.status) == (world.url("/notes?id=1"), 200)
        assert world.logto.requests.count("x") == 2  # X was asked once
        assert world.session_cookie() != before
        assert await is_signed_in(world)


async def test_a_session_that_nobody_uses_ends() -> None:
    async with whole_world(session='idle_timeout = "20m"') as world:
        world.logto.lifetimes.id_token = 86400
        await world.sign_in()
        for _ in range(10):
            world.clock.at += 1199
            assert await is_signed_in(world)
        world.clock.at += 1200
        assert not await is_signed_in(world)


async def test_a_session_ends_at_its_absolute_limit_however_much_it_is_used() -> None:
    limits = 'idle_timeout = "20m"\nmax_age = "1h"'
    async with whole_world(session=limits) as world:
        world.logto.lifetimes.id_token = 86400
        await world.sign_in()
        for _ in range(3):
            world.clock.at += 1190
            assert await is_signed_in(world)
        world.clock.at += 30
        assert not await is_signed_in(world)


async def test_the_cookie_is_gone_from_the_browser_at_the_absolute_limit() -> None:
    async with whole_world(session='idle_timeout = "1h"\nmax_age = "2h"') as world:
        await world.sign_in()
        (cookie,) = (c for c in world.cookies() if c.name == world.name)
        assert cookie.expires_at == pytest.approx(world.clock() + 7200, abs=2)
        world.clock.at += 600
        await world.open("/")
        (renewed,) = (c for c in world.cookies() if c.name == world.name)
        assert renewed.value != cookie.value
        assert renewed.expires_at == pytest.approx(cookie.expires_at, abs=2)


# Renewal.


async def test_only_the_answer_that_renews_the_cookie_is_not_cached() -> None:
    async with whole_world() as world:
        world.upstream.fields = {"Cache-Control": "max-age=60", "ETag": '"1"'}
        await world.sign_in()
        for _ in range(2):
            page = await world.open("/")
            assert world.set_cookies(page) == []
            assert page.header("cache-control") == "max-age=60, private"
        world.clock.at += 301
        page = await world.open("/")
        assert world.set_cookies(page) == [world.name]
        assert page.header("cache-control") == "no-store"
        page = await world.open("/")
        assert world.set_cookies(page) == []


async def test_a_limit_that_was_lowered_does_not_break_requests() -> None:
    names = 'cookie_name = "gw"'
    headers = "\n".join(f'X-Long-{number} = "custom_data.{number}"' for number in "12")
    tables = f"[identity.headers]\n{headers}"
    scopes = 'scopes = ["custom_data"]'
    async with whole_world(session=names, tables=tables, logto_keys=scopes) as world:
        world.logto.behaviour.userinfo_hook = lambda real: real.update(
            custom_data=dict.fromkeys("12", "x" * 700)
        )
        await world.sign_in()
        world.clock.at += 400
        async with running_gateway(
            world.logto,
            anyone(world.upstream.url),
            now=world.clock,
            session=f'{names}\nmax_cookie_size = "1KiB"',
        ) as lower:
            answer = await world.browser.fetch(lower.url + "/a")
            assert answer.status == 200
            assert answer.headers("set-cookie") == []


# Keys.


async def test_a_new_key_in_front_opens_old_sessions_and_seals_them_anew() -> None:
    names = 'cookie_name = "gw"'
    async with whole_world(session=names) as world:
        await world.sign_in()
        old = world.session_cookie()
        for keys, opens, renews in (
            (f'["{OTHER_KEY}", "{KEY}"]', True, True),
            (f'["{OTHER_KEY}"]', True, False),
            (f'["{KEY}"]', False, False),
        ):
            async with running_gateway(
                world.logto,
                anyone(world.upstream.url),
                now=world.clock,
                keys=keys,
                session=names,
            ) as other:
                answer = await world.browser.fetch(other.url + "/a")
                assert (answer.status == 200) == opens
                assert bool(answer.headers("set-cookie")) == renews
        assert world.session_cookie() != old


# What is on the wire.


async def test_over_https_the_cookie_is_bound_to_the_host() -> None:
    async with whole_world(public_url="https://app.example.com") as world:
        page = await world.sign_in()
        assert world.name == "__Host-gateway"
        assert not world.browser.cookies.refused
        for cookie in world.cookies():
            assert cookie.secure
            assert cookie.http_only
            assert cookie.host_only
            assert cookie.same_site == "lax"
        values = [v for step in page.history for v in step.headers("set-cookie")]
        ours = [v for v in values if v.startswith("__Host-gateway")]
        assert ours
        for value in ours:
            assert "; Path=/; Secure; HttpOnly; SameSite=Lax" in value
            assert "domain" not in value.lower()


async def test_over_http_the_cookie_is_named_after_the_port() -> None:
    async with whole_world() as world:
        await world.sign_in()
        assert world.name == f"gateway-{world.gateway.port}"
        assert all(c.http_only and not c.secure for c in world.cookies())


async def test_a_large_session_takes_chunks_and_leaves_none_behind() -> None:
    headers = "\n".join(
        f'X-Long-{number} = "custom_data.{number}"' for number in "12345"
    )
    async with whole_world(
        public_url="https://app.example.com",
        session='max_cookie_size = "14KiB"',
        tables=f"[identity.headers]\n{headers}",
        logto_keys='scopes = ["custom_data"]',
    ) as world:
        long = {number: number * 1000 for number in "12345"}
        world.logto.behaviour.userinfo_hook = lambda real: real.update(
            custom_data=long if real["sub"] == ADA else {}
        )
        await world.sign_in()
        assert world.upstream.last.value("X-Long-5") == "5" * 1000
        chunks = {c.name for c in world.cookies() if "-attempt-" not in c.name}
        assert chunks >= {"__Host-gateway", "__Host-gateway.1"}
        account = await world.open("/.gateway/")
        page = await world.browser.click(account, "Switch account")
        await world.browser.choose(page, "bob")
        assert world.subject == BOB
        chunks = {c.name for c in world.cookies() if "-attempt-" not in c.name}
        assert chunks == {"__Host-gateway"}
        page = await world.open("/.gateway/")
        page = await world.browser.click(page, "Switch account")
        await world.browser.choose(page, "ada")
        await world.sign_out()  # attack 27
        assert not world.cookies()


# What is no session: attack 10.


def broken_cookies(world: World) -> dict[str, str]:
    """Return Cookie fields that look like the session's and are none."""
    name, value = world.name, world.session_cookie() or ""
    (attempt,) = world.cookies("-attempt-")
    sealed = {
        "name": name,
        "purpose": KeyRing([base64.urlsafe_b64decode(KEY + "=")]).seal(
            b"{}",
            purpose=Purpose.ARRIVAL,
            cookie_name=name,
            host="127.0.0.1",
            nonce=bytes(12),
        ),
        "host": KeyRing([base64.urlsafe_b64decode(KEY + "=")]).seal(
            b"{}",
            purpose=Purpose.SESSION,
            cookie_name=name,
            host="other",
            nonce=bytes(12),
        ),
        "payload": KeyRing([base64.urlsafe_b64decode(KEY + "=")]).seal(
            b"\xff{",
            purpose=Purpose.SESSION,
            cookie_name=name,
            host="127.0.0.1",
            nonce=bytes(12),
        ),
        "key": KeyRing([bytes(32)]).seal(
            b"{}",
            purpose=Purpose.SESSION,
            cookie_name=name,
            host="127.0.0.1",
            nonce=bytes(12),
        ),
    }
    flipped = "A" if value[40] != "A" else "B"
    return {
        "empty": f"{name}=",
        "no value": name,
        "truncated": f"{name}={value[:-1]}",
        "half": f"{name}={value[: len(value) // 2]}",
        "longer": f"{name}={value}A",
        "padded": f"{name}={value}==",
        "a flipped character": f"{name}={value[:40]}{flipped}{value[41:]}",
        "huge": f"{name}={'A' * 30_000}",
        "not UTF-8": f"{name}=\xff\xfe\x80",
        "quoted": f'{name}="{value}"',
        "twice, contradicting": f"{name}={value}; {name}={value[:-1]}",
        "a chunk missing": f"{name}=2.AAAAAAAA.{value}",
        "a chunk too many": f"{name}={value}; {name}.1=AAAAAAAA.x",
        "a huge count": f"{name}=99999999999999999999.AAAAAAAA.{value}",
        "a negative count": f"{name}=-1.AAAAAAAA.{value}",
        "another name": f"{name}x={value}",
        "another case": f"{name.upper()}={value}",
        "25 an attempt": f"{name}={attempt.value.partition('.')[2]}",
        "25 another purpose": f"{name}={sealed['purpose']}",
        "25 another host": f"{name}={sealed['host']}",
        "another key": f"{name}={sealed['key']}",
        "sealed rubbish": f"{name}={sealed['payload']}",
        "a thousand": "; ".join(f"{name}.{n}=x" for n in range(1000)),
        "raw JSON beside it": f'_interaction={{"a":"b,c"}}; {name}={value[:-2]}',
    }


async def test_10_a_broken_cookie_is_no_session_on_any_endpoint() -> None:
    async with whole_world(EVERY_ACCESS) as world:
        await world.sign_in()
        for label, cookie in broken_cookies(world).items():
            async with VirtualBrowser(now=world.clock) as stranger:
                sent = {"Cookie": cookie}
                world.upstream.requests.clear()
                for target, status in (
                    ("/", 401),
                    ("/.gateway/userinfo", 401),
                    ("/.gateway/", 200),
                    ("/.gateway/signed-out", 200),
                    ("/.gateway/callback?state=a&code=b", 400),
                    ("/.gateway/healthz", 200),
                    ("/public", 200),
                    ("/optional", 200),
                ):
                    answer = await stranger.fetch(world.url(target), headers=sent)
                    assert answer.status == status, (label, target)
                    assert "You are signed in" not in answer.text, label
                for reached in world.upstream.requests:
                    assert reached.value("X-Forwarded-User") is None, label
                assert world.upstream.targets == ["/public", "/optional"], label
                page = await stranger.navigate(
                    world.url("/.gateway/sign-in"),
                    headers=sent,
                    until=world.logto.endpoint,
                )
                assert page.status == 303, label
                page = await stranger.navigate(
                    world.url("/.gateway/sign-out"),
                    came_from=world.url("/"),
                    headers=sent,
                    form=[],
                    until=world.logto.endpoint,
                )
                assert page.status == 303, label
        assert await is_signed_in(world)
        assert world.logto.requests.count("revocation") == 0


async def test_10_whoever_comes_with_a_broken_cookie_can_sign_in() -> None:
    async with whole_world() as world:
        broken = [f"{world.name}=broken; Path=/", f"{world.name}.1=left; Path=/"]
        world.browser.cookies.store(world.url(), broken, world.clock())
        await world.sign_in()
        assert world.subject == ADA
        assert {c.name for c in world.cookies() if "-attempt-" not in c.name} == {
            world.name
        }


async def test_other_peoples_cookies_do_not_hide_ours_and_pass_untouched() -> None:
    async with whole_world() as world:
        await world.sign_in()
        value = world.session_cookie()
        others = 'a={"x":"1,2"}', "b", "=c", 'd="q', "\xfc=\xfc"
        cookie = "; ".join([*others[:2], f"{world.name}={value}", *others[2:]])
        async with VirtualBrowser(now=world.clock) as browser:
            answer = await browser.fetch(world.url("/a"), headers={"Cookie": cookie})
        assert answer.status == 200
        assert world.subject == ADA
        passed = world.upstream.last.value("Cookie")
        assert passed is not None
        assert passed.encode("latin-1") in {
            "; ".join(others).encode("latin-1"),
            "; ".join(others).encode(),
        }


# A session belongs to the sign-in that made it.


async def test_23_a_planted_session_is_replaced_at_sign_in_and_dead() -> None:
    async with whole_world() as world, VirtualBrowser(now=world.clock) as attacker:
        page = await attacker.sign_in(world.url("/"), "bob")
        assert page.status == 200
        (planted,) = (
            c for c in attacker.cookies.all(world.clock()) if c.name == world.name
        )
        world.browser.cookies.store(
            world.url(), [f"{planted.name}={planted.value}; Path=/"], world.clock()
        )
        page = await world.browser.sign_in(world.url("/.gateway/sign-in?rd=/mine"))
        assert page.url == world.url("/mine")
        assert world.subject == ADA
        assert world.session_cookie() != planted.value
        answer = await attacker.fetch(world.url("/.gateway/userinfo"))
        assert answer.status == 401


async def test_a_second_sign_in_does_not_end_the_shared_grant() -> None:
    async with whole_world() as world:
        await world.sign_in()
        await world.browser.sign_in(world.url("/.gateway/sign-in?rd=/"))
        assert world.logto.requests.count("token") == 2
        assert world.logto.requests.count("revocation") == 0


async def test_a_name_that_changed_at_logto_is_told_after_the_next_sign_in() -> None:
    async with whole_world() as world:
        await world.sign_in()
        ada = world.logto.people["ada"]
        world.logto.people["ada"] = replace(ada, name="Ada Lovelace")
        await world.browser.sign_in(world.url("/.gateway/sign-in?rd=/"))
        assert world.upstream.last.value("X-Forwarded-Name") == "Ada Lovelace"
