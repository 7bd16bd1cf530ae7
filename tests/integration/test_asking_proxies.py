"""Forward-auth by our ready files, with the real nginx and the real Caddy."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from gateway.demo.people import ADA as ADA_AT_X
from tests.support.asking_proxies import Behind, caddy_asks, nginx_asks
from tests.support.fortress import HANDSHAKE
from tests.support.raw_client import RawResponse, connected, exchange
from tests.support.recording_upstream import RecordingUpstream, recording_upstream
from tests.support.strict_http import Field
from tests.support.virtual_browser import Page
from tests.support.whole_world import ADA, BOB, World, whole_world

Proxy = Callable[[Path, Behind], AbstractAsyncContextManager[int]]

PUBLIC, WIKI = "https://app.example.com", "https://wiki.example.com"
TRUSTING = 'trusted_proxies = ["127.0.0.1/32"]'
ROUTES = """
[[routes]]
host = "app.example.com"
upstream = "forward-auth"
allow = "anyone"
[[routes]]
host = "app.example.com"
path = "/public"
upstream = "forward-auth"
access = "public"
[[routes]]
host = "app.example.com"
path = "/optional"
upstream = "forward-auth"
access = "optional"
[[routes]]
host = "app.example.com"
path = "/bob"
upstream = "forward-auth"
allow = { x_usernames = ["bob_example"] }
[[routes]]
host = "wiki.example.com"
upstream = "forward-auth"
allow = "anyone"
"""
PROXIES = pytest.mark.parametrize(
    "proxy",
    [pytest.param(nginx_asks, id="nginx"), pytest.param(caddy_asks, id="Caddy")],
)
NAMES = (b"User", b"Preferred-Username", b"Email", b"Groups", b"Name")
TOLD = [prefix + name for prefix in (b"X-Auth-Request-", b"X-Forwarded-")
        for name in NAMES] + [b"X-Gateway-Assertion"]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Front:
    """A proxy on *port* that asks the gateway of *world*; the wiki is behind it too."""

    world: World
    wiki: RecordingUpstream
    port: int

    async def send(
        self,
        target: bytes,
        *fields: Field,
        method: bytes = b"GET",
        host: bytes = b"app.example.com",
        signed_in: bool = True,
        body: bytes = b"",
    ) -> RawResponse:
        """Send a request to the proxy; with the browser's cookies if *signed_in*."""
        sent = [(b"Host", host), *fields]
        cookies = self.world.browser.cookie_header(f"https://{host.decode()}")
        if signed_in and cookies:
            sent.append((b"Cookie", cookies.encode()))
        if body:
            sent.append((b"Content-Length", b"%d" % len(body)))
        lines = b"".join(b"%b: %b\r\n" % field for field in sent)
        head = b"%b %b HTTP/1.1\r\n%b\r\n" % (method, target, lines)
        return await exchange(self.port, head + body)

    @property
    def told(self) -> dict[str, str | None]:
        """Who the application was told that it is, the last time."""
        last = self.world.upstream.last
        return {name.decode(): last.value(name.decode()) for name in TOLD}


@asynccontextmanager
async def front(proxy: Proxy, folder: Path, **more: str) -> AsyncIterator[Front]:
    """Run a world behind *proxy*, which works in *folder*."""
    async with (
        whole_world(ROUTES, server=TRUSTING, public_url=PUBLIC, **more) as world,
        recording_upstream() as wiki,
    ):
        ports = [urlsplit(one.url).port or 0 for one in (world.upstream, wiki)]
        async with proxy(folder, Behind(world.gateway.port, *ports)) as port:
            world.logto.client.register_gateway(WIKI)
            for origin in (PUBLIC, WIKI):
                world.browser.published[origin] = f"http://127.0.0.1:{port}"
            yield Front(world, wiki, port)


def set_by_us(page: Page | RawResponse) -> list[str]:
    """Return the cookies of ours that an answer sets, as NAME=VALUE."""
    if isinstance(page, Page):
        values = page.headers("set-cookie")
    else:
        values = [value.decode() for value in page.values(b"Set-Cookie")]
    return [value.partition(";")[0] for value in values if "__Host-gateway" in value]


