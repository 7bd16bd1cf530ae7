"""Forward-auth: another proxy asks, by each form there is, and forwards itself."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import unquote

import pytest

from gateway.operations import logs
from tests.support.fortress import NAVIGATION
from tests.support.programs_asking import ROUTES as PROGRAMS, bearer, programs_asking
from tests.support.questions import ASKED, AUTH, Form, question
from tests.support.raw_client import RawResponse, exchange
from tests.support.strict_http import Field
from tests.support.whole_world import ADA, World, whole_world

PUBLIC = "https://app.example.com"
TRUSTING_OTHERS = 'trusted_proxies = ["10.0.0.0/8"]'
TRUSTING = 'trusted_proxies = ["127.0.0.1/32"]'
ROUTES = """
[[routes]]
upstream = "forward-auth"
allow = "anyone"
[[routes]]
path = "/public"
upstream = "forward-auth"
access = "public"
[[routes]]
path = "/optional"
upstream = "forward-auth"
access = "optional"
[[routes]]
path = "/bob"
upstream = "forward-auth"
allow = { x_usernames = ["bob_example"] }
[[routes]]
path = "/form"
methods = ["POST"]
upstream = "forward-auth"
allow = "anyone"
[[routes]]
path = "/recent"
upstream = "forward-auth"
allow = "anyone"
require = { signed_in_within = "15m" }
[[routes]]
path = "/pages"
upstream = "forward-auth"
allow = "anyone"
cors = { origins = ["https://pages.example.com"], preflights = "upstream" }
[[routes]]
host = "b.example.com"
upstream = "forward-auth"
allow = "anyone"
"""
HOST = b"app.example.com"
SCRIPT: tuple[Field, ...] = (
    (b"Sec-Fetch-Mode", b"cors"),
    (b"Sec-Fetch-Dest", b"empty"),
    (b"Sec-Fetch-Site", b"same-origin"),
)
FORMS = [pytest.param(form, id=form.value) for form in Form]
DECIDING = [
    pytest.param(form, id=form.value) for form in Form if form is not Form.REFUSAL
]


@asynccontextmanager
async def asked_world(server: str = TRUSTING, **more: str) -> AsyncIterator[World]:
    """Run a gateway that other proxies ask."""
    async with whole_world(ROUTES, server=server, public_url=PUBLIC, **more) as world:
        yield world


async def ask(  # noqa: PLR0913 - the parts of a request
    world: World,
    form: Form,
    target: bytes = b"/",
    fields: tuple[Field, ...] = (),
    *,
    method: bytes = b"GET",
    host: bytes = HOST,
) -> RawResponse:
    """Ask about a request with the browser's cookies."""
    origin = f"https://{host.decode()}"
    cookies = world.browser.cookie_header(origin)
    if cookies:
        fields = (*fields, (b"Cookie", cookies.encode()))
    data = question(form, target, fields, method=method, host=host, scheme=b"https")
    return await exchange(world.gateway.port, data)


def identity(answer: RawResponse) -> list[bytes]:
    """Return what the proxy is told about the person."""
    names = (b"User", b"Preferred-Username", b"Email", b"Groups", b"Name")
    told = [answer.values(b"X-Auth-Request-" + name) for name in names]
    assert all(len(values) == 1 for values in told), told
    return [value for (value,) in told]


def log_of(path: Path) -> bytes:
    """Return the log *path*, with every line so far."""
    logs.flush()
    return path.read_bytes()


async def sign_in(world: World, person: str = "ada") -> None:
    """Sign in; the page after it is not forwarded by the gateway."""
    page = await world.browser.sign_in(world.url("/.gateway/sign-in"), person)
    assert world.session_cookie() is not None, page


