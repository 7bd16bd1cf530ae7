"""aiohttp-session over the gateway's codec: our own pages on a real aiohttp server."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import cast
from urllib.parse import urlsplit

import aiohttp
import aiohttp_session
import pytest
from aiohttp import web
from aiohttp.test_utils import BaseTestServer, RawTestServer, TestServer
from aiohttp.typedefs import Middleware

from gateway.identity.identity import Identity
from gateway.sessions.aiohttp_storage import (
    SessionStorage,
    begin_session,
    current_session,
    end_session,
)
from gateway.sessions.codec import KeyRing
from gateway.sessions.cookie_store import CookieStore
from gateway.sessions.session import Session
from tests.support.browser_jar import BrowserJar
from tests.support.session_settings import Settings, counting_bytes

NOW, HOST = 1_800_000_000, "app.example.com"
NAME = b"__Host-gateway"
LARGE = Settings(max_cookie_size=14 * 1024)


def session(session_id: str, name: str = "Ada") -> Session:
    identity = Identity("u1", None, "ada", "22", name, None, False, None)  # noqa: FBT003
    return Session(session_id, NOW, NOW, NOW + 3600, identity, "refresh")


@dataclass
class Site:
    """Pages as the gateway's own are: who am I, sign in, sign out."""

    store: CookieStore
    ended: list[Session | None] = field(default_factory=list)
    now: float = NOW

    async def who(self, request: web.BaseRequest) -> web.Response:
        current = await current_session(request)
        return web.Response(
            text=f"{current.id} {current.identity.sub}" if current else ""
        )

    async def sign_in(self, request: web.BaseRequest) -> web.Response:
        query = request.query
        await begin_session(request, session(query["id"], query.get("name", "Ada")))
        return web.Response(text="in")

    async def sign_out(self, request: web.BaseRequest) -> web.Response:
        self.ended.append(await end_session(request))
        return web.Response(text="out")

    async def invalidate(self, request: web.Request) -> web.Response:
        (await aiohttp_session.get_session(request)).invalidate()
        raise web.HTTPSeeOther("/who")

    def middleware(self) -> Middleware:
        return aiohttp_session.session_middleware(
            SessionStorage(
                self.store, host_of=lambda _request: HOST, now=lambda: self.now
            )
        )

    def application(self) -> web.Application:
        application = web.Application(middlewares=[self.middleware()])
        application.router.add_get("/who", self.who)
        application.router.add_get("/in", self.sign_in)
        application.router.add_get("/out", self.sign_out)
        application.router.add_get("/invalidate", self.invalidate)
        return application


@dataclass
class Browser:
    """A client that sends what its jar holds, byte for byte."""

    server: BaseTestServer
    jar: BrowserJar = field(default_factory=BrowserJar)

    async def get(self, path: str, cookie: bytes | None = None) -> tuple[int, str]:
        """Return status and body of *path*; the jar has received its cookies."""
        sent = self.jar.cookie() if cookie is None else cookie
        address = urlsplit(str(self.server.make_url("/")))
        reader, writer = await asyncio.open_connection(address.hostname, address.port)
        writer.write(
            b"GET %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\nCookie: %s\r\n\r\n"
            % (path.encode(), sent)
        )
        head, _, body = (await reader.read()).partition(b"\r\n\r\n")
        writer.close()
        await writer.wait_closed()
        status, *lines = head.split(b"\r\n")
        fields = [line.partition(b": ")[::2] for line in lines]
        self.jar.receive([v for n, v in fields if n.lower() == b"set-cookie"])
        return int(status.split()[1]), body.decode()


@pytest.fixture
async def site() -> Site:
    return Site(
        CookieStore(
            LARGE, KeyRing([bytes(32)]), secure=True, random_bytes=counting_bytes()
        )
    )


@pytest.fixture
async def browser(site: Site) -> AsyncIterator[Browser]:
    server = TestServer(site.application())
    await server.start_server(max_field_size=64 * 1024)
    yield Browser(server)
    await server.close()


