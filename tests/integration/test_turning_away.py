"""Who gets a redirect, who gets a 401, and for which hosts we answer at all."""

from collections.abc import Sequence

import pytest

from tests.support.raw_client import RawResponse, connected, exchange
from tests.support.sample_routes import TWO_HOSTS
from tests.support.virtual_browser import FetchBlockedError
from tests.support.whole_world import World, whole_world

PROTECTED = '[[routes]]\nupstream = "UPSTREAM"\nallow = "anyone"'
IDLE = 'idle_timeout = "30m"'
NAVIGATION = ("Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: document")


async def ask(
    world: World,
    target: str = "/notes?id=1",
    method: str = "GET",
    *,
    host: str = "127.0.0.1",
    fields: Sequence[str] = (),
) -> RawResponse:
    """Send a request as it stands, without cookies."""
    head = [f"{method} {target} HTTP/1.1", f"Host: {host}", *fields, "", ""]
    return await exchange(world.gateway.port, "\r\n".join(head).encode("latin-1"))


def is_told_to_sign_in(world: World, answer: RawResponse) -> None:
    """Hold that *answer* is the 401 for programs."""
    assert answer.status == 401
    assert answer.value(b"WWW-Authenticate") == b'Bearer realm="gateway"'
    assert answer.value(b"Cache-Control") == b"no-store"
    assert answer.value(b"Set-Cookie") is None
    assert answer.value(b"Location") is None
    if answer.body:
        assert answer.value(b"Content-Type") == b"application/json; charset=utf-8"
        assert b'"error": "sign_in_required"' in answer.body
        assert world.url("/.gateway/sign-in").encode() in answer.body
        assert b'"request_id"' in answer.body


@pytest.mark.parametrize(
    ("method", "fields"),
    [
        pytest.param("GET", NAVIGATION, id="Fetch Metadata"),
        pytest.param("HEAD", NAVIGATION, id="HEAD"),
        pytest.param("GET", ["Accept: text/html"], id="an old browser"),
        pytest.param("GET", ["Accept: text/html;q=0.5, */*"], id="with weights"),
        pytest.param("HEAD", ["Accept: text/html"], id="an old browser's HEAD"),
    ],
)
async def test_32_a_navigation_is_led_to_sign_in(
    method: str, fields: list[str]
) -> None:
    async with whole_world() as world:
        answer = await ask(world, method=method, fields=fields)
        assert answer.status == 302
        assert answer.value(b"Location") == b"/.gateway/sign-in?rd=/notes%3Fid%3D1"
        assert answer.value(b"Cache-Control") == b"no-store"
        assert answer.value(b"Set-Cookie") is None
        assert answer.body == b""
        assert world.upstream.requests == []


@pytest.mark.parametrize(
    ("method", "fields"),
    [
        pytest.param("GET", [], id="nothing said"),
        pytest.param("GET", ["Accept: */*"], id="curl"),
        pytest.param("GET", ["Accept: application/json"], id="a program"),
        pytest.param("POST", ["Accept: text/html"], id="a POST without metadata"),
        pytest.param("PUT", [], id="PUT"),
        pytest.param("PROPFIND", ["Accept: text/html"], id="11 PROPFIND"),
        pytest.param("get", ["Accept: text/html"], id="11 get"),
        pytest.param("FOO", [], id="11 FOO"),
        pytest.param("OPTIONS", ["Origin: https://evil.example"], id="a preflight"),
        pytest.param(
            "GET", ["Accept: text/html", "X-Requested-With: XMLHttpRequest"], id="XHR"
        ),
        pytest.param(
            "GET",
            ["Sec-Fetch-Mode: cors", "Sec-Fetch-Dest: empty", "Accept: text/html"],
            id="fetch()",
        ),
        pytest.param(
            "GET", ["Sec-Fetch-Mode: no-cors", "Sec-Fetch-Dest: image"], id="img"
        ),
        pytest.param(
            "GET", ["Sec-Fetch-Mode: no-cors", "Sec-Fetch-Dest: script"], id="script"
        ),
        pytest.param("GET", [*NAVIGATION, "Sec-Purpose: prefetch"], id="prefetch"),
        pytest.param(
            "GET", [*NAVIGATION, "Sec-Purpose: prefetch;prerender"], id="prerender"
        ),
        pytest.param("GET", ["Accept: text/html", "Purpose: prefetch"], id="Purpose"),
        pytest.param("GET", ["Accept: text/html", "X-Moz: prefetch"], id="X-Moz"),
        pytest.param(
            "GET",
            ["Sec-Fetch-Dest: serviceworker", "Service-Worker: script"],
            id="service worker",
        ),
        pytest.param(
            "GET", ["Sec-Fetch-Mode: cors", "Sec-Fetch-Dest: manifest"], id="manifest"
        ),
        pytest.param("GET", [*NAVIGATION, "Sec-Fetch-Mode: cors"], id="two modes"),
        pytest.param(
            "GET",
            [
                "Connection: Upgrade",
                "Upgrade: websocket",
                "Sec-WebSocket-Version: 13",
                "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
                "Sec-Fetch-Mode: websocket",
                "Sec-Fetch-Dest: websocket",
            ],
            id="14 a WebSocket",
        ),
        pytest.param("GET", ["Accept: text/event-stream"], id="14 an event stream"),
    ],
)
async def test_32_everything_else_gets_401_without_a_cookie(
    method: str, fields: list[str]
) -> None:
    async with whole_world() as world:
        is_told_to_sign_in(world, await ask(world, method=method, fields=fields))
        assert world.upstream.requests == []


