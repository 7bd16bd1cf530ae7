"""What the gateway keeps for itself below /.gateway/, and who gets what there."""

import re
from collections.abc import Sequence

import pytest

from gateway.pages.asset import asset_path
from tests.support.raw_client import RawResponse, exchange
from tests.support.virtual_browser import FetchBlockedError
from tests.support.whole_world import ADA, World, whole_world

# address: the methods it takes
METHODS = {
    "": ("GET", "HEAD"),
    "sign-in": ("GET", "HEAD"),
    "sign-up": ("GET", "HEAD"),
    "callback": ("GET",),
    "sign-out": ("GET", "POST", "HEAD"),
    "signed-out": ("GET", "HEAD"),
    "switch-account": ("POST",),
    "userinfo": ("GET", "HEAD"),
    "healthz": ("GET", "HEAD"),
    asset_path("style.css").removeprefix("/.gateway/"): ("GET", "HEAD"),
}
MOSTLY_PUBLIC = """
[[routes]]
upstream = "UPSTREAM"
access = "public"
[[routes]]
path = "/private"
upstream = "UPSTREAM"
allow = "anyone"
"""
TRIED = [
    "GET",
    "HEAD",
    "POST",
    "PUT",
    "DELETE",
    "OPTIONS",
    "PATCH",
    "PROPFIND",
    "get",
    "FOO",
]
LATER = ("jwks.json", "hooks/logto")  # they need settings


async def ask(
    world: World,
    target: str,
    method: str = "GET",
    *,
    host: str = "127.0.0.1",
    fields: Sequence[str] = (),
) -> RawResponse:
    """Send a request as it stands, without cookies."""
    head = [f"{method} {target} HTTP/1.1", f"Host: {host}", *fields, "", ""]
    return await exchange(world.gateway.port, "\r\n".join(head).encode("latin-1"))


async def test_every_address_takes_its_methods_and_no_other() -> None:
    async with whole_world() as world:
        for name, allowed in METHODS.items():
            for method in TRIED:
                answer = await ask(world, f"/.gateway/{name}", method)
                assert (answer.status == 405) == (method not in allowed), (name, method)
                if method not in allowed:
                    allow = (answer.value(b"Allow") or b"").decode()
                    assert sorted(allow.split(", ")) == sorted(allowed)
        assert world.upstream.requests == []


async def test_trace_track_and_connect_are_405_there_too() -> None:
    async with whole_world() as world:
        for method in ("TRACE", "TRACK", "CONNECT"):
            for name in METHODS:
                answer = await ask(world, f"/.gateway/{name}", method)
                assert answer.status in {400, 405}


async def test_head_is_get_without_the_body() -> None:
    async with whole_world() as world:
        await world.sign_in()
        cookie = world.browser.cookie_header(world.url())
        fields = [f"Cookie: {cookie}", "Accept: text/html"]
        for name in (n for n, methods in METHODS.items() if "HEAD" in methods):
            got = await ask(world, f"/.gateway/{name}", fields=fields)
            head = await ask(world, f"/.gateway/{name}", "HEAD", fields=fields)
            assert (head.status, head.body) == (got.status, b""), name
            framing = b"Content-Length"  # may be left out (RFC 9110, section 8.6)
            names = [field for field, _ in got.fields if field != framing]
            assert [field for field, _ in head.fields if field != framing] == names
            assert head.value(framing) in {None, got.value(framing)}


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("nothing", id="no such name"),
        pytest.param("sign-in/", id="a slash too many"),
        pytest.param("Sign-In", id="upper case"),
        pytest.param("assets/", id="no asset"),
        pytest.param("assets/nothing.css", id="an unknown asset"),
        pytest.param("assets/../sign-in", id="dots"),
        *(pytest.param(later, id=later) for later in LATER),
    ],
)
async def test_unknown_names_are_404(name: str) -> None:
    async with whole_world() as world:
        for method in ("GET", "POST"):
            answer = await ask(world, f"/.gateway/{name}", method)
            assert answer.status == (400 if ".." in name else 404)
        assert world.upstream.requests == []