@PROXIES
async def test_a_person_signs_in_and_comes_back_to_the_deep_link(
    proxy: Proxy, tmp_path: Path
) -> None:
    async with front(proxy, tmp_path) as gate:
        page = await gate.world.sign_in(target="/notes/7?from=mail&to=%2Fx&y")
        assert page.text == "application"
        assert gate.world.upstream.targets == ["/notes/7?from=mail&to=%2Fx&y"]
        assert gate.told == {
            "X-Auth-Request-User": ADA,
            "X-Auth-Request-Preferred-Username": "ada_example",
            "X-Auth-Request-Name": "Ada Example",
            "X-Auth-Request-Email": gate.told["X-Forwarded-Email"],
            "X-Auth-Request-Groups": gate.told["X-Forwarded-Groups"],
            "X-Forwarded-User": ADA,
            "X-Forwarded-Preferred-Username": "ada_example",
            "X-Forwarded-Name": "Ada Example",
            "X-Forwarded-Email": gate.told["X-Forwarded-Email"],
            "X-Forwarded-Groups": gate.told["X-Forwarded-Groups"],
            "X-Gateway-Assertion": gate.told["X-Gateway-Assertion"],
        }
        nothing = ("Email", "Groups")
        assert not any(gate.told[f"X-Auth-Request-{name}"] for name in nothing)
        page = await gate.world.open("/notes/8")
        assert page.header("cache-control") == "private"
        for name in ("x-auth-request-user", "x-forwarded-user"):
            assert page.headers(name) == []


@PROXIES
async def test_nobody_gets_further_than_the_way_to_sign_in(
    proxy: Proxy, tmp_path: Path
) -> None:
    async with front(proxy, tmp_path) as gate:
        world = gate.world
        page = await world.browser.navigate(
            world.url("/notes?a=1&b"), until=world.url("/.gateway/sign-in")
        )
        assert page.status == 302
        assert page.location == world.url("/.gateway/sign-in?rd=/notes%3Fa%3D1%26b")
        for method in ("GET", "POST"):
            page = await world.browser.fetch(
                world.url("/api"), page=world.url(), method=method
            )
            assert page.status == 401
            assert page.headers("www-authenticate") == ['Bearer realm="gateway"']
            assert page.header("content-type") == "application/json; charset=utf-8"
            assert '"sign_in_required"' in page.text
        assert world.upstream.requests == []


@PROXIES
async def test_who_may_not_gets_the_page_that_says_so(
    proxy: Proxy, tmp_path: Path
) -> None:
    async with front(proxy, tmp_path) as gate:
        await gate.world.sign_in()
        page = await gate.world.open("/bob/x")
        assert page.status == 403
        assert "You may not open this page" in page.text
        assert gate.world.upstream.targets == ["/"]
        page = await gate.world.browser.click(page, "Sign out")
        assert page.url == gate.world.url("/.gateway/signed-out")


@PROXIES
async def test_signing_out_is_for_good(proxy: Proxy, tmp_path: Path) -> None:
    async with front(proxy, tmp_path) as gate:
        await gate.world.sign_in()
        kept = gate.world.browser.cookie_header(PUBLIC).encode()
        page = await gate.world.sign_out()
        assert page.url == gate.world.url("/.gateway/signed-out")
        assert gate.world.session_cookie() is None
        answer = await gate.send(b"/", (b"Cookie", kept), signed_in=False)
        assert answer.status == 401
        assert gate.world.upstream.targets == ["/"]


@PROXIES
async def test_a_websocket_passes_the_same_gate(proxy: Proxy, tmp_path: Path) -> None:
    ours, foreign = (b"Origin", PUBLIC.encode()), (b"Origin", b"https://evil.example")
    async with front(proxy, tmp_path) as gate:
        answer = await gate.send(b"/socket", *HANDSHAKE, ours)
        assert answer.status == 401
        await gate.world.sign_in()
        for fields in ((foreign,), ()):
            answer = await gate.send(b"/socket", *HANDSHAKE, *fields)
            assert answer.status == 403
        assert gate.world.upstream.targets == ["/"]
        answer = await gate.send(b"/socket", *HANDSHAKE, ours)
        assert answer.status == 101
        assert gate.told["X-Auth-Request-User"] == ADA


@PROXIES
async def test_what_a_websocket_says_comes_through(
    proxy: Proxy, tmp_path: Path
) -> None:
    async with front(proxy, tmp_path) as gate, connected(gate.port) as client:
        lines = b"".join(b"%b: %b\r\n" % field for field in HANDSHAKE)
        client.send(
            b"GET /public/s HTTP/1.1\r\nHost: app.example.com\r\n%b\r\n" % lines
        )
        assert (await client.read_head()).status == 101
        assert await client.read(13) == b"\x81\x0bapplication"


@PROXIES
async def test_a_session_goes_on_while_it_is_used(proxy: Proxy, tmp_path: Path) -> None:
    async with front(proxy, tmp_path) as gate:
        world = gate.world
        await world.sign_in()
        assert set_by_us(await world.open("/notes")) == []
        before = world.session_cookie()
        world.clock.at += 400
        page = await world.open("/notes")
        assert len(set_by_us(page)) == 1
        assert world.session_cookie() not in {None, before}
        assert "no-store" in ", ".join(page.headers("cache-control"))
        for _ in range(4):  # more than the twelve hours, each time in use
            world.clock.at += 4 * 3600
            page = await world.open("/notes")
            assert (page.status, page.text) == (200, "application")