@pytest.mark.parametrize("kind", ["iframe", "frame", "embed", "object", "fencedframe"])
async def test_a_frame_gets_a_link_that_leaves_it(kind: str) -> None:
    async with whole_world() as world:
        answer = await ask(
            world,
            fields=[
                "Sec-Fetch-Mode: navigate",
                f"Sec-Fetch-Dest: {kind}",
                "Accept: text/html",
                f"Referer: {world.url('/outer?a=1')}",
            ],
        )
        assert answer.status == 401
        assert answer.value(b"Set-Cookie") is None
        assert b'target="_top"' in answer.body
        assert b'href="/.gateway/sign-in?rd=/outer%3Fa%3D1"' in answer.body
        policy = answer.value(b"Content-Security-Policy") or b""
        assert b"frame-ancestors 'self'" in policy


async def test_an_expired_session_in_a_frame_leads_back_to_the_whole_page() -> None:
    async with whole_world(session=IDLE) as world:
        outer = await world.sign_in("ada", "/outer?a=1")
        world.clock.at += 1800
        frame = await world.browser.navigate(
            world.url("/inner"),
            came_from=outer,
            destination="iframe",
            headers={"Referer": outer.url},
        )
        assert frame.status == 401
        assert "/inner" not in world.upstream.targets
        page = await world.browser.click(frame, "Sign in with X")
        assert (page.url, page.status) == (world.url("/outer?a=1"), 200)


async def test_a_form_that_came_too_late_leads_back_to_its_page() -> None:
    async with whole_world(session=IDLE) as world:
        page = await world.sign_in("ada", "/form?id=1")
        world.clock.at += 1800
        page = await world.browser.navigate(
            world.url("/save"),
            came_from=page,
            form=[("text", "much work")],
            headers={"Referer": world.url("/form?id=1")},
        )
        assert (page.url, page.status) == (world.url("/form?id=1"), 200)
        assert "/save" not in world.upstream.targets


@pytest.mark.parametrize(
    "referer",
    [
        "https://evil.example/",
        "http://127.0.0.1.evil.example/",
        "http://127.0.0.1:9/",
        "//evil.example",
        "javascript:alert(1)",
        "\xff",
    ],
)
async def test_20_a_hostile_referer_leads_nowhere(referer: str) -> None:
    async with whole_world() as world:
        fields = [*NAVIGATION, "Sec-Fetch-Site: cross-site", f"Referer: {referer}"]
        answer = await ask(world, method="POST", fields=fields)
        assert answer.status == 303
        assert answer.value(b"Location") == b"/.gateway/sign-in?rd=/"