@pytest.mark.parametrize(
    "target",
    [
        "/.GATEWAY/sign-in",
        "/.Gateway/",
        "/%2egateway/sign-in",
        "/.gatewa%79/sign-in",
        "/.gateway%2fsign-in",
        "/.gateway%2Fsign-in",
        "/%252egateway/sign-in",
        "//.gateway/sign-in",
        "/.gateway//sign-in",
        "/.gateway;x=1/sign-in",
        "/.gateway\\sign-in",
        "/\\.gateway/sign-in",
        "/.gateway%5csign-in",
        "/.gateway/%73ign-in",
        "/.gateway/sign%2din",
        "/.gateway/sign-in%20",
        "/.gateway/sign-in;a",
        "/%2Egateway",
        "/.GATEWAY",
    ],
)
async def test_another_spelling_is_404_and_never_the_upstreams(target: str) -> None:
    async with whole_world(MOSTLY_PUBLIC) as world:
        await world.sign_in("ada", "/private")
        reached = len(world.upstream.requests)
        cookie = world.browser.cookie_header(world.url())
        for fields in ([], [f"Cookie: {cookie}"]):
            answer = await ask(world, target, fields=[*fields, "Accept: text/html"])
            assert answer.status in {400, 404}
            assert answer.value(b"Set-Cookie") is None
            assert answer.value(b"Location") is None
        assert len(world.upstream.requests) == reached


async def test_the_bare_name_leads_to_the_account_page() -> None:
    async with whole_world() as world:
        page = await world.open("/.gateway")
        assert page.history[-1].status == 308
        assert page.history[-1].header("location") == "/.gateway/"
        assert page.history[-1].header("cache-control") == "no-store"
        assert (page.url, page.status) == (world.url("/.gateway/"), 200)


async def test_a_name_that_only_begins_alike_is_the_applications() -> None:
    routes = '[[routes]]\nupstream = "UPSTREAM"\naccess = "public"'
    async with whole_world(routes) as world:
        for target in ("/.gateways/x", "/gateway/", "/a/.gateway/", "/.gateway.txt"):
            assert (await world.open(target)).status == 200
        assert len(world.upstream.requests) == 4


async def test_every_own_answer_is_safe() -> None:
    async with whole_world() as world:
        await world.sign_in()
        origin = world.logto.endpoint
        for name in ("", "signed-out", "sign-out", "nothing", "userinfo"):
            page = await world.open(f"/.gateway/{name}")
            assert page.header("cache-control") == "no-store", name
            if name == "userinfo":
                continue
            policy = page.header("content-security-policy") or ""
            assert "default-src 'none'" in policy
            assert f"form-action 'self' {origin}" in policy
            assert "frame-ancestors 'none'" in policy
            assert "base-uri 'none'" in policy
            assert page.header("x-robots-tag") == "noindex"
            assert page.header("referrer-policy") in {"same-origin", "no-referrer"}
            assert "<script" not in page.text
            assert page.header("server") is None


# The account page and userinfo.


async def test_the_account_page_says_who_i_am_and_what_the_application_is_told() -> (
    None
):
    async with whole_world() as world:
        page = await world.open("/.gateway/")
        assert page.status == 200
        assert "You are not signed in" in page.text
        page = await world.browser.click(page, "Sign in with X")
        page = await world.browser.choose(page, "ada")
        await world.open("/")
        page = await world.open("/.gateway/")
        for text in ("Ada Example", "@ada_example", "2244994945", ADA):
            assert text in page.text
        for name, value in world.upstream.last.fields:
            if name in {"X-Forwarded-User", "X-Forwarded-Name"}:
                assert name in page.text
                assert value in page.text
        labels = [b.label for form in page.forms for b in form.buttons]
        assert labels == ["Sign out", "Switch account", "Sign out everywhere"]


async def test_userinfo_is_json_about_me_without_any_token() -> None:
    async with whole_world() as world:
        await world.sign_in()
        world.clock.at += 100
        answer = await world.browser.fetch(world.url("/.gateway/userinfo"))
        assert answer.header("content-type") == "application/json; charset=utf-8"
        assert answer.header("cache-control") == "no-store"
        assert answer.json() == {
            "sub": ADA,
            "x_username": "ada_example",
            "x_id": "2244994945",
            "name": "Ada Example",
            "expires_in": 7 * 86400 - 100,
            "idle_expires_in": 43100,
            "idle_timeout": 43200,
        }