@PROXIES
async def test_a_session_of_several_cookies_is_renewed_whole(
    proxy: Proxy, tmp_path: Path
) -> None:
    large = 'max_cookie_size = "14KiB"'
    tables = '[identity]\nheaders = { "X-Roles" = "roles" }\n'
    async with front(proxy, tmp_path, session=large, tables=tables) as gate:
        world = gate.world
        roles = tuple(f"role-{number}-{'r' * 100}" for number in range(50))
        world.logto.people["ada"] = replace(ADA_AT_X, roles=roles)
        await world.sign_in()
        names = [
            name
            for name in world.browser.cookie_names(PUBLIC)
            if "-attempt" not in name
        ]
        assert len(names) >= 2, names
        before = world.browser.cookie_header(PUBLIC)
        world.clock.at += 400
        page = await world.open("/notes")
        kept = [cookie for cookie in set_by_us(page) if not cookie.endswith("=")]
        assert {one.partition("=")[0] for one in kept} == set(names)
        assert world.browser.cookie_header(PUBLIC) != before
        world.clock.at += 400
        assert (await world.open("/notes")).text == "application"


@PROXIES
async def test_each_host_has_its_own_session_and_application(
    proxy: Proxy, tmp_path: Path
) -> None:
    async with front(proxy, tmp_path) as gate:
        world, browser = gate.world, gate.world.browser
        await world.sign_in()
        page = await browser.sign_in(f"{WIKI}/Page?x=1", "bob")
        assert page.url == f"{WIKI}/Page?x=1"
        assert gate.wiki.targets == ["/Page?x=1"]
        assert gate.wiki.last.value("X-Auth-Request-User") in {ADA, BOB}
        assert gate.wiki.last.value("Host") == "wiki.example.com"
        assert world.upstream.targets == ["/"]
        # A cookie of one host is none of the other.
        kept = (b"Cookie", browser.cookie_header(PUBLIC).encode())
        answer = await gate.send(b"/", kept, host=b"wiki.example.com", signed_in=False)
        assert answer.status == 401


@PROXIES
async def test_12_the_host_asked_about_is_the_one_that_answers(
    proxy: Proxy, tmp_path: Path
) -> None:
    async with front(proxy, tmp_path) as gate:
        await gate.world.sign_in()
        kept = (b"Cookie", gate.world.browser.cookie_header(PUBLIC).encode())
        for target, host in (
            (b"http://wiki.example.com/x", b"app.example.com"),
            (b"http://app.example.com/x", b"wiki.example.com"),
        ):
            answer = await gate.send(target, kept, host=host, signed_in=False)
            reached = gate.world.upstream.targets[1:] + gate.wiki.targets
            assert (answer.status == 200) == bool(reached)
        assert gate.wiki.requests == []


CLAIMS = (
    *TOLD, b"X-Forwarded-Access-Token", b"Remote-User", b"X-Remote-User",
    b"X-Webauth-User", b"X-Auth-Request-Access-Token", b"X-Auth-Request-Anything",
    b"X-authentik-username", b"Cf-Access-Jwt-Assertion", b"X-Pomerium-Jwt-Assertion",
    b"X-Goog-Authenticated-User-Email", b"X_Forwarded_User", b"X_Auth_Request_User",
    b"x-auth-request-user", b"XForwardedUser", b"X--Auth--Request--User",
    b"X.Auth.Request.User", b"-X-Forwarded-User-", b"Remote_User", b"X_Forwarded_For",
)  # fmt: skip


@PROXIES
async def test_01_02_what_a_client_says_of_itself_never_arrives(
    proxy: Proxy, tmp_path: Path
) -> None:
    async with front(proxy, tmp_path) as gate:
        for signed_in in (False, True):
            if signed_in:
                await gate.world.sign_in()
            for target in (b"/public/x", b"/optional/x", b"/x"):
                for name in CLAIMS:
                    await gate.send(target, (name, b"evil"), signed_in=signed_in)
        answer = await gate.send(b"/public/x", (b"X-Auth-Request-User", b"evil"))
        assert answer.status == 400
        assert b"bad_request" in answer.body
        assert gate.world.upstream.requests
        for reached in gate.world.upstream.requests:
            assert "evil" not in " ".join(value for _, value in reached.fields)


