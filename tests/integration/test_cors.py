"""Cross-Origin Resource Sharing: which pages of other origins read what."""

import itertools
from collections.abc import AsyncIterator

import pytest

from tests.support.fortress import raw_request
from tests.support.programs_asking import (
    RESOURCES,
    Programs,
    bearer,
    programs_asking,
)
from tests.support.raw_client import RawResponse, exchange
from tests.support.strict_http import Field
from tests.support.whole_world import ADA

PAGES, SIBLING = "https://pages.example.com", "https://sibling.example.com"
ROUTES = """
[[routes]]
upstream = "UPSTREAM"
allow = "anyone"
[[routes]]
path = "/api"
upstream = "UPSTREAM"
allow = { scopes = ["read:orders"] }
credentials = ["bearer"]
cors = { origins = ["https://pages.example.com"], methods = ["GET", "PUT"], headers = ["Content-Type"], expose = ["X-Total"] }
[[routes]]
path = "/session"
upstream = "UPSTREAM"
allow = "anyone"
origins = ["https://pages.example.com"]
cors = { origins = ["https://pages.example.com"], credentials = true, max_age = "1h" }
[[routes]]
path = "/open"
upstream = "UPSTREAM"
access = "public"
cors = { origins = ["*"] }
[[routes]]
path = "/own"
upstream = "UPSTREAM"
allow = "anyone"
cors = { origins = ["https://pages.example.com"], preflights = "upstream" }
[[routes]]
path = "/split"
upstream = "UPSTREAM"
methods = ["GET"]
access = "public"
[[routes]]
path = "/split"
upstream = "UPSTREAM"
methods = ["PUT"]
allow = "anyone"
credentials = ["bearer"]
cors = { origins = ["https://pages.example.com"], methods = ["PUT"] }
[[routes]]
path = "/away"
upstream = "http://127.0.0.1:1"
access = "public"
cors = { origins = ["https://pages.example.com"] }
"""  # noqa: E501
ALLOW = b"access-control-"


@pytest.fixture
async def programs() -> AsyncIterator[Programs]:
    async with programs_asking(ROUTES, logto_keys=RESOURCES) as programs:
        yield programs


def granted(answer: RawResponse) -> dict[str, str]:
    """Return what *answer* says of other origins, and what it varies by."""
    told = [
        (name.decode().lower(), value.decode())
        for name, value in answer.fields
        if name.lower().startswith(ALLOW) or name.lower() == b"vary"
    ]
    assert len(dict(told)) == len(told)
    return {name.removeprefix("access-control-"): value for name, value in told}


def origin(value: str = PAGES) -> Field:
    return (b"Origin", value.encode())


async def preflight(
    programs: Programs,
    path: str,
    *more: Field,
    source: str = PAGES,
    method: str = "PUT",
) -> RawResponse:
    wanted = (b"Access-Control-Request-Method", method.encode())
    return await programs.ask(path, origin(source), wanted, *more, method=b"OPTIONS")


BY_PREFLIGHT = "Origin, Access-Control-Request-Method, Access-Control-Request-Headers"


async def test_the_gateway_answers_a_preflight_without_a_session(
    programs: Programs,
) -> None:
    answer = await preflight(programs, "/api")
    assert (answer.status, answer.body) == (204, b"")
    assert granted(answer) == {
        "allow-origin": PAGES,
        "allow-methods": "GET, PUT",
        "allow-headers": "Content-Type, Authorization",
        "max-age": "600",
        "vary": BY_PREFLIGHT,
    }
    assert granted(await preflight(programs, "/session", method="GET")) == {
        "allow-origin": PAGES,
        "allow-credentials": "true",
        "allow-methods": "GET, HEAD, POST",
        "max-age": "3600",
        "vary": BY_PREFLIGHT,
    }
    assert programs.world.upstream.requests == []


UNLISTED = [
    "https://evil.example",
    "http://pages.example.com",
    "https://pages.example.com:8443",
    "https://pages.example.com.evil.example",
    "https://evilpages.example.com",
    "https://PAGES.example.com",
    "https://pages.example.com/",
    "null",
    "",
    "*",
]


