"""What a real browser makes of our cookies, of those we drop, and of return-to."""

from dataclasses import replace
from urllib.parse import unquote

from aiohttp import web
from aiohttp.test_utils import TestServer

from gateway.authentication.return_to import return_to
from gateway.identity.identity import Identity
from gateway.sessions.codec import KeyRing
from gateway.sessions.cookie_store import CookieStore
from gateway.sessions.session import Session
from tests.support.chromium import chromium
from tests.support.session_settings import Settings, counting_bytes

NOW, HOST = 1_800_000_000, "localhost"
LARGE = Settings(max_cookie_size=14 * 1024)
ADA = Identity("u1", None, "ada", "22", "A" * 7500, None, False, None)  # noqa: FBT003
SESSION = Session("id", NOW, NOW, NOW + 3600, ADA, "refresh")

TRICKS = [
    "//e.test", "/\\e.test", "/\t/e.test", "\t//e.test", "/%09/e.test", "/%2fe.test",
    "/%5ce.test", "/.//e.test", "/..//e.test", "/a/..//e.test", "/%2e%2e//e.test",
    "/\\/e.test", "https:e.test", "/?a=//e.test", "/a%2f%2fe.test", "/〱e.test",
    "/%252fe.test", "/%255ce.test", "/a?b\\c", "/é ü", "/a|b", "@e.test", ".e.test",
]  # fmt: skip


async def test_27_chunks_come_back_and_are_gone_after_sign_out() -> None:
    store = CookieStore(
        LARGE, KeyRing([bytes(32)]), secure=True, random_bytes=counting_bytes()
    )
    seen: list[tuple[str, Session | None, bytes]] = []

    async def answer(request: web.Request) -> web.Response:
        cookie = request.headers.get("Cookie", "").encode()
        seen.append((request.path, store.read(cookie, HOST, NOW), cookie))
        values = {
            "/in": lambda: store.write(SESSION, HOST, NOW, cookie),
            "/out": lambda: store.clear(cookie),
        }
        response = web.Response(text="here", content_type="text/html")
        for value in values.get(request.path, list)():
            response.headers.add("Set-Cookie", value.decode())
        return response

    application = web.Application()
    application.router.add_get("/{any:.*}", answer)
    server = TestServer(application, host="localhost")
    await server.start_server(max_field_size=64 * 1024)
    async with chromium() as browser:
        page = await browser.new_page()
        for path in ("in", "who", "out", "after"):
            await page.goto(f"http://localhost:{server.port}/{path}")
    await server.close()
    visits = {path: (session, cookie) for path, session, cookie in seen}
    assert visits["/who"][0] == SESSION
    assert visits["/who"][1].count(b"__Host-gateway") == 3
    assert visits["/after"] == (None, b"")


async def test_18_what_a_browser_would_hold_under_our_name_is_dropped() -> None:
    own = CookieStore(
        replace(LARGE, cookie_name="gateway-8080"),
        KeyRing([bytes(32)]),
        secure=False,
        random_bytes=counting_bytes(),
    ).own
    values = [
        pattern.replace("N", "gateway-8080")
        for pattern in (
            "N=x", " N=x", "N =x", "=N=x", " = N=x", "==N=x", "N", "N;Path=/", "N.1=x",
            "\tN\t=\tx", "N-attempt-a=x", "N-arrival=x", "N=x;;;", "a=N=x",
            "a=1, N=x", "a=1; N=x", '"N"=x', "XN=x", "N9=x", ";N=x", "n=x",
        )
    ]  # fmt: skip

    async def answer(request: web.Request) -> web.Response:
        if request.path == "/cookie":
            return web.Response(text=request.headers.get("Cookie", ""))
        number = int(request.path[1:])
        return web.Response(headers={"Set-Cookie": values[number]})

    application = web.Application()
    application.router.add_get("/{any:.*}", answer)
    held = []
    async with TestServer(application) as server, chromium() as browser:
        context = await browser.new_context()
        page = await context.new_page()
        await page.goto(str(server.make_url("/cookie")))
        for number, value in enumerate(values):
            cookie = await page.evaluate(
                "n => fetch('/' + n).then(() => fetch('/cookie')).then(c => c.text())",
                number,
            )
            if own.found(cookie.encode()):
                held.append(value)
            await context.clear_cookies()
    assert len(held) > 8
    assert [value for value in held if not own.is_own_set_cookie(value.encode())] == []


async def test_20_every_return_to_stays_on_its_origin() -> None:
    targets = sorted({return_to(value) for value in TRICKS})
    readings = [r for t in targets for r in (t, unquote(t), unquote(unquote(t)))]
    async with chromium() as browser:
        page = await browser.new_page()
        origins = await page.evaluate(
            "all => all.map(one => new URL(one, 'https://app.example.com/x/y').origin)",
            readings,
        )
    assert len(targets) > 5
    assert set(origins) == {"https://app.example.com"}
