"""Attacks on signing in: redirects that lead away, and sign-ins that get mixed up."""

import asyncio
import random
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import cast
from urllib.parse import parse_qs, quote, unquote, urlencode, urlsplit

import aiohttp
from yarl import URL

from gateway.demo.faults import Fault
from gateway.demo.people import Person
from tests.support.browser_address import decodings, resolve
from tests.support.html_page import read
from tests.support.open_redirects import collected
from tests.support.raw_client import RawClient, connected
from tests.support.virtual_browser import VirtualBrowser
from tests.support.whole_world import World, whole_world

NAVIGATION = {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
# One address signs in far more often here than people do in a minute.
MANY_SIGN_INS = "[limits]\nsign_ins_per_minute = 100000\n"


def readings() -> list[str]:
    """Return every trick raw, decoded once and decoded twice."""
    return list(dict.fromkeys(r for line in collected() for r in decodings(line)))


@dataclass(frozen=True, slots=True)
class Victim:
    """Someone who is signed in, and goes wherever a link or a form leads."""

    world: World
    http: aiohttp.ClientSession

    async def ask(
        self, target: str, cookies: str = "", form: str | None = None
    ) -> aiohttp.ClientResponse:
        address = URL(self.world.url(target), encoded=True)
        headers = NAVIGATION | ({"Cookie": cookies} if cookies else {})
        if form is not None:
            headers |= {
                "Sec-Fetch-Site": "same-origin",
                "Content-Type": "application/x-www-form-urlencoded",
            }
        async with self.http.request(
            "GET" if form is None else "POST",
            address,
            headers=headers,
            data=form,
            allow_redirects=False,
        ) as answer:
            await answer.read()
            return answer

    async def led_by(self, answer: aiohttp.ClientResponse) -> Iterator[str]:
        """Return every address that the attempt begun by *answer* leads to.

        What the pages of a failed sign-in link to, and where a callback that comes
        again leads somebody with a session.
        """
        assert answer.status == 303
        sent = parse_qs(urlsplit(answer.headers["Location"]).query)
        attempt = answer.headers["Set-Cookie"].partition(";")[0]
        back = {
            "state": sent["state"][0],
            "error": "access_denied",
            "iss": f"{self.world.logto.endpoint}/oidc",
        }
        callback = f"/.gateway/callback?{urlencode(back)}"
        failed = await self.ask(callback, attempt)
        assert failed.status == 400
        hrefs = [link.href for link in read(await failed.text())[1]]
        name, value = self.world.name, self.world.session_cookie()
        again = await self.ask(callback, f"{attempt}; {name}={value}")
        assert again.status == 303
        assert len(hrefs) >= 2
        rds = [
            rd for href in hrefs for rd in parse_qs(urlsplit(href).query).get("rd", [])
        ]
        return iter([*hrefs, *rds, again.headers["Location"]])


@asynccontextmanager
async def victim() -> AsyncIterator[Victim]:
    async with whole_world(tables=MANY_SIGN_INS) as world:
        await world.sign_in()
        async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as http:
            yield Victim(world, http)


def assert_stays(address: str, trick: str) -> None:
    """Hold that a browser on our host stays there when it follows *address*."""
    for reading in decodings(address):
        scheme, host, _ = resolve(reading, "http", "127.0.0.1")
        assert (scheme, host) == ("http", "127.0.0.1"), (trick, address)


def quoted(value: str) -> str:
    return quote(value, safe="", errors="surrogateescape")


async def test_20_no_rd_leads_away() -> None:
    async with victim() as person:
        for trick in readings():
            begun = await person.ask(f"/.gateway/sign-in?rd={quoted(trick)}")
            for address in await person.led_by(begun):
                assert_stays(address, trick)


async def test_20_no_rd_of_signing_up_or_switching_accounts_leads_away() -> None:
    async with victim() as person:
        for trick in collected():
            begun = await person.ask(f"/.gateway/sign-up?rd={quoted(trick)}")
            for address in await person.led_by(begun):
                assert_stays(address, trick)
            begun = await person.ask(
                "/.gateway/switch-account", form=f"rd={quoted(trick)}"
            )
            for address in await person.led_by(begun):
                assert_stays(address, trick)


async def answer_to(client: RawClient, target: bytes) -> tuple[int, bytes]:
    fields = b"Sec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: document"
    client.send(b"GET %b HTTP/1.1\r\nHost: 127.0.0.1\r\n%b\r\n\r\n" % (target, fields))
    answer = await client.read_response()
    return answer.status, answer.value(b"Location") or b""


async def test_20_no_requested_address_leads_away() -> None:
    async with whole_world() as world:
        for trick in readings():
            raw = trick.encode("utf-8", "surrogateescape")
            for target in (raw, b"/" + raw):
                if b"\n" in target or b"\r" in target or b" " in target or not target:
                    continue
                async with connected(world.gateway.port) as client:
                    status, location = await answer_to(client, target)
                assert status in {302, 308, 400, 404, 421}, target
                where = location.decode()
                assert_stays(where, trick)
                for rd in parse_qs(urlsplit(where).query).get("rd", []):
                    assert_stays(rd, trick)
                    assert_stays(unquote(rd), trick)
        assert world.upstream.requests == []


async def test_20_a_sign_in_arrives_where_the_attempt_says_and_nowhere_else() -> None:
    """The whole way, for tricks of every kind; the lists take the short one."""
    async with whole_world(session='same_site = "strict"') as world:
        for trick in (
            "https://evil.example/",
            "//evil.example",
            "/\\evil.example",
            "/\t/evil.example",
            "/%09/evil.example",
            "/%5cevil.example",
            "/%2f%2fevil.example",
            "javascript:alert(1)",
            "/;url=https://evil.example",
            "/'; url='https://evil.example",
            '/", url=https://evil.example',
            "/a\r\nRefresh: 0; url=https://evil.example",
        ):
            page = await world.browser.sign_in(
                world.url(f"/.gateway/sign-in?rd={quoted(trick)}")
            )
            assert page.url.startswith(world.gateway.url + "/"), trick
            assert page.status in {200, 400}


async def test_22_two_hundred_interleaved_sign_ins_are_not_mixed_up() -> None:
    dice = random.Random(22)  # noqa: S311 - the order of arrival, no secret
    people = [
        Person(
            key=f"p{n}",
            sub=f"sub-{n}",
            name=f"Person {n}",
            x_id=str(n),
            x_username=f"handle_{n}",
        )
        for n in range(200)
    ]
    async with whole_world(logto_keys='timeout = "30s"', tables=MANY_SIGN_INS) as world:
        world.logto.people.clear()
        world.logto.people.update((person.key, person) for person in people)
        # Nobody gets tokens before twenty have come for theirs; then all at once.
        crowd = cast("asyncio.Event", asyncio.Barrier(20))
        world.logto.faults["token"] = Fault(until=crowd)
        world.logto.faults["me"] = Fault(
            until=cast("asyncio.Event", asyncio.Barrier(5))
        )

        async def comes(person: Person) -> None:
            async with VirtualBrowser(now=world.clock) as browser:
                target = f"/of/{person.key}"
                page = await browser.sign_in(world.url(target), person.key)
                assert (page.url, page.status) == (world.url(target), 200)
                answer = await browser.fetch(world.url("/.gateway/userinfo"))
                assert answer.json()["sub"] == person.sub
                assert answer.json()["x_username"] == person.x_username

        dice.shuffle(people)
        async with asyncio.TaskGroup() as group:
            for person in people:
                group.create_task(comes(person))
        told = {
            reached.target: reached.value("X-Forwarded-User")
            for reached in world.upstream.requests
        }
        assert told == {f"/of/{person.key}": person.sub for person in people}