# Cross-site requests with a session.


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example/", "http://127.0.0.1:9/"], ids=["site", "port"]
)
async def test_19_a_session_is_not_used_by_another_origins_form(elsewhere: str) -> None:
    async with whole_world() as world:
        await world.sign_in()
        page = await world.browser.navigate(
            world.url("/delete"), came_from=elsewhere, form=[("a", "b")]
        )
        assert "/delete" not in world.upstream.targets
        assert page.status in {200, 403}  # without the cookie: to sign in, silently


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "PROPFIND"])
async def test_19_a_sibling_host_cannot_use_the_session(method: str) -> None:
    async with whole_world() as world:
        await world.sign_in()
        cookie = f"Cookie: {world.browser.cookie_header(world.url())}"
        for fields in (
            [cookie, "Sec-Fetch-Site: same-site"],
            [cookie, "Sec-Fetch-Site: cross-site"],
            [cookie, "Origin: https://evil.example"],
            [cookie, "Origin: null"],
        ):
            answer = await ask(world, "/delete", method, fields=fields)
            assert answer.status == 403
        assert "/delete" not in world.upstream.targets


async def test_19_nor_open_a_websocket_with_it() -> None:
    async with whole_world() as world:
        await world.sign_in()
        handshake = [
            f"Cookie: {world.browser.cookie_header(world.url())}",
            "Connection: Upgrade",
            "Upgrade: websocket",
            "Sec-WebSocket-Version: 13",
            "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
        ]
        for origin, status in (
            (["Origin: https://evil.example"], 403),
            (["Origin: null"], 403),
            ([], 403),
            ([f"Origin: {world.gateway.url}"], 101),
        ):
            async with connected(world.gateway.port) as client:
                head = ["GET /live HTTP/1.1", "Host: 127.0.0.1", *handshake, *origin]
                client.send("\r\n".join([*head, "", ""]).encode())
                assert (await client.read_head()).status == status


async def test_19_another_sites_script_and_image_come_without_the_session() -> None:
    async with whole_world() as world:
        await world.sign_in()
        reached = len(world.upstream.requests)
        with pytest.raises(FetchBlockedError):
            await world.browser.fetch(world.url("/a"), page="https://evil.example/")
        assert len(world.upstream.requests) == reached


# Hosts.


HOSTS = (
    TWO_HOSTS
    + """
[[routes]]
host = "*.lab.example.com"
upstream = "UPSTREAM"
access = "public"
"""
)


@pytest.mark.parametrize(
    ("host", "status"),
    [
        pytest.param("app.example.com", 302, id="the public host"),
        pytest.param("other.example.com", 302, id="a route's host"),
        pytest.param("x.lab.example.com", 200, id="a name below a star"),
        pytest.param("APP.Example.com", 302, id="12 upper case"),
        pytest.param("app.example.com.", 302, id="12 a trailing dot"),
        pytest.param("app.example.com:443", 302, id="12 with the port"),
        pytest.param("app.example.com:8080", 302, id="12 with another port"),
        pytest.param("lab.example.com", 421, id="the star's own name"),
        pytest.param("evil.example", 421, id="a stranger"),
        pytest.param("app.example.com.evil.example", 421, id="a longer name"),
        pytest.param("example.com", 421, id="the parent"),
        pytest.param("127.0.0.1", 421, id="an address"),
        pytest.param("[::1]", 421, id="12 IPv6"),
        pytest.param("app.example.com:x", 400, id="12 no port"),
        pytest.param("app.example.com:99999", 400, id="12 no such port"),
        pytest.param("user@app.example.com", 400, id="12 userinfo"),
        pytest.param("app.example.com/..", 400, id="12 a path"),
        pytest.param("", 400, id="12 empty"),
        pytest.param("app.example.com, evil.example", 400, id="12 a list"),
        pytest.param("app.example.com\xff", 400, id="12 another byte"),
    ],
)
async def test_12_hosts(host: str, status: int) -> None:
    async with whole_world(HOSTS, public_url="https://app.example.com") as world:
        answer = await ask(world, host=host, fields=NAVIGATION)
        assert answer.status == status
        assert bool(world.upstream.requests) == (status == 200)
        if status == 421:
            assert b"It answers for" in answer.body
            for name in ("app.example.com", "other.example.com"):
                assert name.encode() in answer.body
            assert answer.value(b"Cache-Control") == b"no-store"
        if status == 400:
            assert answer.value(b"Connection") == b"close"


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param(["Host: app.example.com", "Host: evil.example"], id="two hosts"),
        pytest.param(["Host: app.example.com", "Host: app.example.com"], id="twice"),
        pytest.param([], id="none"),
    ],
)
async def test_12_two_hosts_or_none_are_400(fields: list[str]) -> None:
    async with whole_world(HOSTS, public_url="https://app.example.com") as world:
        head = "\r\n".join(["GET / HTTP/1.1", *fields, "", ""])
        answer = await exchange(world.gateway.port, head.encode())
        assert answer.status == 400
        assert answer.value(b"Connection") == b"close"


