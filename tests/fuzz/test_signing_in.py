"""Signing in, by any browser, on any host, in any order, with any parameters.

A machine that knows who may be signed in where: whoever finishes an attempt that the
same browser began on the same host, once, as it was given. Nothing else may change it,
and nothing may make the gateway fail.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import aiohttp
import pytest
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    multiple,
    precondition,
    rule,
    run_state_machine_as_test,
)
from yarl import URL

from tests.support.fuzzing import briefly
from tests.support.loop_thread import LoopThread, loop_thread
from tests.support.sample_routes import TWO_HOSTS
from tests.support.virtual_browser import VirtualBrowser
from tests.support.whole_world import ADA, BOB, World, whole_world

ONE, OTHER = "https://one.example.com", "https://other.example.com"
HOSTS = (ONE, OTHER)
PEOPLE = {"ada": ADA, "bob": BOB}
NO_LIMITS = "[limits]\nsign_ins_per_minute = 1000000\n"
BROWSERS = 3
LASTS = 600  # seconds that an attempt is good for
CODE_LASTS = 30  # and what Logto sends back with, at the least
MOST_ATTEMPTS = 7  # whose cookies a browser keeps
NAMES = ("state", "code", "iss", "error", "error_description", "session_state", "x")
OWN = (
    "", "sign-in", "sign-up", "callback", "signed-out", "userinfo", "healthz",
    "sessions",
    "auth", "jwks.json", "backchannel-logout", "hooks/logto", "assets/style.css",
    "none",
)  # fmt: skip
METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "get", "BREW")

Query = tuple[tuple[str, str], ...]
browsers = st.integers(0, BROWSERS - 1)
hosts = st.sampled_from(HOSTS)
people = st.sampled_from(sorted(PEOPLE))
texts = st.one_of(
    st.text(max_size=20),
    st.sampled_from(("", "/", "//evil.example", "login_required", "null", "%00", "0")),
)


@dataclass(frozen=True, slots=True)
class Attempt:
    """An attempt at Logto's door, begun by a *browser* on a *host*."""

    browser: int
    host: str
    url: str  # where Logto asks who it is
    at: float  # unix seconds
    number: int  # of that browser's attempts on that host


@dataclass(eq=False, slots=True)
class Arrival:
    """What Logto sends a browser back with; good once."""

    attempt: Attempt
    person: str
    query: Query
    at: float  # unix seconds
    touched: bool = field(default=False)  # by somebody who tried something with it
    spent: bool = field(default=False)  # somebody is signed in by it