@pytest.mark.parametrize("form", DECIDING)
async def test_who_may_is_told_to_the_proxy(form: Form) -> None:
    async with asked_world() as world:
        await sign_in(world)
        answer = await ask(world, form, b"/notes?x=/y")
        assert answer.status == 200
        assert answer.body == b""
        assert identity(answer) == [
            ADA.encode(),
            b"ada_example",
            b"",
            b"",
            b"Ada Example",
        ]
        assert answer.value(b"X-Forwarded-User") == ADA.encode()
        assert answer.value(b"Cache-Control") == b"no-store"
        assert answer.value(b"X-Auth-Request-Cache-Control") == b"private"
        assert answer.values(b"Set-Cookie") == []
        assert world.upstream.requests == []


@pytest.mark.parametrize("form", DECIDING)
async def test_02_nobody_is_told_where_nobody_is_known(form: Form) -> None:
    async with asked_world() as world:
        for target in (b"/public/x", b"/optional/x"):
            answer = await ask(world, form, target)
            assert answer.status == 200
            assert identity(answer) == [b""] * 5
            assert answer.values(b"X-Forwarded-User") == [b""]
        await sign_in(world)
        assert identity(await ask(world, form, b"/public/x")) == [b""] * 5
        answer = await ask(world, form, b"/optional/x")
        assert identity(answer)[0] == ADA.encode()
        assert answer.value(b"X-Auth-Request-Cache-Control") == b"private, no-cache"


@pytest.mark.parametrize("form", FORMS)
async def test_a_person_is_sent_to_sign_in_and_comes_back(form: Form) -> None:
    async with asked_world() as world:
        answer = await ask(world, form, b"/notes/7?from=mail&x=%2F", NAVIGATION)
        if form.knows_three_statuses:
            assert answer.status == 401
            assert answer.body == b""
            where = answer.value(b"X-Auth-Request-Redirect")
        else:
            assert answer.status == 302
            where = answer.value(b"Location")
        assert where is not None
        address = where.decode()
        assert address.startswith(f"{PUBLIC}/.gateway/sign-in?rd=")
        assert unquote(address.partition("?rd=")[2]) == "/notes/7?from=mail&x=%2F"
        page = await world.browser.sign_in(address, "ada")
        assert page.url == f"{PUBLIC}/notes/7?from=mail&x=%2F"


@pytest.mark.parametrize("form", FORMS)
async def test_a_script_gets_401_in_json(form: Form) -> None:
    async with asked_world() as world:
        for method in (b"GET", b"POST"):
            answer = await ask(world, form, b"/notes", SCRIPT, method=method)
            assert answer.status == 401
            assert answer.value(b"WWW-Authenticate") == b'Bearer realm="gateway"'
            assert answer.values(b"X-Auth-Request-Redirect") == []
            if not form.knows_three_statuses:
                assert b'"error": "sign_in_required"' in answer.body
                assert b'"https://app.example.com/.gateway/sign-in"' in answer.body


@pytest.mark.parametrize("form", FORMS)
async def test_who_may_not_gets_403(form: Form) -> None:
    async with asked_world() as world:
        await sign_in(world)
        answer = await ask(world, form, b"/bob/x", NAVIGATION)
        assert answer.status == 403
        assert answer.values(b"X-Auth-Request-User") == []
        assert (b"Ada Example" in answer.body) == (not form.knows_three_statuses)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    ("target", "method", "host", "status"),
    [
        pytest.param(b"/a/../b", b"GET", HOST, 400, id="a dot segment"),
        pytest.param(b"/%70ublic/x", b"GET", HOST, 400, id="an ambiguous path"),
        pytest.param(b"/form", b"PUT", HOST, 405, id="a method that is not listed"),
        pytest.param(b"/public", b"TRACE", HOST, 405, id="a method that echoes"),
        pytest.param(b"/", b"GET", b"evil.example", 421, id="another host"),
        pytest.param(b"/", b"GET", b"a b", 400, id="a host that is none"),
        pytest.param(b"/.gateway/userinfo", b"GET", HOST, 404, id="an address of ours"),
        pytest.param(b"/.gateway/auth", b"GET", HOST, 404, id="this very address"),
        pytest.param(b"/.GateWay/x", b"GET", HOST, 404, id="ours in another case"),
        pytest.param(b"/public/%2e.gateway", b"GET", HOST, 200, id="a name like ours"),
        pytest.param(b"/" + b"a" * 9000, b"GET", HOST, 400, id="a long path"),
    ],
)
async def test_what_is_refused_here_is_refused_there(
    form: Form, target: bytes, method: bytes, host: bytes, status: int
) -> None:
    async with asked_world() as world:
        answer = await ask(world, form, target, method=method, host=host)
        if status == 200:
            assert answer.status == (503 if form is Form.REFUSAL else 200)
        elif form.knows_three_statuses and answer.status != 400:
            assert answer.status == 403
        elif status == 400:
            assert answer.status in {400, 414}
        else:
            assert answer.status == status
        assert answer.values(b"X-Auth-Request-User") == (
            [b""] if answer.status == 200 else []
        )


