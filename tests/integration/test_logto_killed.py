"""Logto is killed under load and comes back: whoever is signed in notices nothing."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import pytest

from gateway.demo.listener import Listener
from tests.support import telling_upstream
from tests.support.gateway_process import (
    GatewayProcess,
    gateway_process,
    write_configuration,
)
from tests.support.logto_process import LogtoProcess, logto_process, person
from tests.support.nginx import answers, free_port
from tests.support.running_gateway import anyone
from tests.support.virtual_browser import VirtualBrowser

PEOPLE, EACH = 20, 10  # browsers, and connections of each
ID_TOKEN = 2.0  # seconds: sessions are renewed that often
WAIT = 15.0  # seconds in which Logto is asked again


@dataclass(slots=True)
class Load:
    """Everybody asks for everything, all the time."""

    origin: str
    browsers: list[VirtualBrowser]
    answers: Counter[str] = field(default_factory=Counter)

    async def ask_on(self, number: int, over: asyncio.Event) -> None:
        """Ask as person *number*, over one connection, until it is *over*."""
        browser, subject = self.browsers[number], person(number).sub
        while not over.is_set():
            page = await browser.fetch(self.origin + "/", redirect=False)
            right = page.status == 200 and page.text == subject
            self.answers["right" if right else f"{page.status} {page.text[:40]}"] += 1

    async def more(self, count: int = 1000) -> None:
        """Wait for *count* more answers."""
        wanted = self.answers.total() + count
        async with asyncio.timeout(WAIT):
            while self.answers.total() < wanted:  # noqa: ASYNC110 - no event
                await asyncio.sleep(0.02)


async def refreshes(logto: LogtoProcess) -> int:
    count: int = (await logto.tell()).get("refreshes", 0)
    return count


async def asked_again(logto: LogtoProcess) -> None:
    """Wait until sessions have been renewed, as often as there are any."""
    wanted = await refreshes(logto) + PEOPLE
    async with asyncio.timeout(WAIT):
        while await refreshes(logto) < wanted:  # noqa: ASYNC110 - in another process
            await asyncio.sleep(0.05)


@asynccontextmanager
async def signed_in(origin: str, count: int) -> AsyncIterator[list[VirtualBrowser]]:
    """Give browsers in which person 0, 1, 2 … have signed in."""
    async with AsyncExitStack() as stack:
        browsers = []
        for number in range(count):
            browser = await stack.enter_async_context(VirtualBrowser())
            page = await browser.sign_in(origin + "/", person(number).key)
            assert page.text == person(number).sub
            browsers.append(browser)
        yield browsers


async def sign_out(browser: VirtualBrowser, origin: str) -> str:
    """Sign out, and return the Cookie field that was good until then."""
    cookie = browser.cookie_header(origin)
    leave = origin + "/.gateway/sign-out"
    page = await browser.navigate(
        leave, came_from=origin + "/", form=[], until="http://localhost"
    )
    assert page.status < 500
    return cookie


async def is_out(cookie: str, origin: str) -> bool:
    async with aiohttp.ClientSession() as http:
        headers = {"Cookie": cookie}
        async with http.get(origin, headers=headers, allow_redirects=False) as answer:
            return answer.status == 401


async def newcomers_are_told(origin: str) -> None:
    """Hold that nobody can sign in now, and is told when to try again.

    Until the gateway has noticed, the way leads to a Logto that does not answer.
    """
    page = None
    async with VirtualBrowser() as browser, asyncio.timeout(WAIT):
        while page is None:
            try:
                page = await browser.navigate(origin + "/")
            except aiohttp.ClientConnectorError:
                await asyncio.sleep(0.05)
    assert page.status == 503
    assert int(page.header("retry-after") or 0) > 0


@asynccontextmanager
async def _log(folder: Path) -> AsyncIterator[int]:
    """Give a file for the gateway's log: nobody reads along."""
    with (folder / "log").open("wb") as log:
        yield log.fileno()


@asynccontextmanager
async def before(
    folder: Path, *, rotation: bool
) -> AsyncIterator[tuple[str, LogtoProcess, GatewayProcess]]:
    """Run an application, a Logto and a gateway, each a process or like one."""
    port = free_port()
    origin = f"http://127.0.0.1:{port}"
    async with (
        Listener(telling_upstream.application, "127.0.0.1", 0) as upstream,
        logto_process(
            folder,
            people=PEOPLE + 1,
            gateways=[origin],
            id_token=ID_TOKEN,
            rotation=rotation,
        ) as logto,
        _log(folder) as log,
        gateway_process(
            write_configuration(
                folder,
                anyone(upstream.origin),
                listen=f'"127.0.0.1:{port}"',
                public_url=origin,
                logto=logto.endpoint,
            ),
            stdout=log,
        ) as gateway,
    ):
        await answers(port)
        yield origin, logto, gateway


@pytest.mark.parametrize("rotation", [True, False])
async def test_nobody_is_signed_out_and_nobody_wrongly_in(
    tmp_path: Path, *, rotation: bool
) -> None:
    async with (
        asyncio.timeout(4 * WAIT),
        before(tmp_path, rotation=rotation) as (origin, logto, gateway),
        signed_in(origin, PEOPLE + 1) as browsers,
    ):
        leaving = browsers.pop()
        load, over = Load(origin, browsers), asyncio.Event()
        async with asyncio.TaskGroup() as group:
            for number in range(PEOPLE):
                for _ in range(EACH):
                    group.create_task(load.ask_on(number, over))
            await asked_again(logto)
            await logto.kill()
            await load.more()
            left = await sign_out(leaving, origin)
            await newcomers_are_told(origin)
            await load.more()
            await logto.start_again()
            await asked_again(logto)
            assert await is_out(left, origin)
            over.set()
        assert set(load.answers) == {"right"}, load.answers
        assert (await logto.tell()).get("invalid_grants", 0) == 0
        async with signed_in(origin, 1):
            assert await gateway.stopped() == 0
    lines = (tmp_path / "log").read_text().splitlines()
    told = [json.loads(line)["event"] for line in lines]
    assert told.count("session_ended") == 0
    assert told.count("logto_answers") == 1
