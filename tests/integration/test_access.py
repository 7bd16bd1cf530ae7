"""Who may, and what the application is told about them."""

from dataclasses import replace

import pytest

from gateway.demo.people import ADA as ADA_AT_X
from tests.support.raw_client import exchange
from tests.support.sample_routes import EVERY_ACCESS
from tests.support.virtual_browser import VirtualBrowser
from tests.support.whole_world import ADA, BOB, whole_world


def for_whom(allow: str) -> str:
    return f'[[routes]]\nupstream = "UPSTREAM"\nallow = {allow}'


async def statuses(allow: str, **people: object) -> dict[str, int]:
    """Return what Ada and Bob get from a route with *allow*."""
    found = {}
    async with whole_world(for_whom(allow)) as world:
        world.logto.people["ada"] = replace(ADA_AT_X, **people)  # type: ignore[arg-type]
        for person in ("ada", "bob"):
            async with VirtualBrowser(now=world.clock) as browser:
                page = await browser.sign_in(world.url("/"), person)
                found[person] = page.status
                assert (page.status == 200) == (page.text == "application")
        told = [
            reached.value("X-Forwarded-User") for reached in world.upstream.requests
        ]
        assert len(told) == [*found.values()].count(200)
    return found


BOTH, ADA_ONLY = {"ada": 200, "bob": 200}, {"ada": 200, "bob": 403}
NOBODY = {"ada": 403, "bob": 403}


@pytest.mark.parametrize(
    ("allow", "expected"),
    [
        pytest.param('"anyone"', BOTH, id="anyone"),
        pytest.param('{ x_ids = ["2244994945"] }', ADA_ONLY, id="x_ids"),
        pytest.param('{ x_usernames = ["ada_example"] }', ADA_ONLY, id="x_usernames"),
        pytest.param(
            '{ x_usernames = ["ADA_Example"] }', ADA_ONLY, id="a handle in other case"
        ),
        pytest.param(f'{{ subjects = ["{ADA}"] }}', ADA_ONLY, id="subjects"),
        pytest.param(
            '{ x_ids = ["2244994945", "783214"] }', BOTH, id="any value of a key"
        ),
        pytest.param(
            f'{{ x_ids = ["2244994945"], subjects = ["{BOB}"] }}',
            NOBODY,
            id="every key of a table",
        ),
        pytest.param(
            f'[{{ x_ids = ["2244994945"] }}, {{ subjects = ["{BOB}"] }}]',
            BOTH,
            id="one table of a list",
        ),
        pytest.param("{ x_ids = [] }", NOBODY, id="16 an empty list"),
        pytest.param('{ emails = ["ada@example.com"] }', NOBODY, id="no e-mail at all"),
    ],
)
async def test_allow(allow: str, expected: dict[str, int]) -> None:
    assert await statuses(allow) == expected


@pytest.mark.parametrize(
    ("allow", "email", "verified", "status"),
    [
        pytest.param(
            'emails = ["ada@example.com"]', "ada@example.com", True, 200, id="e-mail"
        ),
        pytest.param(
            'emails = ["ada@example.com"]', "Ada@Example.com", True, 200, id="case"
        ),
        pytest.param(
            'email_domains = ["example.com"]', "a@example.com", True, 200, id="domain"
        ),
        pytest.param(
            'email_domains = ["example.com"]', "a@x.example.com", True, 403, id="below"
        ),
        pytest.param(
            'emails = ["ada@example.com"]',
            "ada@example.com",
            False,
            403,
            id="16 unverified",
        ),
        pytest.param(
            'email_domains = ["example.com"]',
            "a@example.com",
            False,
            403,
            id="16 unverified domain",
        ),
        pytest.param(
            'email_domains = ["example.com"]',
            "a@evil@example.com",
            True,
            403,
            id="16 two at signs",
        ),
        pytest.param(
            'email_domains = ["example.com"]',
            '"a@example.com"@evil',
            True,
            403,
            id="16 quoted",
        ),
        pytest.param(
            'email_domains = ["example.com"]',
            "a\uff20example.com",
            True,
            403,
            id="16 full width",
        ),
        pytest.param(
            'email_domains = ["example.com"]',
            "a@example.com.",
            True,
            403,
            id="16 trailing dot",
        ),
    ],
)
async def test_allow_by_email(
    allow: str, email: str, *, verified: bool, status: int
) -> None:
    found = await statuses(f"{{ {allow} }}", email=email, email_verified=verified)
    assert found == {"ada": status, "bob": 403}