class SigningIn(RuleBasedStateMachine):
    """Everything that people, their browsers and strangers can do."""

    thread: LoopThread
    world: World

    attempts: Bundle[Attempt] = Bundle("attempts")
    arrivals: Bundle[Arrival] = Bundle("arrivals")

    def __init__(self) -> None:
        super().__init__()
        self.who: dict[tuple[int, str], str | None] = {}
        self.at_logto: dict[int, str] = {}
        self.begun: Counter[tuple[int, str]] = Counter()
        self.browsers = [self._browser() for _ in range(BROWSERS)]

    def teardown(self) -> None:
        for browser in self.browsers:
            self.thread.run(browser.close())

    def _browser(self) -> VirtualBrowser:
        real = f"http://127.0.0.1:{self.world.gateway.port}"
        published = dict.fromkeys(HOSTS, real)
        return VirtualBrowser(now=self.world.clock, published=published)

    # What people do.

    @rule(target=attempts, browser=browsers, host=hosts, name=st.sampled_from(OWN[1:3]))
    def begins(self, browser: int, host: str, name: str) -> Attempt | Any:  # noqa: ANN401
        url = f"{host}/.gateway/{name}?rd=/x"
        page = self.thread.run(self.browsers[browser].navigate(url, until=self._logto))
        assert page.status == 303
        assert page.location is not None
        self._is_as_it_was(browser)
        self.begun[browser, host] += 1
        at, number = self.world.clock(), self.begun[browser, host]
        return Attempt(browser, host, page.location, at, number)

    @rule(target=arrivals, attempt=consumes(attempts), person=people)
    def chooses(self, attempt: Attempt, person: str) -> Arrival | Any:  # noqa: ANN401
        callback = f"{attempt.host}/.gateway/callback"
        browser = self.browsers[attempt.browser]
        page = self.thread.run(browser.sign_in(attempt.url, person, until=callback))
        if page.location is None:  # Logto has lost it: two tabs ask it at a time
            return multiple()
        query = tuple(parse_qsl(urlsplit(page.location).query))
        assert dict(query).keys() >= {"code", "state", "iss"}
        person = self.at_logto.setdefault(attempt.browser, person)  # asked only once
        return Arrival(attempt, person, query, self.world.clock())

    @rule(arrival=arrivals)
    def arrives(self, arrival: Arrival) -> None:
        attempt, untouched = arrival.attempt, not arrival.touched
        self._call_back(attempt.browser, attempt.host, arrival.query)
        self._may_be_signed_in_by(arrival)
        if untouched and self._is_fresh(arrival):
            assert arrival.spent

    @rule(browser=browsers, host=hosts)
    def signs_out(self, browser: int, host: str) -> None:
        where = f"{host}/.gateway/sign-out"
        visit = self.browsers[browser].navigate(
            where, came_from=f"{host}/.gateway/", form=[], until=self._logto
        )
        assert self.thread.run(visit).status in {200, 303}
        self.who[browser, host] = None
        self.begun[browser, host] += MOST_ATTEMPTS  # those that were begun are over
        self._is_as_it_was(browser)

    @rule(seconds=st.sampled_from((1, 59, 599, 601)))
    def waits(self, seconds: int) -> None:
        self.world.clock.at += seconds

    # What nobody should.

    @rule(
        arrival=arrivals,
        browser=browsers,
        host=hosts,
        method=st.sampled_from(METHODS),
        names=st.lists(st.sampled_from(NAMES), max_size=3),
        values=st.lists(texts, min_size=3, max_size=3),
        how=st.sampled_from(("drop", "twice", "replace", "append", "nothing")),
    )
    def comes_changed(  # noqa: PLR0913, PLR0917 - that many ways to go wrong
        self,
        arrival: Arrival,
        browser: int,
        host: str,
        method: str,
        names: Sequence[str],
        values: Sequence[str],
        how: str,
    ) -> None:
        query = changed(arrival.query, how, dict(zip(names, values, strict=False)))
        same = (browser, host) == (arrival.attempt.browser, arrival.attempt.host)
        self._call_back(browser, host, query, method)
        if same and method in {"GET", "HEAD"} and set(arrival.query) <= set(query):
            self._may_be_signed_in_by(arrival)  # what was added changes nothing
        arrival.touched = True
        self._is_as_it_was(browser)

    @rule(arrival=arrivals, other=arrivals, name=st.sampled_from(("code", "state")))
    def mixes_up(self, arrival: Arrival, other: Arrival, name: str) -> None:
        """Inject the code, or the state, of another attempt (RFC 9700, section 4.5)."""
        if arrival is other:
            return
        given = dict(other.query)
        query = tuple(
            (key, given[key] if key == name else v) for key, v in arrival.query
        )
        attempt = arrival.attempt
        arrival.touched = other.touched = True
        self._call_back(attempt.browser, attempt.host, query)
        self._is_as_it_was(attempt.browser)

    @rule(
        browser=browsers,
        host=hosts,
        name=st.sampled_from(OWN),
        method=st.sampled_from(METHODS),
        query=st.lists(st.tuples(st.sampled_from(NAMES), texts), max_size=4),
    )
    def asks_anything(
        self, browser: int, host: str, name: str, method: str, query: list[Any]
    ) -> None:
        status = self._send(browser, f"{host}/.gateway/{name}", tuple(query), method)
        assert status < 500
        self._is_as_it_was(browser)

    @precondition(lambda self: len(self.who) > 1)
    @rule(giver=browsers, taker=browsers, host=hosts)
    def plants_cookies(self, giver: int, taker: int, host: str) -> None:
        """Send the cookies of one host to the other: they are good for their own."""
        other = OTHER if host == ONE else ONE
        cookies = self.browsers[giver].cookie_header(f"{host}/")
        asked = self._request(f"{other}/.gateway/userinfo", "GET", cookies)
        assert self.thread.run(asked)[0] == 401
        self._is_as_it_was(taker)

    # What must hold.

    def _is_as_it_was(self, browser: int) -> None:
        for host in HOSTS:
            assert self._asked(browser, host) == self.who.get((browser, host)), host

    def _is_fresh(self, arrival: Arrival) -> bool:
        """Return whether *arrival* is in time, and nothing pushed its attempt out."""
        now, attempt = self.world.clock(), arrival.attempt
        since = self.begun[attempt.browser, attempt.host] - attempt.number
        in_time = now - attempt.at < LASTS and now - arrival.at < CODE_LASTS
        return in_time and since < MOST_ATTEMPTS

    def _may_be_signed_in_by(self, arrival: Arrival) -> None:
        """Take note that *arrival* signed its person in, if it did; once."""
        key = arrival.attempt.browser, arrival.attempt.host
        now = self._asked(*key)
        if not arrival.spent and now == PEOPLE[arrival.person]:
            self.who[key] = now
            arrival.spent = True
        arrival.touched = True
        self._is_as_it_was(arrival.attempt.browser)

    def _asked(self, browser: int, host: str) -> str | None:
        """Return who the gateway says that *browser* is on *host*."""
        address = f"{host}/.gateway/userinfo"
        page = self.thread.run(self.browsers[browser].fetch(address))
        assert page.status in {200, 401}
        return page.json()["sub"] if page.status == 200 else None

    @property
    def _logto(self) -> str:
        return self.world.logto.endpoint

    def _call_back(
        self, browser: int, host: str, query: Query, method: str = "GET"
    ) -> None:
        status = self._send(browser, f"{host}/.gateway/callback", query, method)
        assert status in {200, 303, 400, 405}, status

    def _send(self, browser: int, url: str, query: Query, method: str) -> int:
        """Send a navigation as *browser* does, and keep the cookies of its answer."""
        sender = self.browsers[browser]
        address = f"{url}?{urlencode(query, errors='surrogatepass')}"
        status, cookies = self.thread.run(
            self._request(address, method, sender.cookie_header(url))
        )
        sender.cookies.store(url, cookies, self.world.clock())
        return status

    async def _request(
        self, url: str, method: str, cookies: str
    ) -> tuple[int, list[str]]:
        parts = urlsplit(url)
        target = f"{parts.path}?{parts.query}" if parts.query else parts.path
        headers = {
            "Host": parts.netloc, "Cookie": cookies, "Sec-Fetch-Mode": "navigate",
            "Sec-Fetch-Dest": "document", "Sec-Fetch-Site": "cross-site",
        }  # fmt: skip
        real = f"http://127.0.0.1:{self.world.gateway.port}{target}"
        async with (
            aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as http,
            http.request(
                method, URL(real, encoded=True), headers=headers, allow_redirects=False
            ) as answer,
        ):
            await answer.read()
            return answer.status, answer.headers.getall("Set-Cookie", [])


def changed(query: Query, how: str, values: dict[str, str]) -> Query:
    """Return *query*, changed *how* where *values* has something to say."""
    match how:
        case "drop":
            return tuple(one for one in query if one[0] not in values)
        case "twice":
            return (*query, *(one for one in query if one[0] in values))
        case "replace":
            return tuple((name, values.get(name, value)) for name, value in query)
        case "append":
            return (*query, *values.items())
        case _:
            return query


@asynccontextmanager
async def two_hosts() -> Any:  # noqa: ANN401 - an asynchronous iterator of a World
    async with whole_world(TWO_HOSTS, public_url=ONE, tables=NO_LIMITS) as world:
        world.logto.client.register_gateway(OTHER)
        yield world


@contextmanager
def machine() -> Iterator[type[SigningIn]]:
    with loop_thread() as thread, thread.within(two_hosts()) as world:

        class Machine(SigningIn):
            pass

        Machine.thread, Machine.world = thread, world
        yield Machine


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_nobody_is_signed_in_by_anything_but_their_own_attempt() -> None:
    with machine() as made:
        run_state_machine_as_test(made, settings=briefly(12, steps=15))
