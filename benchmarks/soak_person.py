"""One of many people with a browser of their own: what they do, and must meet with."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random

import aiohttp

from benchmarks.soak_figures import Figures
from tests.support.virtual_browser import Page, VirtualBrowser

SHORTEST_PAUSE = 0.3  # seconds between two things that somebody does
MOST_AT_ONCE = 5  # requests of one page
OPEN_FOR = (2.0, 12.0)  # seconds of a WebSocket
CLOSED_WITHIN = 2.0  # seconds after a sign-out
SIGN_OUT = "Sign out"  # a button of the account page
OK, SIGN_IN, FAILED = 200, (302, 401), 500  # what is answered; and more
Socket = aiohttp.ClientWebSocketResponse
_CONNECTION = (aiohttp.ClientError, OSError, TimeoutError)


@dataclass(slots=True)
class Person:
    """Someone of *subject*, who signs in as *key* at *origin*.

    Between two things that they do are at most *pause* seconds.
    """

    origin: str
    key: str
    subject: str
    figures: Figures
    random: Random
    browser: VirtualBrowser
    http: aiohttp.ClientSession
    pause: float
    _cookies: list[str] = field(default_factory=list)  # older ones of this session
    _is_out: bool = False  # wrongly
    _signed_in: int = 0  # how often; negative while signing out or in
    _left: dict[int, float] = field(default_factory=dict)  # when these were over
    _sockets: set[asyncio.Task[None]] = field(default_factory=set)
    _group: asyncio.TaskGroup = field(default_factory=asyncio.TaskGroup)

    async def live(self, end: float) -> None:
        """Do this and that until *end*, a time of the event loop."""
        async with self._group:
            await self._live(end)
            for task in self._sockets:
                task.cancel()

    async def _live(self, end: float) -> None:
        loop = asyncio.get_running_loop()
        await asyncio.sleep(self.random.uniform(0, self.pause))
        await self._sign_in()
        things: Sequence[Callable[[], Awaitable[None]]] = (
            self._open_page,
            self._come_late,
            self._leave_early,
            self._open_socket,
            self._look_at_account,
            self._sign_out_and_in,
        )
        weights = (70, 10, 5, 8, 5, 2)
        while loop.time() < end:
            await asyncio.sleep(self.random.uniform(SHORTEST_PAUSE, self.pause))
            if self._is_out:
                await self._sign_in()
            (thing,) = self.random.choices(things, weights)
            try:
                await thing()
            except _CONNECTION as error:  # in the middle of signing out
                self.figures.requests[type(error).__name__] += 1
                await self._sign_in()

    async def _sign_in(self) -> None:
        while True:
            with suppress(*_CONNECTION):
                page = await self.browser.sign_in(self.origin + "/", self.key)
                self._count(page)
                if page.status == OK and page.text == self.subject:
                    break
            await asyncio.sleep(0.2)
        self._cookies.clear()
        self._is_out = False
        self._signed_in = abs(self._signed_in) + 1

    def _count(self, page: Page) -> None:
        """Count the answer that a navigation led to, Logto's apart."""
        if page.url.startswith(self.origin + "/"):
            self.figures.answered(page.status, self.key)
        elif page.status != OK:
            self.figures.requests[f"{page.status} of Logto"] += 1

    async def _open_page(self) -> None:
        """Ask for several things at once, as a page does: answers overtake."""
        self._keep_cookie()
        count = self.random.randint(1, MOST_AT_ONCE)
        await asyncio.gather(*(self._ask(f"/{n}") for n in range(count)))

    async def _come_late(self) -> None:
        """Ask with an older cookie, as a tab that was slow."""
        if self._cookies:
            cookie = self.random.choice(self._cookies)
            await self._ask_with(cookie)

    async def _leave_early(self) -> None:
        """Ask, and do not wait for the answer."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self.random.uniform(0, 0.01)):
                await self._ask("/left")

    async def _look_at_account(self) -> None:
        await self._ask("/.gateway/userinfo", says=f'"sub": "{self.subject}"')

    async def _sign_out_and_in(self) -> None:
        self._keep_cookie()
        page = await self.browser.navigate(self.origin + "/.gateway/")
        self._judge(self._signed_in, page.status, page.text, SIGN_OUT)
        if SIGN_OUT not in page.text:  # there is nothing to press
            return
        self._signed_in = -self._signed_in
        page = await self.browser.click(page, SIGN_OUT)
        self._count(page)
        said = (*page.history, page)[0]  # by the gateway; the next pages are Logto's
        if said.status < FAILED:
            await self._stay_out()
        await self._sign_in()

    async def _stay_out(self) -> None:
        """Look whether the session is over, once the gateway has said so."""
        self.figures.wanted += 1
        self._left[-self._signed_in] = asyncio.get_running_loop().time()
        if self._sockets:
            await asyncio.wait(self._sockets, timeout=CLOSED_WITHIN)
        for cookie in self._cookies[-2:]:
            await self._ask_with(cookie, signed_out=True)

    def _keep_cookie(self) -> None:
        cookie = self.browser.cookie_header(self.origin + "/")
        if cookie and (not self._cookies or self._cookies[-1] != cookie):
            self._cookies.append(cookie)

    async def _ask(self, target: str, says: str = "") -> None:
        begun, loop = self._signed_in, asyncio.get_running_loop()
        started = loop.time()
        try:
            page = await self.browser.fetch(self.origin + target, redirect=False)
        except _CONNECTION as error:
            self.figures.requests[type(error).__name__] += 1
            return
        self.figures.took.append(loop.time() - started)
        self._judge(begun, page.status, page.text, says or self.subject)

    async def _ask_with(self, cookie: str, *, signed_out: bool = False) -> None:
        begun, headers = self._signed_in, {"Cookie": cookie}
        try:
            async with self.http.get(
                self.origin + "/late", headers=headers, allow_redirects=False
            ) as answer:
                text = await answer.text()
        except _CONNECTION as error:
            self.figures.requests[type(error).__name__] += 1
            return
        if not signed_out:
            self._judge(begun, answer.status, text, self.subject)
        elif answer.status == OK:
            self.figures.met("still in", self.key)

    def _judge(self, begun: int, status: int, text: str, says: str) -> None:
        """Count an answer to what was asked in the session number *begun*."""
        self.figures.answered(status, self.key)
        if begun <= 0 or begun != self._signed_in or self._is_out:
            return  # the session ended meanwhile, or had not begun
        if status in SIGN_IN:
            self._met_out(str(status))
        elif status == OK and says == SIGN_OUT and says not in text:
            self._met_out("account page")
        elif status == OK and says not in text:
            self.figures.met("someone else", f"{self.key} got {text[:60]!r}")

    def _met_out(self, where: str) -> None:
        """Hear that the session is over though nobody wanted that: once is enough."""
        if not self._is_out:
            self._is_out = True
            self.figures.met("signed out", f"{self.key}, {where}")

    async def _open_socket(self) -> None:
        task = self._group.create_task(self._talk())
        self._sockets.add(task)
        task.add_done_callback(self._sockets.discard)

    async def _talk(self) -> None:
        """Hold a WebSocket open for a while; its answer's cookies are lost."""
        begun, loop = self._signed_in, asyncio.get_running_loop()
        cookie = self.browser.cookie_header(self.origin + "/")
        headers = {"Cookie": cookie, "Origin": self.origin}
        end = loop.time() + self.random.uniform(*OPEN_FOR)
        try:
            async with self.http.ws_connect(
                self.origin + "/socket", headers=headers
            ) as socket:
                self.figures.sockets["opened"] += 1
                await self._hold(socket, begun, end)
        except aiohttp.WSServerHandshakeError as error:
            self._judge(begun, error.status, self.subject, self.subject)
        except _CONNECTION:
            self.figures.sockets["broken off"] += 1

    async def _hold(self, socket: Socket, begun: int, end: float) -> None:
        """Ask now and then who it is, until *end* or until it is closed.

        Who is answered has not been signed out, however slow the machine is.
        """
        while (asked := asyncio.get_running_loop().time()) < end:
            await socket.send_str("who?")
            message = await socket.receive()
            if message.type is aiohttp.WSMsgType.TEXT:
                if asked > self._left.get(begun, end) + CLOSED_WITHIN:
                    self.figures.met("late", self.key)
                    return
                if message.data != self.subject:
                    self.figures.met("someone else", f"{self.key}, WebSocket")
                try:
                    message = await socket.receive(self.random.uniform(0.2, 1.0))
                except TimeoutError:
                    continue
            self._closed(begun, message)
            return

    def _closed(self, begun: int, message: aiohttp.WSMessage) -> None:
        said = (message.type, message.data) == (aiohttp.WSMsgType.CLOSE, 1008)
        if not said:
            self.figures.sockets["broken off"] += 1
        elif begun == self._signed_in > 0:
            self._met_out("WebSocket")
        else:
            self.figures.sockets["ended with their sessions"] += 1