@pytest.mark.parametrize("source", UNLISTED)
async def test_nobody_else_gets_leave(programs: Programs, source: str) -> None:
    answer = await preflight(programs, "/api", source=source)
    assert (answer.status, granted(answer)) == (204, {"vary": BY_PREFLIGHT})
    for path, more in (("/api", (bearer(programs.token()),)), ("/session", ())):
        refused = await programs.ask(path, origin(source), *more)
        assert granted(refused) == {"vary": "Origin"}


async def test_two_origins_are_nobodys(programs: Programs) -> None:
    wanted = (b"Access-Control-Request-Method", b"PUT")
    answer = await programs.ask(
        "/api", origin(), origin("https://evil.example"), wanted, method=b"OPTIONS"
    )
    assert answer.status == 401  # no preflight at all
    assert granted(answer) == {"vary": "Origin"}


async def test_listed_pages_read_answers_and_refusals(programs: Programs) -> None:
    good = await programs.ask("/api", origin(), bearer(programs.token()))
    assert good.status == 200
    told = {"allow-origin": PAGES, "expose-headers": "X-Total", "vary": "Origin"}
    assert granted(good) == told
    assert granted(await programs.ask("/api", bearer(programs.token()))) == {
        "vary": "Origin"
    }
    for token, status in ((None, 401), ("x.y.z", 401), (programs.token(scope=""), 403)):
        shown = () if token is None else (bearer(token),)
        refused = await programs.ask("/api", origin(), *shown)
        assert (refused.status, granted(refused)) == (status, told)
    away = await programs.ask("/away", origin())
    assert (away.status, granted(away)) == (
        502,
        {"allow-origin": PAGES, "vary": "Origin"},
    )


async def test_the_gateways_word_stands_in_the_place_of_the_applications(
    programs: Programs,
) -> None:
    programs.world.upstream.fields = {
        "Access-Control-Allow-Origin": "https://evil.example",
        "ACCESS-CONTROL-ALLOW-CREDENTIALS": "true",
        "Access-Control-Expose-Headers": "X-Secret",
    }
    for source in (PAGES, "https://evil.example"):
        answer = await programs.ask("/api", origin(source), bearer(programs.token()))
        expected = {"vary": "Origin"}
        if source == PAGES:
            expected |= {"allow-origin": PAGES, "expose-headers": "X-Total"}
        assert granted(answer) == expected


async def test_without_cors_the_applications_own_passes(programs: Programs) -> None:
    world = programs.world
    world.upstream.fields = {"Access-Control-Allow-Origin": "https://any.example"}
    await world.sign_in()
    cookie = (b"Cookie", world.browser.cookie_header(world.gateway.url).encode())
    answer = await programs.ask("/", origin(), cookie)
    assert granted(answer) == {"allow-origin": "https://any.example"}
    assert (await preflight(programs, "/")).status == 401


async def test_every_page_may_read_what_is_open_to_all(programs: Programs) -> None:
    for source in (PAGES, "https://else.example", "null"):
        answer = await programs.ask("/open", origin(source))
        assert granted(answer) == {"allow-origin": "*"}
    assert granted(await preflight(programs, "/open"))["allow-origin"] == "*"


async def test_a_session_is_used_by_listed_pages_only(programs: Programs) -> None:
    world = programs.world
    await world.sign_in()
    cookie = (b"Cookie", world.browser.cookie_header(world.gateway.url).encode())
    site, none = (b"Sec-Fetch-Site", b"same-site"), (b"Content-Length", b"0")
    listed = await programs.ask(
        "/session", origin(), cookie, site, none, method=b"POST"
    )
    assert (listed.status, world.subject) == (200, ADA)
    assert granted(listed) == {
        "allow-origin": PAGES,
        "allow-credentials": "true",
        "vary": "Origin",
    }
    other = await programs.ask(
        "/session", origin(SIBLING), cookie, site, none, method=b"POST"
    )
    assert (other.status, granted(other)) == (403, {"vary": "Origin"})