async def test_signing_in_reading_and_signing_out(browser: Browser, site: Site) -> None:
    assert await browser.get("/who") == (200, "")
    assert await browser.get("/in?id=one") == (200, "in")
    assert await browser.get("/who") == (200, "one u1")
    assert site.store.read(browser.jar.cookie(), HOST, NOW) == session("one")
    old = browser.jar.cookie()
    assert await browser.get("/out") == (200, "out")
    assert browser.jar.kept == {}
    assert site.ended == [session("one")]
    assert await browser.get("/who", old) == (200, "")


async def test_invalidating_signs_out_even_where_the_answer_was_raised(
    browser: Browser,
) -> None:
    await browser.get("/in?id=one")
    old = browser.jar.cookie()
    assert (await browser.get("/invalidate"))[0] == 303
    assert browser.jar.kept == {}
    assert await browser.get("/who", old) == (200, "")


async def test_a_session_in_chunks_comes_and_goes(browser: Browser) -> None:
    await browser.get("/in?id=one&name=" + "A" * 6000)
    assert len(browser.jar.kept) == 3
    assert await browser.get("/who") == (200, "one u1")
    await browser.get("/in?id=two")
    assert list(browser.jar.kept) == [NAME]
    assert await browser.get("/who") == (200, "two u1")
    await browser.get("/in?id=three&name=" + "A" * 6000)
    await browser.get("/out")
    assert browser.jar.kept == {}


async def test_23_a_planted_session_is_replaced_and_its_id_is_dead(
    browser: Browser,
) -> None:
    await browser.get("/in?id=planted")
    planted = browser.jar.cookie()
    await browser.get("/in?id=own")
    assert await browser.get("/who") == (200, "own u1")
    assert await browser.get("/who", planted) == (200, "")


async def test_reading_sets_no_cookie(browser: Browser) -> None:
    await browser.get("/in?id=one")
    before = browser.jar.cookie()
    await browser.get("/who")
    assert browser.jar.cookie() == before


async def test_a_session_that_is_over_is_none_but_signing_out_still_finds_its_grant(
    browser: Browser, site: Site
) -> None:
    await browser.get("/in?id=one")
    site.now = NOW + 12 * 3600
    assert await browser.get("/who") == (200, "")
    await browser.get("/out")
    assert site.ended == [session("one")]
    assert browser.jar.kept == {}


@pytest.mark.parametrize(
    "cookie",
    [
        pytest.param(NAME + b"=\xff\xfe", id="not UTF-8"),
        pytest.param(NAME + b"=", id="empty"),
        pytest.param(NAME, id="no value"),
        pytest.param(NAME + b"=" + b"A" * 7000, id="huge"),
        pytest.param(NAME + b"=2.x.y; " + NAME + b".1=x.y", id="chunks of nothing"),
        pytest.param(NAME + b'="a\\"b,c"; $Version=1', id="quotes"),
        pytest.param(b'_interaction={"a":"b,c"}; \xff', id="others' junk"),
    ],
)
@pytest.mark.parametrize("path", ["/who", "/out", "/invalidate", "/in?id=one"])
async def test_10_a_broken_cookie_is_no_session_on_every_page(
    browser: Browser, cookie: bytes, path: str
) -> None:
    status, body = await browser.get(path, cookie)
    assert status < 400
    assert "u1" not in body
    assert (await browser.get("/who"))[1] == ("one u1" if "in?" in path else "")


async def test_several_cookie_fields_are_one(site: Site) -> None:
    (value,) = [
        v
        for v in site.store.write(session("one"), HOST, NOW, b"")
        if b"Max-Age=0" not in v
    ]
    own = value.partition(b";")[0].decode()
    async with (
        TestServer(site.application()) as server,
        aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as client,
    ):
        fields = [("Cookie", "a=1"), ("Cookie", own), ("Cookie", "b=2")]
        async with client.get(server.make_url("/who"), headers=fields) as answer:
            assert await answer.text() == "one u1"


async def test_it_serves_a_low_level_server(site: Site) -> None:
    serve = site.middleware()

    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        page = site.sign_in if request.path == "/in" else site.who
        # Middlewares are typed for Request; this one takes what that inherits from.
        return await serve(cast("web.Request", request), page)

    async with RawTestServer(handle) as server:
        browser = Browser(server)
        assert await browser.get("/in?id=one") == (200, "in")
        assert await browser.get("/who") == (200, "one u1")
