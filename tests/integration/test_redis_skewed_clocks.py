"""Two gateways that share a Redis and do not agree on the time."""

from contextlib import AsyncExitStack

import pytest

from gateway.demo.logto import EmulatedLogto
from tests.support.asking_application import Clock
from tests.support.recording_upstream import recording_upstream
from tests.support.redis_server import redis_server
from tests.support.replicas import PUBLIC
from tests.support.running_gateway import anyone, running_gateway
from tests.support.virtual_browser import VirtualBrowser

INTERVAL = 590  # seconds: some of the sessions' intervals are over


@pytest.mark.parametrize("ahead", [5, 45, -45])
async def test_nobody_is_signed_out_and_who_signs_out_is_out_at_both(
    ahead: int,
) -> None:
    clock = Clock()
    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        redis, upstream = await enter(redis_server()), await enter(recording_upstream())
        logto = await enter(EmulatedLogto.start(now=clock))
        browser = await enter(VirtualBrowser(now=clock))
        clocks = (clock, lambda: clock.at + ahead)
        gateways = [
            await enter(
                running_gateway(
                    logto,
                    anyone(upstream.url),
                    now=now,
                    public_url=PUBLIC,
                    session=redis.session,
                )
            )
            for now in clocks
        ]

        async def ask(place: int) -> int:
            at = f"http://127.0.0.1:{gateways[place].port}"
            browser.published[PUBLIC] = at
            return (await browser.fetch(f"{PUBLIC}/", redirect=False)).status

        for signed_in_at in (0, 1):
            assert await ask(signed_in_at) == 401
            assert (await browser.sign_in(f"{PUBLIC}/")).status == 200
            logto.requests.clear()
            for _ in range(6):
                clock.at += INTERVAL
                assert [await ask(place) for place in (0, 1, 0, 1)] == [200] * 4
            asked = logto.requests.count("token", grant_type="refresh_token")
            assert 1 <= asked <= 7
            cookie = browser.cookie_header(PUBLIC)
            account = await browser.navigate(f"{PUBLIC}/.gateway/")
            await browser.click(account, "Sign out")
            planted = [f"{part}; Path=/; Secure" for part in cookie.split("; ")]
            browser.cookies.store(PUBLIC, planted, clock())
            assert [await ask(place) for place in (0, 1)] == [401, 401]