@pytest.mark.parametrize("form", FORMS)
async def test_07_nobody_but_a_trusted_proxy_is_answered(form: Form) -> None:
    async with asked_world(TRUSTING_OTHERS) as world:
        await sign_in(world)
        for target in (b"/", b"/public/x"):
            answer = await ask(world, form, target)
            assert answer.status == 403
            assert b"not_a_trusted_proxy" in answer.body
            assert ADA.encode() not in answer.head + answer.body


async def test_07_the_log_says_which_network_to_list(log_lines: Path) -> None:
    start = len(log_of(log_lines))
    async with asked_world(TRUSTING_OTHERS) as world:
        await ask(world, Form.FORWARDED, b"/")
    assert b"trusted_proxies: 127.0.0.1" in log_of(log_lines)[start:]


@pytest.mark.parametrize("form", DECIDING)
async def test_a_cookie_that_is_due_is_handed_on(form: Form) -> None:
    async with asked_world() as world:
        await sign_in(world)
        before = world.session_cookie()
        world.clock.at += 400
        answer = await ask(world, form, b"/notes")
        assert answer.status == 200
        cookies = answer.values(b"Set-Cookie")
        numbered = [
            answer.value(b"X-Auth-Request-Set-Cookie-%d" % number)
            for number in range(1, len(cookies) + 1)
        ]
        assert cookies == numbered
        assert answer.value(b"X-Auth-Request-Set-Cookie-6") == b""
        assert answer.value(b"X-Auth-Request-Cache-Control") == b"no-store"
        (session,) = (c for c in cookies if c.startswith(b"__Host-gateway="))
        assert before is not None
        assert before.encode() not in session


@pytest.mark.parametrize("form", DECIDING)
async def test_01_our_cookies_are_not_for_the_application(form: Form) -> None:
    async with asked_world() as world:
        await sign_in(world)
        answer = await ask(world, form, b"/x", ((b"Cookie", b'a=1; b="{2}"'),))
        assert answer.values(b"Cookie") == [b'a=1; b="{2}"']
        odd = "a=\u00e4\u20ac; b=\xff".encode() + b"\xff"
        answer = await ask(world, form, b"/x", ((b"Cookie", odd),))
        assert answer.values(b"Cookie") == [odd]
        assert (await ask(world, form, b"/x")).values(b"Cookie") == [b""]


@pytest.mark.parametrize("form", FORMS)
async def test_19_another_site_uses_no_session(form: Form) -> None:
    foreign: tuple[Field, ...] = ((b"Origin", b"https://evil.example"),)
    handshake: tuple[Field, ...] = (
        (b"Upgrade", b"websocket"),
        (b"Sec-WebSocket-Key", b"dGhlIHNhbXBsZSBub25jZQ=="),
        (b"Sec-WebSocket-Version", b"13"),
    )
    ours: tuple[Field, ...] = ((b"Origin", PUBLIC.encode()),)
    async with asked_world() as world:
        await sign_in(world)
        for method, fields, status in (
            (b"POST", foreign, 403),
            (b"GET", (*foreign, *handshake), 403),
            (b"GET", handshake, 403),
            (b"POST", ours, 200),
            (b"GET", (*ours, *handshake), 200),
            (b"GET", foreign, 200),
        ):
            answer = await ask(world, form, b"/notes", fields, method=method)
            passes = 503 if form is Form.REFUSAL else 200
            assert answer.status == (passes if status == 200 else status), fields