async def test_the_policys_allow_is_for_routes_that_name_none() -> None:
    routes = """
[[routes]]
upstream = "UPSTREAM"
[[routes]]
path = "/all"
upstream = "UPSTREAM"
allow = "anyone"
"""
    policy = '[policy]\nallow = { x_usernames = ["bob_example"] }'
    async with whole_world(routes, tables=policy) as world:
        page = await world.browser.sign_in(world.url("/all"))
        assert page.status == 200
        assert (await world.open("/")).status == 403


async def test_an_api_call_that_may_not_gets_403_in_json() -> None:
    async with whole_world(for_whom("{ x_ids = [] }")) as world:
        await world.browser.sign_in(world.url("/"))
        answer = await world.browser.fetch(
            world.url("/api"), headers={"Accept": "application/json"}
        )
        assert answer.status == 403
        assert answer.json()["error"] == "forbidden"
        assert answer.header("cache-control") == "no-store"
        assert world.upstream.requests == []


async def test_what_each_access_tells_the_application() -> None:
    async with whole_world(EVERY_ACCESS) as world:
        for target in ("/public", "/optional", "/optional/bob"):
            answer = await world.browser.fetch(world.url(target))
            assert answer.status == 200
            assert world.subject is None
        await world.sign_in()
        for target, told in (
            ("/", ADA),
            ("/public", None),
            ("/optional", ADA),
            ("/optional/bob", None),
        ):
            page = await world.open(target)
            assert page.status == 200
            assert world.subject == told
            assert world.upstream.last.value("Cookie") is None


async def test_a_public_route_does_not_renew_the_session_or_count_as_use() -> None:
    async with whole_world(EVERY_ACCESS) as world:
        await world.sign_in()
        world.clock.at += 1000
        page = await world.open("/public")
        assert page.headers("set-cookie") == []
        page = await world.open("/optional")
        assert world.set_cookies(page) == [world.name]


async def test_an_optional_route_never_redirects() -> None:
    async with whole_world(EVERY_ACCESS, session='idle_timeout = "30m"') as world:
        await world.sign_in()
        world.clock.at += 1800
        page = await world.open("/optional")
        assert (page.url, page.status, page.history) == (
            world.url("/optional"),
            200,
            (),
        )
        assert world.subject is None
        assert "Cookie" in (page.header("vary") or "")


SPOOFED = {
    "X-Forwarded-User": "root",
    "X_Forwarded_User": "root",
    "x-forwarded-user": "root",
    "X.Forwarded.User": "root",
    "X-Forwarded-Groups": "admin",
    "X-Forwarded-Email": "root@example.com",
    "X-Auth-Request-User": "root",
    "Remote-User": "root",
    "X-Remote-User": "root",
    "X-Webauth-User": "root",
    "X-Gateway-Assertion": "root",
    "X-Real-IP": "10.0.0.1",
    "X-My-Name": "root",
    "Connection": "x-forwarded-user, cookie, host",
}


@pytest.mark.parametrize("target", ["/", "/public", "/optional", "/optional/bob"])
@pytest.mark.parametrize("upgrade", [False, True], ids=["http", "websocket"])
async def test_01_02_03_no_client_tells_the_application_who_it_is(
    target: str, *, upgrade: bool
) -> None:
    tables = '[identity]\nheaders = { "X-My-Name" = "name" }'
    async with whole_world(EVERY_ACCESS, tables=tables) as world:
        await world.sign_in()
        sent = {**SPOOFED, "Cookie": f"{world.browser.cookie_header(world.url())}; a=b"}
        if upgrade:
            sent |= {
                "Connection": "Upgrade, x-forwarded-user, cookie, host",
                "Upgrade": "websocket",
                "Origin": world.gateway.url,
                "Sec-WebSocket-Version": "13",
                "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
            }
        head = [f"GET {target} HTTP/1.1", "Host: 127.0.0.1"]
        head += [f"{name}: {value}" for name, value in sent.items()]
        answer = await exchange(
            world.gateway.port, "\r\n".join([*head, "", ""]).encode()
        )
        assert answer.status == (101 if upgrade else 200)
        reached = world.upstream.last
        told = target in {"/", "/optional"}
        assert reached.value("X-Forwarded-User") == (ADA if told else None)
        assert reached.value("X-My-Name") == ("Ada Example" if told else None)
        assert reached.value("Cookie") == "a=b"
        shown = [(name, value) for name, value in reached.fields if "root" in value]
        assert shown == []
        assert reached.value("X-Real-IP") is None