async def test_userinfo_without_a_session_is_401() -> None:
    async with whole_world() as world:
        answer = await world.browser.fetch(world.url("/.gateway/userinfo"))
        assert answer.status == 401
        assert answer.header("www-authenticate") == 'Bearer realm="gateway"'
        assert answer.json()["error"] == "sign_in_required"
        assert answer.json()["sign_in"] == world.url("/.gateway/sign-in")


async def test_no_other_origin_can_read_who_i_am() -> None:
    async with whole_world() as world:
        await world.sign_in()
        for elsewhere in ("https://evil.example/", "http://127.0.0.1:9/"):
            with pytest.raises(FetchBlockedError):
                await world.browser.fetch(
                    world.url("/.gateway/userinfo"), page=elsewhere
                )


async def test_30_no_own_page_json_or_url_holds_a_token() -> None:
    async with whole_world() as world:
        issued: list[str] = []

        def remember(answer: dict[str, object]) -> None:
            names = ("access_token", "refresh_token", "id_token")
            issued.extend(str(answer[name]) for name in names)

        world.logto.behaviour.token_hook = remember
        pages = [await world.sign_in()]
        pages += [
            await world.open(f"/.gateway/{name}")
            for name in METHODS
            if name != "switch-account"
        ]
        pages.append(await world.browser.fetch(world.url("/.gateway/userinfo")))
        pages.append(await world.sign_out())
        assert len(issued) >= 3
        seen = [page for last in pages for page in (*last.history, last)]
        for page in seen:
            if not page.url.startswith(world.gateway.url):
                continue
            sent = page.url + page.text + str(page.fields)
            assert not [token for token in issued if token in sent]
            assert not re.search(r"eyJ[\w-]+\.[\w-]+", sent)


# Liveness, for any host.


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "10.0.0.7:8080", "localhost", "anything.example", "[::1]:8080"],
)
async def test_healthz_answers_any_host(host: str) -> None:
    async with whole_world() as world:
        answer = await ask(world, "/.gateway/healthz", host=host)
        assert (answer.status, answer.body) == (200, b"ok\n")
        assert answer.value(b"Cache-Control") == b"no-store"
        assert answer.value(b"Set-Cookie") is None


async def test_08_only_healthz_itself_answers_any_host() -> None:
    async with whole_world() as world:
        for target in ("/.gateway/", "/.gateway/userinfo", "/.gateway/healthz/x", "/"):
            answer = await ask(world, target, host="anything.example")
            assert answer.status == 421, target


async def test_healthz_does_not_ask_logto() -> None:
    async with whole_world() as world:
        await world.logto.stop()
        assert (await ask(world, "/.gateway/healthz")).status == 200


# Where attempts begin.


KINDS = [
    pytest.param(
        ["Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: document"], 303, id="navigation"
    ),
    pytest.param(["Accept: text/html,*/*;q=0.8"], 303, id="an old browser"),
    pytest.param(["Accept: */*"], 401, id="curl"),
    pytest.param([], 401, id="nothing said"),
    pytest.param(
        ["Accept: text/html", "X-Requested-With: XMLHttpRequest"], 401, id="XHR"
    ),
    pytest.param(
        ["Sec-Fetch-Mode: cors", "Sec-Fetch-Dest: empty", "Accept: text/html"],
        401,
        id="fetch()",
    ),
    pytest.param(
        ["Sec-Fetch-Mode: no-cors", "Sec-Fetch-Dest: image", "Accept: text/html"],
        401,
        id="img",
    ),
    pytest.param(
        ["Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: iframe"], 401, id="frame"
    ),
    pytest.param(
        [
            "Sec-Fetch-Mode: navigate",
            "Sec-Fetch-Dest: document",
            "Sec-Purpose: prefetch",
        ],
        401,
        id="prefetch",
    ),
    pytest.param(
        [
            "Sec-Fetch-Mode: navigate",
            "Sec-Fetch-Dest: document",
            "Sec-Purpose: prefetch;prerender",
        ],
        401,
        id="prerender",
    ),
    pytest.param(
        ["Sec-Fetch-Mode: same-origin", "Sec-Fetch-Dest: serviceworker"],
        401,
        id="service worker",
    ),
    pytest.param(
        ["Sec-Fetch-Mode: cors", "Sec-Fetch-Dest: manifest"], 401, id="manifest"
    ),
]