@PROXIES
@pytest.mark.parametrize(
    "names",
    [
        pytest.param((b"X-Original-URL",), id="X-Original-URL"),
        pytest.param((b"X-Original-URI", b"X-Original-Method"), id="X-Original-URI"),
        pytest.param((b"X-Forwarded-Uri",), id="X-Forwarded-Uri"),
        pytest.param((b"X-Forwarded-Uri", b"X-Forwarded-Method"), id="and its method"),
        pytest.param((b"X-Rewrite-URL",), id="X-Rewrite-URL"),
        pytest.param((b"X-Forwarded-Host",), id="X-Forwarded-Host"),
        pytest.param((b"Forwarded",), id="Forwarded"),
    ],
)
async def test_07_what_a_client_says_it_asks_for_counts_for_nothing(
    proxy: Proxy, tmp_path: Path, names: tuple[bytes, ...]
) -> None:
    values = {
        b"X-Original-URL": b"https://app.example.com/public/x",
        b"X-Original-Method": b"GET",
        b"X-Forwarded-Method": b"GET",
        b"X-Forwarded-Host": b"wiki.example.com",
        b"Forwarded": b"host=wiki.example.com;for=10.0.0.1",
    }
    lies = [(name, values.get(name, b"/public/x")) for name in names]
    async with front(proxy, tmp_path) as gate:
        for target in (b"/x", b"/bob/x", b"/.gateway/userinfo"):
            answer = await gate.send(target, *lies)
            assert answer.status in {400, 401} or target == b"/.gateway/userinfo"
        assert gate.world.upstream.requests == []
        answer = await gate.send(b"/public/y", *lies)
        assert answer.status == 200
        said = [value for _, value in gate.world.upstream.last.fields]
        assert "wiki" not in " ".join(said)
        assert "/public/x" not in " ".join(said)


@PROXIES
@pytest.mark.parametrize(
    "target",
    [
        b"/.gateway/auth", b"/.gateway/auth?refusal", b"/.gateway/auth/x",
        b"/.gateway/%61uth", b"/.gateway//auth", b"//.gateway/auth", b"/.gateway/AUTH",
        b"/.gateway/./auth", b"/.gateway/x/../auth", b"/.gateway/auth/",
        b"/.gateway/auth%2f",
        b"/.GATEWAY/auth", b"/.gateway%2fauth", b"/.gateway/auth;x",
    ],
)  # fmt: skip
async def test_30_nobody_but_the_proxy_gets_an_answer(
    proxy: Proxy, tmp_path: Path, target: bytes
) -> None:
    """It tells what pages of the application must not learn, such as tokens."""
    described = (
        (b"X-Forwarded-Method", b"GET"),
        (b"X-Forwarded-Uri", b"/"),
        (b"X-Original-Method", b"GET"),
        (b"X-Original-URI", b"/"),
    )
    async with front(proxy, tmp_path) as gate:
        await gate.world.sign_in()
        for fields in ((), described[:2], described[2:], described):
            answer = await gate.send(target, *fields)
            assert answer.status in {400, 403, 404}
            assert ADA.encode() not in answer.head + answer.body
        assert gate.world.upstream.targets == ["/"]


@PROXIES
async def test_without_the_gateway_nothing_passes(proxy: Proxy, tmp_path: Path) -> None:
    async with front(proxy, tmp_path) as gate:
        await gate.world.sign_in()
        await gate.world.gateway.gateway.stop()
        for target in (b"/", b"/public/x", b"/.gateway/"):
            answer = await gate.send(target)
            assert answer.status >= 500
        assert gate.world.upstream.targets == ["/"]


@PROXIES
async def test_01_our_cookies_stay_with_us_and_others_pass(
    proxy: Proxy, tmp_path: Path
) -> None:
    async with front(proxy, tmp_path) as gate:
        await gate.world.sign_in()
        ours = gate.world.browser.cookie_header(PUBLIC).encode()
        left = gate.world.upstream.last.value("Cookie")
        assert not left, left
        for target in (b"/x", b"/public/x", b"/optional/x"):
            cookies = (b"Cookie", b"a=1; " + ours + b'; b="{2}"')
            await gate.send(target, cookies, signed_in=False)
            assert gate.world.upstream.last.value("Cookie") == 'a=1; b="{2}"'


@PROXIES
async def test_bodies_and_answers_of_the_application_pass_as_they_are(
    proxy: Proxy, tmp_path: Path
) -> None:
    body = b"x" * 100_000
    ours = (b"Origin", PUBLIC.encode())
    async with front(proxy, tmp_path) as gate:
        await gate.world.sign_in()
        answer = await gate.send(b"/upload?a=%2F", ours, method=b"POST", body=body)
        assert answer.status == 200
        last = gate.world.upstream.last
        assert (last.method, last.target, last.body) == ("POST", "/upload?a=%2F", body)
        for method in (b"PUT", b"DELETE", b"PROPFIND", b"HEAD", b"OPTIONS"):
            answer = await gate.send(b"/x", ours, method=method)
            assert answer.status == 200
            assert gate.world.upstream.last.method == method.decode()
        for status in (401, 403, 404, 500):
            gate.world.upstream.status = status
            answer = await gate.send(b"/x")
            assert (answer.status, answer.body) == (status, b"application")