@pytest.mark.parametrize("form", FORMS)
async def test_each_host_has_a_session_and_a_way_back_of_its_own(form: Form) -> None:
    async with asked_world() as world:
        await sign_in(world)
        other = b"b.example.com"
        world.browser.published["https://b.example.com"] = (
            f"http://127.0.0.1:{world.gateway.port}"
        )
        world.logto.client.register_gateway("https://b.example.com")
        answer = await ask(world, form, b"/x?y", NAVIGATION, host=other)
        where = answer.value(b"Location") or answer.value(b"X-Auth-Request-Redirect")
        assert where == b"https://b.example.com/.gateway/sign-in?rd=/x%3Fy"
        page = await world.browser.sign_in(where.decode(), "bob")
        assert page.url == "https://b.example.com/x?y"
        answer = await ask(world, form, b"/x", host=other)
        assert answer.status == (503 if form is Form.REFUSAL else 200)


@pytest.mark.parametrize("form", FORMS)
async def test_who_signed_in_long_ago_is_asked_to_do_so_again(form: Form) -> None:
    async with asked_world() as world:
        await sign_in(world)
        passes = 503 if form is Form.REFUSAL else 200
        assert (await ask(world, form, b"/recent")).status == passes
        world.clock.at += 20 * 60
        answer = await ask(world, form, b"/recent?x=1", NAVIGATION)
        assert answer.status == (401 if form.knows_three_statuses else 302)
        where = answer.value(b"Location") or answer.value(b"X-Auth-Request-Redirect")
        assert (where or b"").startswith(
            b"https://app.example.com/.gateway/sign-in-again?"
        )
        assert (await ask(world, form, b"/recent", SCRIPT)).status == 401


@pytest.mark.parametrize("form", FORMS)
async def test_preflights_are_the_applications(form: Form) -> None:
    asking: tuple[Field, ...] = (
        (b"Origin", b"https://pages.example.com"),
        (b"Access-Control-Request-Method", b"PUT"),
    )
    async with asked_world() as world:
        answer = await ask(world, form, b"/pages/x", asking, method=b"OPTIONS")
        assert answer.status == (503 if form is Form.REFUSAL else 200)
        assert answer.values(b"X-Auth-Request-User") in ([], [b""])
        # Whoever only resembles one needs a session, and is told so to be read.
        answer = await ask(world, form, b"/pages/x", asking[:1], method=b"OPTIONS")
        assert answer.status == 401
        if not form.knows_three_statuses:
            allowed = answer.value(b"Access-Control-Allow-Origin")
            assert allowed == b"https://pages.example.com"
        evil = ((b"Origin", b"https://evil.example"), *asking[1:])
        answer = await ask(world, form, b"/pages/x", evil, method=b"OPTIONS")
        assert answer.status == 401


@pytest.mark.parametrize("form", DECIDING)
async def test_13_a_program_is_let_in_and_its_token_stays_with_us(form: Form) -> None:
    async with programs_asking(PROGRAMS + ASKED, server=TRUSTING) as programs:
        gateway = programs.world.gateway
        host = gateway.url.removeprefix("http://").encode()

        async def told(path: bytes, *fields: Field) -> RawResponse:
            data = question(form, path, fields, host=host)
            return await exchange(gateway.port, data)

        good = bearer(programs.token())
        answer = await told(b"/api", good)
        assert (answer.status, identity(answer)[0]) == (200, b"nightly")
        assert answer.values(b"Authorization") == [b""]
        assert (await told(b"/passed", good)).value(b"Authorization") == good[1]
        basic = (b"Authorization", b"Basic YTpi")
        assert (await told(b"/public", basic)).value(b"Authorization") == basic[1]
        assert (await told(b"/public", basic, good)).value(b"Authorization") == b""
        answer = await told(b"/api", bearer("x.y.z"))
        assert answer.status == 401
        assert b'error="invalid_token"' in (answer.value(b"WWW-Authenticate") or b"")