@pytest.mark.parametrize(
    ("target", "status"),
    [
        pytest.param("http://app.example.com/a", 302, id="absolute form"),
        pytest.param("http://evil.example/a", 400, id="another host in the target"),
        pytest.param("http://169.254.169.254/", 400, id="14 the metadata service"),
        pytest.param("http://u:p@app.example.com/a", 400, id="userinfo"),
        pytest.param("/a#b", 400, id="05 a raw hash"),
        pytest.param("/a%00b", 400, id="%00"),
        pytest.param("/a%0d%0ab", 400, id="%0d%0a"),
        pytest.param("/a\xe9", 400, id="a raw byte"),
        pytest.param("/a/../b", 400, id="dot segments"),
        pytest.param("/a/%2e%2e/b", 400, id="encoded dot segments"),
        pytest.param("/%c0%ae%c0%ae/", 400, id="overlong UTF-8"),
        pytest.param("*", 400, id="asterisk form"),
        pytest.param("a", 400, id="no slash"),
    ],
)
async def test_a_target_that_is_not_one_is_400_and_closes(
    target: str, status: int
) -> None:
    async with whole_world(HOSTS, public_url="https://app.example.com") as world:
        answer = await ask(world, target, host="app.example.com", fields=NAVIGATION)
        assert answer.status == status, answer.head
        assert (answer.value(b"Connection") == b"close") == (status == 400)
        assert world.upstream.requests == []


async def test_headers_that_are_too_large_are_431_and_close() -> None:
    async with whole_world() as world:
        for fields in (["X: " + "a" * 70_000], [f"X-{n}: a" for n in range(300)]):
            answer = await ask(world, fields=fields)
            assert answer.status == 431
            assert answer.value(b"Connection") == b"close"
        answer = await ask(world, fields=["X: " + "a" * 60_000, *NAVIGATION])
        assert answer.status == 302


async def test_08_a_stranger_as_host_gets_no_cookie_and_no_redirect() -> None:
    async with whole_world(HOSTS, public_url="https://app.example.com") as world:
        for target in ("/", "/.gateway/sign-in", "/.gateway/callback?state=a&code=b"):
            answer = await ask(world, target, host="evil.example", fields=NAVIGATION)
            assert answer.status == 421
            assert answer.value(b"Location") is None
            assert answer.value(b"Set-Cookie") is None


@pytest.mark.parametrize("host", ["localhost", "[::1]", "127.0.0.2", "LOCALHOST"])
async def test_another_name_of_loopback_is_led_to_the_public_url(host: str) -> None:
    async with whole_world() as world:
        port = world.gateway.port
        answer = await ask(
            world, "/notes?id=1", host=f"{host}:{port}", fields=NAVIGATION
        )
        assert answer.status == 307
        assert answer.value(b"Location") == world.url("/notes?id=1").encode()
        assert answer.value(b"Set-Cookie") is None
        for fields in (["Accept: */*"], ["Sec-Fetch-Mode: cors"]):
            answer = await ask(world, host=host, fields=fields)
            assert answer.status == 421
        answer = await ask(world, method="POST", host=host, fields=NAVIGATION)
        assert answer.status == 421


async def test_a_public_address_that_is_not_loopback_leads_nobody_there() -> None:
    async with whole_world(public_url="https://app.example.com") as world:
        answer = await ask(world, host="localhost", fields=NAVIGATION)
        assert answer.status == 421