async def test_what_the_forwarded_preset_tells() -> None:
    async with whole_world() as world:
        world.logto.people["ada"] = replace(
            ADA_AT_X,
            email="ada@example.com",
            email_verified=True,
            name="Ada Lovelacé, 100%",
        )
        await world.sign_in()
        reached = world.upstream.last
        assert reached.value("X-Forwarded-User") == ADA
        assert reached.value("X-Forwarded-Preferred-Username") == "ada_example"
        assert reached.value("X-Forwarded-Email") == "ada@example.com"
        assert reached.value("X-Forwarded-Name") == "Ada Lovelac%C3%A9, 100%25"
        assert reached.value("X-Forwarded-Groups") is None


@pytest.mark.parametrize(
    ("preset", "expected"),
    [
        pytest.param(
            "remote-user",
            {"Remote-User": ADA, "Remote-Name": "Ada Example"},
            id="remote-user",
        ),
        pytest.param("none", {}, id="none"),
    ],
)
async def test_the_other_presets(preset: str, expected: dict[str, str]) -> None:
    async with whole_world(tables=f'[identity]\npreset = "{preset}"') as world:
        await world.sign_in()
        fields = dict(world.upstream.last.fields)
        told = {
            name: value
            for name, value in fields.items()
            if name.startswith("Remote-")
            or value in {ADA, "Ada Example", "ada_example"}
        }
        assert told == expected


async def test_an_unverified_email_is_not_told() -> None:
    async with whole_world() as world:
        world.logto.people["ada"] = replace(ADA_AT_X, email="ada@example.com")
        await world.sign_in()
        assert world.upstream.last.value("X-Forwarded-Email") is None


# 06: whatever an application may read into a path.


@pytest.mark.parametrize(
    "target",
    [
        "/public/../private",
        "/public/%2e%2e/private",
        "/public/..%2fprivate",
        "//private",
        "/./private",
        "/private;x=1",
        "/%70rivate",
        "/PRIVATE",
        "/private%20",
        "/private%00",
        "/public%0a/../private",
        "/public\\..\\private",
        "/public%5c..%5cprivate",
        "/public/%252e%252e/private",
        "/private%2f",
        "/%2570rivate",
        "/private.",
        "/%c0%afprivate",
        "/private/",
        "/private//",
        "/public;/../private",
    ],
)
async def test_06_no_reading_of_a_path_opens_a_protected_route(target: str) -> None:
    routes = """
[[routes]]
upstream = "UPSTREAM"
access = "public"
[[routes]]
path = "/private"
upstream = "UPSTREAM"
allow = "anyone"
[[routes]]
path = "/private/open"
upstream = "UPSTREAM"
access = "public"
"""
    async with whole_world(routes) as world:
        answer = await exchange(
            world.gateway.port,
            f"GET {target} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode(),
        )
        assert answer.status in {400, 401}
        assert world.upstream.requests == []


async def test_04_a_rule_sees_the_path_only() -> None:
    async with whole_world(EVERY_ACCESS) as world:
        for target in ("/api?path=/public", "/api?/public", "/?/../public"):
            answer = await world.browser.fetch(world.url(target))
            assert answer.status == 401
        assert world.upstream.requests == []


@pytest.mark.parametrize(
    "identities",
    [
        {"x": {"userId": ["2244994945"]}},
        {"x": {"userId": 2244994945}},
        {"x": "2244994945"},
        ["2244994945"],
        None,
        {"y": {"userId": "2244994945"}},
    ],
    ids=repr,
)
async def test_09_garbage_about_a_person_lets_nobody_in(identities: object) -> None:
    async with whole_world(for_whom('{ x_ids = ["2244994945"] }')) as world:
        world.logto.behaviour.userinfo_hook = lambda claims: claims.update(
            identities=identities
        )
        page = await world.browser.sign_in(world.url("/"))
        assert page.status in {400, 403}
        assert world.upstream.requests == []