async def test_a_refusal_tells_nothing_about_who_may_by_now() -> None:
    async with asked_world() as world:
        await sign_in(world)
        answer = await ask(world, Form.REFUSAL, b"/notes", NAVIGATION)
        assert answer.status == 503
        assert answer.value(b"Retry-After") == b"1"
        assert ADA.encode() not in answer.head + answer.body
        assert answer.values(b"X-Auth-Request-User") == []


@pytest.mark.parametrize("form", FORMS)
async def test_01_a_client_that_names_itself_is_refused(form: Form) -> None:
    async with asked_world() as world:
        for name in (b"X-Auth-Request-User", b"x_forwarded_user", b"Remote-User"):
            answer = await ask(world, form, b"/public/x", ((name, b"evil"),))
            assert answer.status == (403 if form.knows_three_statuses else 400)
            assert b"evil" not in answer.head + answer.body


async def test_a_route_for_forward_auth_is_not_forwarded() -> None:
    async with asked_world() as world:
        assert (await world.open("/public/x")).status == 404
        await sign_in(world)
        page = await world.open("/x")
        assert page.status == 404
        assert "This page is reached another way" in page.text


async def test_the_assertion_and_own_names_are_told_too(tmp_path: Path) -> None:
    server = f'{TRUSTING}\nstate_directory = "{tmp_path}"'
    tables = (
        '[identity]\nheaders = { "X-Team" = "x_id" }\n'
        "[identity.assertion]\nenabled = true\n"
    )
    async with asked_world(server, tables=tables) as world:
        answer = await ask(world, Form.FORWARDED, b"/public/x")
        assert answer.values(b"X-Team") == [b""]
        assert len(answer.value(b"X-Request-Id") or b"") > 10
        assert answer.values(b"X-Gateway-Assertion") == [b""]
        await sign_in(world)
        answer = await ask(world, Form.FORWARDED, b"/x")
        assert answer.value(b"X-Team") == b"2244994945"
        assert (answer.value(b"X-Gateway-Assertion") or b"").count(b".") == 2


async def test_30_where_no_route_is_for_other_proxies_nobody_is_answered() -> None:
    """One in front that passes everything on would pass on its clients' questions."""
    own = '[[routes]]\nupstream = "UPSTREAM"\nallow = "anyone"\n'
    async with whole_world(own, server=TRUSTING, public_url=PUBLIC) as world:
        await world.sign_in()
        for form in Form:
            answer = await ask(world, form, b"/x")
            assert answer.status in {404, 421}
            assert ADA.encode() not in answer.head + answer.body


@pytest.mark.parametrize("form", FORMS)
async def test_30_nor_about_a_host_without_such_a_route(form: Form) -> None:
    """The answer holds cookies that are HttpOnly, ours and the application's."""
    mixed = """
[[routes]]
upstream = "UPSTREAM"
allow = "anyone"
[[routes]]
host = "asked.example.com"
upstream = "forward-auth"
allow = "anyone"
"""
    async with whole_world(mixed, server=TRUSTING, public_url=PUBLIC) as world:
        await world.sign_in()
        world.clock.at += 3000  # a session that is due
        answer = await ask(world, form, b"/x", SCRIPT)
        assert answer.status in {403, 404}
        told = answer.head + answer.body
        assert ADA.encode() not in told
        assert world.name.encode() not in told


async def test_the_whole_path_of_our_address_is_nobody_elses() -> None:
    async with asked_world() as world:
        head = b"GET %b HTTP/1.1\r\nHost: app.example.com\r\n\r\n"
        for target, status in (
            (AUTH, 400),
            (AUTH + b"?refusal", 400),
            (b"/.gateway/AUTH", 404),
            (b"/.gateway/%61uth", 404),
            (b"//.gateway/auth", 404),
            (b"/.gateway/author", 404),
        ):
            answer = await exchange(world.gateway.port, head % target)
            assert answer.status == status, target