@pytest.mark.parametrize("entry", ["sign-in", "sign-up"])
@pytest.mark.parametrize(("fields", "status"), KINDS)
async def test_39_only_navigations_start_an_attempt(
    fields: list[str], status: int, entry: str
) -> None:
    async with whole_world() as world:
        answer = await ask(world, f"/.gateway/{entry}?rd=/notes", fields=fields)
        assert answer.status == status
        assert (answer.value(b"Set-Cookie") is not None) == (status == 303)
        assert answer.value(b"Cache-Control") == b"no-store"


async def test_39_at_most_seven_attempts_per_browser() -> None:
    async with whole_world() as world:
        for number in range(30):
            await world.browser.navigate(
                world.url(f"/.gateway/sign-in?rd=/{number}"), until=world.logto.endpoint
            )
            world.clock.at += 1
            assert len(world.cookies("-attempt-")) == min(number + 1, 7)
        size = sum(len(c.name) + 1 + len(c.value) for c in world.cookies())
        assert size <= 4096


async def test_39_attempts_with_long_addresses_stay_within_4_kib() -> None:
    async with whole_world() as world:
        for number in range(10):
            target = f"/{number}?" + "q" * 900
            await world.browser.navigate(world.url(target), until=world.logto.endpoint)
            world.clock.at += 1
        cookies = world.cookies()
        assert 1 <= len(cookies) < 7
        assert sum(len(c.name) + 1 + len(c.value) for c in cookies) <= 4096


@pytest.mark.parametrize(
    ("target", "arrives"),
    [
        pytest.param("/" + "a" * 2000, "/", id="a path over 1 KiB"),
        pytest.param("/a?" + "q" * 2000, "/a", id="a query over 1 KiB"),
        pytest.param("/.gateway/", "/.gateway/", id="the account page"),
        pytest.param("/.gateway/sign-out", "/", id="signing out"),
        pytest.param("/.gateway/sign-in?rd=/x", "/", id="signing in again"),
        pytest.param("/a#b", "/a", id="a fragment"),
        pytest.param("", "/", id="empty"),
        pytest.param("notes", "/", id="no slash"),
    ],
)
async def test_return_to(target: str, arrives: str) -> None:
    routes = '[[routes]]\nupstream = "UPSTREAM"\naccess = "public"'
    async with whole_world(routes) as world:
        from_here = world.url("/.gateway/sign-in")
        quoted = target.replace("#", "%23").replace("?", "%3F")
        page = await world.browser.sign_in(f"{from_here}?rd={quoted}")
        assert (page.url, page.status) == (world.url(arrives), 200)


async def test_rd_given_twice_leads_to_the_start_page() -> None:
    async with whole_world() as world:
        page = await world.browser.sign_in(world.url("/.gateway/sign-in?rd=/a&rd=/b"))
        assert page.url == world.url("/")


async def test_a_host_of_many_cannot_sign_in() -> None:
    routes = """
[[routes]]
host = "*.example.com"
upstream = "UPSTREAM"
access = "optional"
"""
    async with whole_world(routes, public_url="https://app.example.com") as world:
        for name, method, fields in (
            ("sign-in", "GET", ["Accept: text/html"]),
            ("sign-up", "GET", ["Accept: text/html"]),
            ("switch-account", "POST", ["Sec-Fetch-Site: same-origin"]),
        ):
            answer = await ask(
                world,
                f"/.gateway/{name}",
                method,
                host="lab.example.com",
                fields=fields,
            )
            assert answer.status == 400
            assert answer.value(b"Set-Cookie") is None
        answer = await ask(
            world,
            "/.gateway/sign-in",
            host="app.example.com",
            fields=["Accept: text/html"],
        )
        assert answer.status == 303


async def test_a_form_that_breaks_its_framing_is_400_and_closes() -> None:
    async with whole_world() as world:
        await world.sign_in()
        head = [
            "POST /.gateway/switch-account HTTP/1.1",
            "Host: 127.0.0.1",
            f"Cookie: {world.browser.cookie_header(world.url())}",
            "Sec-Fetch-Site: same-origin",
            "Transfer-Encoding: chunked",
            "",
            "zz",
            "",
        ]
        answer = await exchange(world.gateway.port, "\r\n".join(head).encode())
        assert answer.status == 400
        assert answer.value(b"Connection") == b"close"
        assert answer.value(b"Set-Cookie") is None