async def test_the_route_is_that_of_the_method_which_is_asked_for(
    programs: Programs,
) -> None:
    put = await preflight(programs, "/split", method="PUT")
    assert (put.status, granted(put)["allow-methods"]) == (204, "PUT")
    assert (await preflight(programs, "/split", method="GET")).status == 405
    assert (await preflight(programs, "/split", method="DELETE")).status == 405


# --- Preflights that the application answers ------------------------------------------


async def test_the_application_may_answer_preflights(programs: Programs) -> None:
    world = programs.world
    world.upstream.fields = {"Access-Control-Allow-Origin": "https://of.the.app"}
    answer = await preflight(programs, "/own")
    assert (answer.status, answer.body) == (200, b"application")
    assert granted(answer) == {"allow-origin": "https://of.the.app"}
    reached = world.upstream.last
    assert (reached.method, reached.value("X-Forwarded-User")) == ("OPTIONS", None)
    refused = await programs.ask("/own", origin())
    assert (refused.status, granted(refused)) == (
        401,
        {"allow-origin": PAGES, "vary": "Origin"},
    )


BODY = (b"Content-Length", b"4")
NOT_PREFLIGHTS: list[tuple[str, bytes, tuple[Field, ...]]] = [
    ("another method", b"GET", (origin(), (b"Access-Control-Request-Method", b"PUT"))),
    ("no origin", b"OPTIONS", ((b"Access-Control-Request-Method", b"PUT"),)),
    ("no method asked for", b"OPTIONS", (origin(),)),
    (
        "two methods asked for",
        b"OPTIONS",
        (origin(), *((b"Access-Control-Request-Method", b"PUT"),) * 2),
    ),
    (
        "an origin that is not listed",
        b"OPTIONS",
        (origin(SIBLING), (b"Access-Control-Request-Method", b"PUT")),
    ),
    (
        "a cookie",
        b"OPTIONS",
        (origin(), (b"Access-Control-Request-Method", b"PUT"), (b"Cookie", b"a=b")),
    ),
    (
        "a bearer",
        b"OPTIONS",
        (origin(), (b"Access-Control-Request-Method", b"PUT"), bearer("x")),
    ),
    (
        "a body",
        b"OPTIONS",
        (origin(), (b"Access-Control-Request-Method", b"PUT"), BODY),
    ),
    *(
        (
            f"another method in {name.decode()}",
            b"OPTIONS",
            (origin(), (b"Access-Control-Request-Method", b"PUT"), (name, b"DELETE")),
        )
        for name in (b"X-HTTP-Method-Override", b"X_Method_Override", b"x-http-method")
    ),
    (
        "the method in lower case",
        b"options",
        (origin(), (b"Access-Control-Request-Method", b"PUT")),
    ),
]


@pytest.mark.parametrize(
    ("method", "fields"), [pytest.param(m, f, id=name) for name, m, f in NOT_PREFLIGHTS]
)
async def test_14_whatever_is_no_preflight_needs_a_session(
    programs: Programs, method: bytes, fields: tuple[Field, ...]
) -> None:
    host = (b"Host", programs.world.gateway.url.partition("//")[2].encode())
    head = raw_request(method, b"/own", (host, *fields))
    body = b"body" if BODY in fields else b""
    answer = await exchange(programs.world.gateway.port, head + body)
    assert answer.status == 401
    assert programs.world.upstream.requests == []


@pytest.mark.parametrize(
    "query", ["_method=DELETE", "a=b;_METHOD=delete", "%5fmethod=PUT", ".method=DELETE"]
)
async def test_11_a_preflight_stands_in_for_no_other_method(
    programs: Programs, query: str
) -> None:
    """Nobody is asked who they are: it must be nothing else to the application."""
    answer = await preflight(programs, f"/own?{query}")
    assert answer.status == 401
    assert programs.world.upstream.requests == []


async def test_14_a_preflight_for_an_open_route_opens_no_other(
    programs: Programs,
) -> None:
    """The method that is asked for chooses among routes of one path only."""
    for path, method in itertools.product(
        ("/own/../", "/own%2f..%2f", "/OWN", "/%6fwn", "/own;x", "//own"),
        ("PUT", "GET"),
    ):
        answer = await preflight(programs, path, method=method)
        assert answer.status in {400, 401}, path
    assert programs.world.upstream.requests == []