async def test_each_host_has_its_own_cookie_and_the_second_sign_in_is_silent() -> None:
    async with whole_world(HOSTS, public_url="https://app.example.com") as world:
        other = "https://other.example.com"
        world.logto.client.register_gateway(other)
        world.browser.published[other] = f"http://127.0.0.1:{world.gateway.port}"
        await world.sign_in("ada", "/one")
        page = await world.browser.navigate(f"{other}/two")
        assert (page.url, page.status) == (f"{other}/two", 200)
        assert world.logto.requests.count("x") == 2  # the page and its form, once
        hosts = {c.host: c.value for c in world.cookies() if c.name == world.name}
        assert hosts.keys() == {"app.example.com", "other.example.com"}
        assert world.name == "__Host-gateway"
        # Moved to the other host, a session opens nothing.
        stolen = f"__Host-gateway={hosts['app.example.com']}"
        answer = await ask(
            world, host="other.example.com", fields=[f"Cookie: {stolen}"]
        )
        assert answer.status == 401


# What a proxy in front says.


FORWARDED_HOST = (*NAVIGATION, "X-Forwarded-Host: other.example.com")


async def test_07_the_host_a_trusted_proxy_names_counts() -> None:
    async with whole_world(
        HOSTS,
        public_url="https://app.example.com",
        server='trusted_proxies = ["127.0.0.1/32"]',
    ) as world:
        world.logto.client.register_gateway("https://other.example.com")
        answer = await ask(
            world,
            "/.gateway/sign-in",
            host="127.0.0.1:8080",
            fields=FORWARDED_HOST,
        )
        assert answer.status == 303
        location = (answer.value(b"Location") or b"").decode()
        assert "redirect_uri=https%3A%2F%2Fother.example.com%2F.gateway" in location


async def test_07_the_host_that_anybody_else_names_does_not() -> None:
    async with whole_world(HOSTS, public_url="https://app.example.com") as world:
        for fields in (
            FORWARDED_HOST,
            (*NAVIGATION, "Forwarded: host=other.example.com"),
            (*NAVIGATION, "X-Original-URL: /public", "X-Rewrite-URL: /public"),
        ):
            answer = await ask(world, host="127.0.0.1", fields=fields)
            assert answer.status == 421
            answer = await ask(
                world, "/.gateway/sign-in", host="app.example.com", fields=fields
            )
            location = (answer.value(b"Location") or b"").decode()
            assert "redirect_uri=https%3A%2F%2Fapp.example.com%2F.gateway" in location


async def test_07_scheme_and_port_are_never_taken_from_a_header() -> None:
    async with whole_world(
        HOSTS,
        public_url="https://app.example.com",
        server='trusted_proxies = ["127.0.0.1/32"]',
    ) as world:
        answer = await ask(
            world,
            "/.gateway/sign-in",
            host="app.example.com:1234",
            fields=[*NAVIGATION, "X-Forwarded-Proto: http", "X-Forwarded-Port: 99"],
        )
        location = (answer.value(b"Location") or b"").decode()
        assert "redirect_uri=https%3A%2F%2Fapp.example.com%2F.gateway" in location


# 34: hostile text on our pages.


@pytest.mark.parametrize(
    "target",
    [
        "/<script>alert(1)</script>",
        "/%3Cscript%3Ealert(1)%3C/script%3E",
        "/\"onmouseover='alert(1)'",
        "/{{7*77777}}",  # no port has so many digits
    ],
)
async def test_34_a_hostile_path_is_text(target: str) -> None:
    routes = '[[routes]]\npath = "/app"\nupstream = "UPSTREAM"\naccess = "public"'
    async with whole_world(routes) as world:
        answer = await ask(world, target, fields=NAVIGATION)
        assert answer.status in {400, 404}
        for markup in (b"<script", b"\"onmouseover='", b"544439"):
            assert markup not in answer.body
        policy = answer.value(b"Content-Security-Policy") or b""
        assert policy.startswith(b"default-src 'none';")


async def test_34_a_hostile_name_is_text_everywhere() -> None:
    routes = '[[routes]]\nupstream = "UPSTREAM"\nallow = { x_ids = [] }'
    async with whole_world(routes) as world:
        hostile = "<img src=x onerror=alert(1)>"
        world.logto.behaviour.userinfo_hook = lambda claims: claims.update(name=hostile)
        world.logto.behaviour.id_token_hook = lambda claims, _: claims.update(
            name=hostile
        )
        page = await world.browser.sign_in(world.url("/"))
        assert page.status == 403
        account = await world.open("/.gateway/")
        for shown in (page, account):
            assert "<img" not in shown.text
        assert "&lt;img src=x onerror=alert(1)&gt;" in account.text
