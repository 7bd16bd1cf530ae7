"""A browser, a gateway, an application and a Logto, all by one clock."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

from gateway.demo.logto import EmulatedLogto
from tests.support.asking_application import Clock
from tests.support.browser_cookies import Cookie
from tests.support.recording_upstream import RecordingUpstream, recording_upstream
from tests.support.running_gateway import KEY, RunningGateway, anyone, running_gateway
from tests.support.virtual_browser import Page, VirtualBrowser

ADA, BOB = "87xtcn7tlv7b", "q2m4w0z9k1rd"  # their subjects at the emulated Logto


@dataclass(frozen=True, slots=True)
class World:
    """Everybody who takes part."""

    clock: Clock
    logto: EmulatedLogto
    upstream: RecordingUpstream
    gateway: RunningGateway
    browser: VirtualBrowser

    def url(self, target: str = "/") -> str:
        """Return the public address of *target*."""
        return self.gateway.url + target

    @property
    def name(self) -> str:
        """The name of the session's cookie."""
        return self.gateway.settings.session.cookie_name

    @property
    def subject(self) -> str | None:
        """Who the application was told that it is, the last time."""
        return self.upstream.last.value("X-Forwarded-User")

    async def open(self, target: str = "/") -> Page:
        """Type the address of *target*."""
        return await self.browser.navigate(self.url(target))

    async def sign_in(self, person: str = "ada", target: str = "/") -> Page:
        """Open *target* and sign in as *person* where that is asked."""
        page = await self.browser.sign_in(self.url(target), person)
        assert (page.url, page.status) == (self.url(target), 200), page
        return page

    async def ask(self, target: str = "/") -> Page:
        """Ask as a script does: it is never led to Logto, which would sign it in."""
        return await self.browser.fetch(self.url(target))

    async def late_comer(self, cookie: str | None, target: str = "/") -> Page:
        """Ask with an old *cookie* alone: another tab's script, or a thief."""
        async with VirtualBrowser(now=self.clock) as browser:
            planted = f"{self.name}={cookie}; Path=/"
            browser.cookies.store(self.url(), [planted], self.clock())
            return await browser.fetch(self.url(target))

    async def statuses(self, *targets: str) -> list[int]:
        """Return what a script gets: it is never led to Logto."""
        return [(await self.ask(target)).status for target in targets]

    async def back_from_logto(self, target: str = "/", person: str = "ada") -> str:
        """Sign in up to the callback, and return its URL, unvisited."""
        until = self.url("/.gateway/callback")
        page = await self.browser.sign_in(self.url(target), person, until=until)
        assert page.location is not None, page
        return page.location

    async def sign_out(self) -> Page:
        """Press "Sign out" on the account page."""
        account = await self.open("/.gateway/")
        return await self.browser.click(account, "Sign out")

    def cookies(self, stem: str = "") -> list[Cookie]:
        """Return the gateway's cookies whose names go on with *stem*."""
        return [
            cookie
            for cookie in self.browser.cookies.all(self.clock())
            if cookie.name.startswith(self.name + stem)
        ]

    def session_cookie(self) -> str | None:
        """Return the value of the session's cookie, None without one."""
        found = [c.value for c in self.cookies() if c.name == self.name]
        return found[0] if found else None

    def set_cookies(self, page: Page) -> list[str]:
        """Return the names of the gateway's cookies that *page* sets or expires."""
        names = [value.partition("=")[0] for value in page.headers("set-cookie")]
        return [name for name in names if name.startswith(self.name)]


def state_of(url: str) -> str:
    """Return the ``state`` in the query of *url*."""
    return parse_qs(urlsplit(url).query)["state"][0]


@asynccontextmanager
async def whole_world(  # noqa: PLR0913 - as running_gateway
    routes: str = "",
    *,
    more: str = "",
    keys: str = f'["{KEY}"]',
    public_url: str = "",
    server: str = "",
    logto_keys: str = "",
    session: str = "",
    tables: str = "",
) -> AsyncIterator[World]:
    """Run a world; *routes* is TOML in which UPSTREAM stands for the application.

    Without routes there is one, for everyone who signs in, with *more* keys.
    """
    clock = Clock()
    async with (
        EmulatedLogto.start(now=clock) as logto,
        recording_upstream() as upstream,
        VirtualBrowser(now=clock) as browser,
    ):
        written = routes.replace("UPSTREAM", upstream.url) or anyone(upstream.url, more)
        async with running_gateway(
            logto,
            written,
            now=clock,
            keys=keys,
            public_url=public_url,
            server=server,
            logto_keys=logto_keys,
            session=session,
            tables=tables,
        ) as gateway:
            browser.published[gateway.url] = f"http://127.0.0.1:{gateway.port}"
            yield World(clock, logto, upstream, gateway, browser)
