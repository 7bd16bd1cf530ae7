"""Two gateways behind one address, which share a Redis."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import aiohttp

from gateway.demo.logto import EmulatedLogto
from tests.support.asking_application import Clock
from tests.support.lasting_world import Socket
from tests.support.recording_upstream import RecordingUpstream, recording_upstream
from tests.support.redis_server import RedisServer
from tests.support.running_gateway import KEY, RunningGateway, anyone, running_gateway
from tests.support.virtual_browser import Page, VirtualBrowser

PUBLIC = "https://app.example.com"


@dataclass(frozen=True, slots=True)
class Replicas:
    """Everybody who takes part; a browser meets the gateway that it was led to."""

    clock: Clock
    logto: EmulatedLogto
    upstream: RecordingUpstream
    redis: RedisServer
    gateways: tuple[RunningGateway, ...]
    browser: VirtualBrowser

    @property
    def name(self) -> str:
        """The name of the session's cookie."""
        return self.gateways[0].settings.session.cookie_name

    def lead(self, place: int, browser: VirtualBrowser | None = None) -> None:
        """Lead *browser* to the gateway at *place* from now on."""
        address = f"http://127.0.0.1:{self.gateways[place].port}"
        (browser or self.browser).published[PUBLIC] = address

    async def sign_in(
        self, place: int = 0, person: str = "ada", browser: VirtualBrowser | None = None
    ) -> Page:
        """Sign in as *person* at the gateway at *place*."""
        browser = browser or self.browser
        self.lead(place, browser)
        page = await browser.sign_in(f"{PUBLIC}/", person)
        assert (page.url, page.status) == (f"{PUBLIC}/", 200), page
        return page

    async def ask(
        self, place: int, target: str = "/", browser: VirtualBrowser | None = None
    ) -> Page:
        """Ask the gateway at *place* as a script does: never led to Logto."""
        browser = browser or self.browser
        self.lead(place, browser)
        return await browser.fetch(PUBLIC + target, redirect=False)

    @asynccontextmanager
    async def socket(self, place: int) -> AsyncIterator[Socket]:
        """Open the WebSocket of a lasting upstream, by the gateway at *place*."""
        headers = {
            "Host": PUBLIC.removeprefix("https://"),
            "Origin": PUBLIC,
            "Cookie": self.browser.cookie_header(f"{PUBLIC}/"),
        }
        address = f"http://127.0.0.1:{self.gateways[place].port}/live/socket"
        async with (
            aiohttp.ClientSession() as http,
            http.ws_connect(address, headers=headers) as socket,
        ):
            yield socket

    def refreshes(self) -> int:
        """Return how often Logto was asked to renew tokens."""
        return self.logto.requests.count("token", grant_type="refresh_token")


@asynccontextmanager
async def replicas(
    redis: RedisServer,
    *keys: str,
    count: int = 2,
    session: str = "",
    logto_keys: str = "",
    routes: str = "",
) -> AsyncIterator[Replicas]:
    """Run *count* gateways, or one for each of *keys* (TOML); *session* is more TOML.

    In *routes* (TOML) UPSTREAM stands for the recording upstream; without them there is
    one to it, for everyone who signs in.
    """
    rings = keys or (f'["{KEY}"]',) * count
    clock = Clock()
    async with AsyncExitStack() as stack:
        logto = await stack.enter_async_context(EmulatedLogto.start(now=clock))
        recording = await stack.enter_async_context(recording_upstream())
        browser = await stack.enter_async_context(VirtualBrowser(now=clock))
        written = routes.replace("UPSTREAM", recording.url) or anyone(recording.url)
        gateways = [
            await stack.enter_async_context(
                running_gateway(
                    logto,
                    written,
                    now=clock,
                    public_url=PUBLIC,
                    keys=ring,
                    session=f"{redis.session}\n{session}",
                    logto_keys=logto_keys,
                )
            )
            for ring in rings
        ]
        world = Replicas(clock, logto, recording, redis, tuple(gateways), browser)
        world.lead(0)
        yield world
