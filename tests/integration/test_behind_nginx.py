"""Sessions of every size that is let in pass through a real nginx in front."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from config.hints import LARGE_COOKIES_IN_NGINX
from gateway.demo.logto import EmulatedLogto
from gateway.demo.people import ADA
from gateway.sessions.chunks import LONGEST_COOKIE
from tests.support.asking_application import Clock
from tests.support.nginx import free_port, nginx
from tests.support.recording_upstream import RecordingUpstream, recording_upstream
from tests.support.running_gateway import RunningGateway, anyone, running_gateway
from tests.support.virtual_browser import Page, VirtualBrowser

HOUR = 3600
MOST = 4 * LONGEST_COOKIE
# What an application that knows nothing of cookies may send along.
APPLICATION = {
    "Content-Type": "text/html; charset=utf-8",
    "Cache-Control": "no-cache",
    "ETag": '"33a64df551425fcc55e4d42a148795d9f25f89d4"',
    "Last-Modified": "Wed, 21 Oct 2026 07:28:00 GMT",
}


@dataclass(slots=True)
class Fronted:
    """A gateway behind nginx, and a browser before it."""

    clock: Clock
    logto: EmulatedLogto
    upstream: RecordingUpstream
    gateway: RunningGateway
    browser: VirtualBrowser

    def url(self, target: str = "/") -> str:
        return self.gateway.url + target

    def session_size(self) -> int:
        """Return what the fields that set the session's cookies take."""
        name = self.gateway.settings.session.cookie_name
        attributes = "Set-Cookie: ; Max-Age=604800; Path=/; HttpOnly; SameSite=Lax\r\n"
        if self.gateway.settings.session.same_site == "strict":
            attributes += "ict"
        return sum(
            len(cookie.name) + 1 + len(cookie.value) + len(attributes)
            for cookie in self.browser.cookies.all(self.clock())
            if cookie.name == name or cookie.name.startswith(f"{name}.")
        )

    async def sign_in(self, target: str = "/") -> Page:
        return await self.browser.sign_in(self.url(target))

    async def sign_out(self) -> Page:
        account = await self.browser.navigate(self.url("/.gateway/"))
        return await self.browser.click(account, "Sign out")

    def with_roles(self, characters: int) -> None:
        """Have the person's roles take so many bytes of the session."""
        roles: list[str] = []
        while characters > 0:
            length = min(characters, 128)
            number = f"{len(roles)}-"  # the same role twice is kept once
            roles.append(number + "r" * max(length - len(number + '"",'), 1))
            characters -= length
        self.logto.people["ada"] = replace(ADA, roles=tuple(roles))

    async def just_fits(self, limit: int) -> None:
        """Find the most roles with which somebody can sign in, and sign them in.

        Three bytes more of them are four more of the cookie.
        """
        self.with_roles(300)
        assert (await self.sign_in()).status == 200
        room = limit - self.session_size()
        await self.sign_out()
        step = 1 if limit <= LONGEST_COOKIE else 20
        for less in range(0, 64 * step, step):
            self.with_roles(300 + room * 3 // 4 - less)
            page = await self.sign_in()
            if page.status == 200:
                return
            assert (page.status, "session cookie" in page.text) == (500, True), page
        raise AssertionError("nothing fits")


@asynccontextmanager
async def fronted(
    folder: Path, size: str, server: str = "", same_site: str = "lax"
) -> AsyncIterator[Fronted]:
    clock, port = Clock(), free_port()
    async with (
        EmulatedLogto.start(now=clock) as logto,
        recording_upstream() as upstream,
        VirtualBrowser(now=clock) as browser,
        running_gateway(
            logto,
            anyone(upstream.url),
            now=clock,
            public_url=f"http://127.0.0.1:{port}",
            session=f'max_cookie_size = "{size}"\nsame_site = "{same_site}"',
            tables='[identity]\npreset = "none"\nheaders = { "X-Roles" = "roles" }',
        ) as gateway,
        nginx(folder, port, gateway.port, server=server),
    ):
        upstream.fields = APPLICATION
        yield Fronted(clock, logto, upstream, gateway, browser)


async def lives(world: Fronted) -> None:
    """Hold that whoever has signed in is served, renewed, and signed out."""
    size = world.session_size()
    for hour, target in enumerate(("/", "/.gateway/", "/.gateway/userinfo"), 1):
        world.clock.at += HOUR
        page = await world.browser.fetch(world.url(target))
        assert page.status == 200, page
        assert page.headers("set-cookie"), "renewed"
        assert abs(world.session_size() - size) <= 1, "it does not grow by that"
        assert world.logto.requests.count("token", grant_type="refresh_token") == hour
    assert (await world.browser.fetch(world.url("/"))).headers("set-cookie") == []
    page = await world.sign_out()
    assert (page.status, "signed out" in page.text) == (200, True)
    assert world.session_size() == 0


@pytest.mark.parametrize("same_site", ["lax", "strict"])
async def test_the_largest_session_passes_nginx_with_its_default_buffers(
    tmp_path: Path, same_site: str
) -> None:
    async with fronted(tmp_path, "3.5KiB", same_site=same_site) as world:
        await world.just_fits(LONGEST_COOKIE)
        size = world.session_size()
        assert LONGEST_COOKIE - 4 < size <= LONGEST_COOKIE
        await lives(world)


@pytest.mark.parametrize(
    ("target", "reached"),
    [
        pytest.param("/notes/42?from=mail", "/notes/42?from=mail", id="short"),
        pytest.param(f"/notes/42?{'q' * 500}", "/notes/42", id="a long query"),
        pytest.param(f"/{'p' * 500}", "/", id="a long path"),
    ],
)
async def test_so_it_does_on_the_way_to_a_deep_link(
    tmp_path: Path, target: str, reached: str
) -> None:
    async with fronted(tmp_path, "3.5KiB") as world:
        await world.just_fits(LONGEST_COOKIE)
        await world.sign_out()
        page = await world.sign_in(target)
        assert (page.status, page.url) == (200, world.url(reached))
        world.with_roles(100)
        await world.sign_out()
        page = await world.sign_in(target)
        assert (page.status, page.url) == (200, world.url(target))


async def test_larger_ones_pass_with_what_gateway_check_tells(tmp_path: Path) -> None:
    async with fronted(tmp_path, "14KiB", f"{LARGE_COOKIES_IN_NGINX};") as world:
        await world.just_fits(MOST)
        assert world.session_size() > MOST - 300
        await lives(world)


@pytest.mark.parametrize("left_out", [0, 2])
async def test_and_not_without_it(tmp_path: Path, left_out: int) -> None:
    settings = LARGE_COOKIES_IN_NGINX.split("; ")
    if left_out == 0:
        settings = settings[2:]  # the second is needed for the first
    else:
        del settings[left_out]
    async with fronted(tmp_path, "14KiB", f"{'; '.join(settings)};") as world:
        world.with_roles(8_500)
        page = await world.sign_in()
        assert page.status == (502 if left_out == 0 else 400)
        assert "nginx" in page.text
