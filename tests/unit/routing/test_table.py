import sys
from collections.abc import Iterable
from functools import cache

import pytest
from hypothesis import given, strategies as st

from config.routes import Route
from gateway.routing.paths import Paths
from gateway.routing.readings import folded, readings
from gateway.routing.table import (
    Ambiguous,
    Choice,
    Matched,
    MethodNotAllowed,
    NoRoute,
    RouteTable,
    UnknownHost,
)
from gateway.routing.target import Target, parse_target

PUBLIC_HOST = "app.example.com"


def route(path: str = "/", *, access: str = "public", **keys: object) -> Route:
    upstream = {"upstream": "http://127.0.0.1:1", "allow": "anyone"}
    return Route.model_validate(upstream | {"path": path, "access": access} | keys)


def choose(
    routes: Iterable[Route],
    path: bytes = b"/",
    method: str = "GET",
    host: str = PUBLIC_HOST,
) -> Choice:
    return RouteTable(tuple(routes), PUBLIC_HOST).choose(host, path, method)


def found(choice: Choice) -> str:
    """The path of the chosen route, or the name of what was chosen instead."""
    return choice.route.path if isinstance(choice, Matched) else type(choice).__name__


@pytest.mark.parametrize(
    ("host", "chosen"),
    [
        pytest.param("app.example.com", "/any", id="public-host"),
        pytest.param("wiki.example.com", "/wiki", id="exact-before-suffix"),
        pytest.param("x.example.com", "/suffix", id="suffix"),
        pytest.param("y.x.example.com", "/suffix", id="suffix-two-labels"),
        pytest.param("z.deep.example.com", "/deep", id="longest-suffix"),
        pytest.param("deep.example.com", "/suffix", id="suffix-does-not-match-itself"),
        pytest.param("example.com", "UnknownHost", id="suffix-needs-a-label"),
        pytest.param("notexample.com", "UnknownHost", id="suffix-on-label-borders"),
        pytest.param("evil.com", "UnknownHost", id="unknown"),
        pytest.param("example.com.evil.com", "UnknownHost", id="suffix-inside"),
        pytest.param("[2001:db8::1]", "/six", id="ipv6"),
        pytest.param("", "UnknownHost", id="empty"),
    ],
)
def test_by_host(host: str, chosen: str) -> None:
    # The public host has routes of its own only through those without a host.
    routes = [
        route("/any"),
        route("/wiki", host="Wiki.example.com."),
        route("/suffix", host="*.example.com"),
        route("/deep", host="*.deep.example.com"),
        route("/six", host="[2001:DB8:0::1]"),
    ]
    table = RouteTable(routes, "elsewhere.example")
    if host == "app.example.com":
        table = RouteTable([routes[0]], host)
    path = b"/" if chosen == "UnknownHost" else chosen.encode()
    assert found(table.choose(host, path, "GET")) == chosen
    assert table.serves(host) is (chosen != "UnknownHost")


def test_a_suffix_comes_before_no_host_for_the_public_host_too() -> None:
    routes = [route("/"), route("/suffix", host="*.example.com")]
    assert found(choose(routes, b"/suffix")) == "/suffix"
    assert found(choose(routes, b"/")) == "NoRoute"


def test_a_host_that_matches_is_final() -> None:
    routes = [route("/"), route("/wiki", host=PUBLIC_HOST)]
    assert choose(routes, b"/other") == NoRoute()


def test_routes_without_a_host_are_for_the_public_host_alone() -> None:
    routes = [route("/"), route("/wiki", host="wiki.example.com")]
    assert found(choose(routes, b"/")) == "/"
    assert choose(routes, b"/", host="wiki.example.com") == NoRoute()
    assert choose(routes, b"/", host="other.example.com") == UnknownHost()


def test_the_public_host_is_served_without_routes_of_its_own() -> None:
    table = RouteTable([route(host="wiki.example.com")], PUBLIC_HOST)
    assert table.serves(PUBLIC_HOST)
    assert table.choose(PUBLIC_HOST, b"/", "GET") == NoRoute()


def test_the_hosts_are_named_once_and_the_public_one_first() -> None:
    routes = [
        route(host="wiki.example.com"),
        route("/a", host="wiki.example.com"),
        route(host="*.example.org"),
        route(host=PUBLIC_HOST),
        route("/any"),
    ]
    hosts = RouteTable(routes, PUBLIC_HOST).hosts
    assert hosts == (PUBLIC_HOST, "wiki.example.com", "*.example.org")


@pytest.mark.parametrize(
    ("path", "chosen"),
    [
        pytest.param(b"/", "/", id="root"),
        pytest.param(b"/other", "/", id="below-root"),
        pytest.param(b"/a", "/a", id="equal"),
        pytest.param(b"/a/", "/a", id="slash-after"),
        pytest.param(b"/a/x/y", "/a", id="below"),
        pytest.param(b"/ab", "/", id="longer-name"),
        pytest.param(b"/a/b", "/a/b", id="longest"),
        pytest.param(b"/a/b/c", "/a/b", id="below-longest"),
        pytest.param(b"/a/bc", "/a", id="border"),
        pytest.param(b"/x/a/b", "/", id="not-from-the-root"),
        pytest.param(b"//a", "/", id="empty-name-first"),
        pytest.param(b"/A", "/", id="case"),
        pytest.param(b"/a/long/path/of/several/names/x", "/a", id="deep"),
    ],
)
def test_by_the_longest_path_on_segment_borders(path: bytes, chosen: str) -> None:
    routes = [route("/"), route("/a"), route("/a/b"), route("/a/long/path/of/it")]
    assert found(choose(routes, path)) == chosen


def test_no_path() -> None:
    assert choose([route("/a")], b"/b") == NoRoute()
    assert choose([], b"/") == NoRoute()


METHODS = [
    route("/", access="signed-in"),
    route("/a", methods=["GET"]),
    route("/a", methods=["POST", "PUT"]),
    route("/b", methods=["POST"]),
    route("/b", methods=["GET"], origins=[]),
    route("/c", methods=["POST"]),
    route("/c"),
    route("/d", methods=["GET"]),
    route("/d", methods=["HEAD"]),
]


@pytest.mark.parametrize(
    ("method", "path", "number"),
    [
        ("GET", b"/a", 1),
        ("HEAD", b"/a", 1),
        ("POST", b"/a", 2),
        ("PUT", b"/a/x", 2),
        ("HEAD", b"/b", 4),
        ("POST", b"/c", 5),
        ("GET", b"/c", 6),
        ("HEAD", b"/c", 6),
        ("PROPFIND", b"/c", 6),
        ("GET", b"/d", 7),
        ("HEAD", b"/d", 8),
        ("FOO", b"/", 0),
    ],
)
def test_by_method(method: str, path: bytes, number: int) -> None:
    choice = choose(METHODS, path, method)
    assert isinstance(choice, Matched)
    assert choice.route is METHODS[number]


@pytest.mark.parametrize("method", ["DELETE", "get", "FOO", ""])
def test_a_method_that_is_not_listed_falls_to_no_shorter_path(method: str) -> None:
    allow = ("GET", "HEAD", "POST", "PUT")
    assert choose(METHODS, b"/a/x", method) == MethodNotAllowed(allow)


def test_allow_names_head_only_where_get_is() -> None:
    routes = [route("/b", methods=["POST"])]
    assert choose(routes, b"/b", "HEAD") == MethodNotAllowed(("POST",))


@pytest.mark.parametrize("method", ["TRACE", "TRACK", "CONNECT", "trace", "Connect"])
@pytest.mark.parametrize("access", ["public", "signed-in"])
def test_attack_19_some_methods_are_never_allowed(method: str, access: str) -> None:
    assert choose([route(access=access)], b"/", method) == MethodNotAllowed(())


@pytest.mark.parametrize("method", ["get", "GeT", "FOO", "PROPFIND", "OPTIONS", "HEAD"])
def test_attack_11_every_method_is_as_protected_as_get(method: str) -> None:
    routes = [route("/"), route("/admin", access="signed-in")]
    choice = choose(routes, b"/admin", method)
    assert isinstance(choice, Matched)
    assert choice.route.access == "signed-in"


def test_attack_11_a_method_in_another_case_is_no_way_around() -> None:
    routes = [route(access="signed-in", methods=["POST"]), route()]
    assert choose(routes, b"/", "post") == Ambiguous()
    assert isinstance(choose(routes, b"/", "PROPFIND"), Matched)


PROTECTED_BELOW_PUBLIC = [route("/"), route("/admin", access="signed-in")]
PUBLIC_BELOW_PROTECTED = [
    route("/", access="signed-in"),
    route("/public"),
    route("/public/admin", access="signed-in"),
]
ADMIN = {
    "escape": b"/%61dmin",
    "escape-twice": b"/%2561dmin",
    "case": b"/ADMIN",
    "case-escaped": b"/%41DMIN",
    "parameter": b"/admin;x=1",
    "parameter-escaped": b"/admin%3bx=1",
    "slashes": b"//admin",
    "slashes-escaped": b"/%2fadmin",
    "backslash": b"/\\admin",
    "backslash-escaped": b"/%5cadmin",
    "backslash-escaped-twice": b"/%255cadmin",
    "blank": b"/admin%20",
    "blank-before": b"/%20admin",
    "tab": b"/admin%09",
    "trailing-dot": b"/admin.",
    "trailing-dot-escaped": b"/admin%2e",
    "slash-escaped": b"/admin%2fx",
    "slash-escaped-twice": b"/admin%252fx",
    "parameter-and-slashes": b"/;x//admin",
    "all-at-once": b"/%255C;a/%2541dmin%20;b",
    "unicode-case": b"/adm%C4%B1n",
    "format": b"/admin.json",
    "format-and-slash": b"/admin.json/",
    "format-and-parameter": b"/admin.json;x=1",
    "format-in-another-case": b"/Admin.JSON",
    "escaped-format": b"/admin%2ejson",
    "script-in-front": b"/index.php/admin",
    "script-in-front-of-more": b"/Index.PHP5;x/admin/x",
}
FOREVER_BAD = {
    "up": b"/public/../admin",
    "here": b"/./admin",
    "up-escaped": b"/public/%2e%2e/admin",
    "up-slash-escaped": b"/public/..%2fadmin",
    "up-parameter": b"/public/..;/admin",
    "up-backslash": b"/public\\..\\admin",
    "nul": b"/admin%00",
    "newline": b"/admin%0a",
    "overlong": b"/%c0%afadmin",
    "double": b"/public/%252e%252e/admin",
    "hash": b"/public#/../admin",
}


@pytest.mark.parametrize("path", ADMIN.values(), ids=ADMIN)
def test_attack_06_no_spelling_leads_to_a_protected_route(path: bytes) -> None:
    assert isinstance(parse_target(path), Target)
    assert choose(PROTECTED_BELOW_PUBLIC, path) == Ambiguous()


@pytest.mark.parametrize("path", ADMIN.values(), ids=ADMIN)
def test_attack_06_nor_from_below_a_public_one(path: bytes) -> None:
    choice = choose(PUBLIC_BELOW_PROTECTED, b"/public" + path)
    assert choice == Ambiguous()


@pytest.mark.parametrize("path", FOREVER_BAD.values(), ids=FOREVER_BAD)
def test_attack_06_some_spellings_are_refused_whatever_the_routes(path: bytes) -> None:
    assert not isinstance(parse_target(path), Target)


@pytest.mark.parametrize(
    "path", [b"/a%2fb", b"//a//b", b"/a;x=1/b", b"/a\\b", b"/%41", b"/a%20b", b"/A."]
)
def test_where_all_readings_agree_the_path_goes_on(path: bytes) -> None:
    assert found(choose(PROTECTED_BELOW_PUBLIC, path)) == "/"


@pytest.mark.parametrize("path", ADMIN.values(), ids=ADMIN)
def test_where_a_hosts_routes_do_not_differ_no_spelling_matters(path: bytes) -> None:
    for access in ("public", "signed-in"):
        routes = [route("/", access=access), route("/admin", access=access)]
        assert isinstance(choose(routes, path), Matched)


def test_hosts_are_looked_at_on_their_own() -> None:
    routes = [route("/"), route("/admin", access="signed-in", host="b.example.com")]
    assert found(choose(routes, b"/ADMIN")) == "/"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param({"access": "public"}, {"access": "optional"}, id="access"),
        pytest.param(
            {"access": "signed-in", "allow": "anyone"},
            {"access": "signed-in", "allow": {"x_ids": ["1"]}},
            id="allow",
        ),
        pytest.param(
            {"access": "signed-in"},
            {"access": "signed-in", "origins": ["https://b.example"]},
            id="origins",
        ),
        pytest.param(
            {"access": "signed-in", "credentials": ["session"]},
            {"access": "signed-in", "credentials": ["session", "bearer"]},
            id="credentials",
        ),
        pytest.param(
            {"access": "signed-in", "credentials": ["bearer"], "audience": "a:b"},
            {"access": "signed-in", "credentials": ["bearer"], "audience": "a:c"},
            id="audience",
        ),
        pytest.param(
            {"access": "signed-in", "credentials": ["bearer"]},
            {"access": "signed-in", "credentials": ["bearer"], "pass_bearer": True},
            id="whether the bearer is passed on",
        ),
    ],
)
def test_what_readings_must_agree_on(
    one: dict[str, object], other: dict[str, object]
) -> None:
    routes = [
        Route.model_validate(
            {"upstream": "http://127.0.0.1:1", "path": path, "allow": "anyone", **keys}
        )
        for path, keys in (("/", one), ("/admin", other))
    ]
    assert choose(routes, b"/%61dmin") == Ambiguous()


def test_a_public_route_has_no_rules_but_that() -> None:
    routes = [route("/"), route("/admin", allow={"x_ids": ["1"]})]
    assert found(choose(routes, b"/%61dmin")) == "/"


def test_a_route_is_found_by_the_readings_of_its_own_path() -> None:
    routes = [route("/v1."), route("/b", access="signed-in")]
    assert found(choose(routes, b"/v1./x")) == "/v1."
    assert choose(routes, b"/v1%2e/x") == NoRoute()
    assert choose([*routes, route("/v1", access="optional")], b"/v1.") == Ambiguous()


def test_a_reading_with_a_method_that_is_not_listed_is_another_reading() -> None:
    routes = [route("/"), route("/up", access="signed-in", methods=["POST"])]
    assert choose(routes, b"/%75p", "GET") == Ambiguous()


def test_case_alone_does_not_tell_routes_with_different_rules_apart() -> None:
    routes = [route("/Admin", access="signed-in"), route("/admin")]
    assert choose(routes, b"/admin") == Ambiguous()


def test_a_shorter_route_does_not_hide_behind_one_in_another_case() -> None:
    routes = [route("/"), route("/a", access="signed-in"), route("/A/b")]
    assert choose(routes, b"/%61/b") == Ambiguous()


@pytest.mark.parametrize(
    "path", [b"/admins.json", b"/x/admin.json", b"/.json", b"/a.b", b"/index.php/b/c"]
)
def test_an_extension_alone_makes_nothing_ambiguous(path: bytes) -> None:
    assert found(choose(PROTECTED_BELOW_PUBLIC, path)) == "/"


def test_a_route_for_a_format_says_what_is_meant() -> None:
    routes = [route("/"), route("/docs", access="signed-in"), route("/docs.html")]
    assert found(choose(routes, b"/docs.html")) == "/docs.html"
    assert choose(routes, b"/docs.json") == Ambiguous()


def test_too_many_readings_are_ambiguous_only_where_they_matter() -> None:
    path = b"/%61%5c%3b%2f%2f%20.%255c%253b%252f%252f%2520/b" * 4
    assert readings(path) is None
    assert choose(PROTECTED_BELOW_PUBLIC, path) == Ambiguous()
    assert found(choose([route("/")], path)) == "/"


PIECES = [
    *("/", "//", "\\", ";", ";x", ".", "a", "A", "b", "ab", "%61", "%41", "%2f", "%5c"),
    *("%3b", "%20", "%252f", "%255c", "%253b", "%2561", "%2541", "%2e", "%c4%b1", "c"),
]
paths = st.lists(st.sampled_from(PIECES), max_size=6).map(
    lambda pieces: ("/" + "".join(pieces)).encode()
)
tables = st.dictionaries(
    st.sampled_from(["/", "/a", "/A/b", "/a/b", "/ab", "/b.", "/c"]),
    st.sampled_from(["public", "optional", "signed-in"]),
    min_size=1,
)


def is_below(path: bytes, key: bytes) -> bool:
    return (path + b"/").startswith(key.rstrip(b"/") + b"/")


@cache
def plain_route(path: str, access: str) -> Route:
    return route(path, access=access)


@given(tables, paths)
def test_attack_06_the_decision_holds_for_every_reading(
    accesses: dict[str, str], path: bytes
) -> None:
    """No reading of a forwarded path is below a route with another access.

    Compared with the plainest definition: every path of every route, in every reading.
    """
    if not isinstance(parse_target(path), Target):
        return
    choice = choose(
        [plain_route(key, access) for key, access in accesses.items()], path
    )
    if not isinstance(choice, Matched) or len(set(accesses.values())) == 1:
        return
    for reading in readings(path) or ():
        for form in (bytes, folded):
            below = [
                key for key in accesses if is_below(form(reading), form(key.encode()))
            ]
            assert below or reading != path
            assert not below or accesses[max(below, key=len)] == choice.route.access


@given(tables, paths)
def test_the_longest_path_is_the_one_a_scan_finds(
    accesses: dict[str, str], path: bytes
) -> None:
    below = [key for key in accesses if is_below(path, key.encode())]
    entry = Paths(plain_route(key, "public") for key in accesses).find(path)
    longest = max(below, key=len, default=None)
    assert (entry and entry.path) == (
        None if longest is None else longest.rstrip("/").encode()
    )


@pytest.mark.parametrize(
    "routes",
    [
        pytest.param([route("/a"), route("/a")], id="equal"),
        pytest.param([route("/a"), route("/a/")], id="equal-but-for-a-slash"),
        pytest.param(
            [route("/a", methods=["GET"]), route("/a", methods=["PUT", "GET"])],
            id="methods-overlap",
        ),
        pytest.param(
            [route(host="b.example.com"), route(host="B.example.com")], id="equal-hosts"
        ),
    ],
)
def test_two_routes_for_the_same_are_an_error(routes: list[Route]) -> None:
    with pytest.raises(ValueError, match="two routes"):
        RouteTable(routes, PUBLIC_HOST)


def test_a_public_host_that_is_none_is_an_error() -> None:
    with pytest.raises(ValueError, match="not a host"):
        RouteTable([], "a b")


def calls_of(table: RouteTable, path: bytes) -> int:
    """How many functions, Python's own too, are called to choose a route."""
    calls = 0

    def count(_frame: object, event: str, _function: object) -> None:
        nonlocal calls
        calls += event in {"call", "c_call"}

    sys.setprofile(count)
    try:
        table.choose(PUBLIC_HOST, path, "GET")
    finally:
        sys.setprofile(None)
    return calls


@pytest.mark.parametrize(
    "path",
    [b"/", b"/r0/x/some/longer/path.js", b"/r999/x", b"/none/of/them", b"/r0%2fx"],
)
def test_a_thousand_routes_cost_what_one_does(path: bytes) -> None:
    few = [route("/r0/x"), route("/", access="signed-in")]
    many = [
        *(route(f"/r{number}/x") for number in range(1, 1000)),
        *(route(host=f"h{number}.example.com") for number in range(1000)),
        *(route(host=f"*.h{number}.example.com") for number in range(1000)),
    ]
    one_more = 10  # for a longer key, a border more may be looked at
    most = calls_of(RouteTable(few, PUBLIC_HOST), path) + one_more
    assert calls_of(RouteTable(few + many, PUBLIC_HOST), path) <= most


def test_a_path_of_slashes_costs_no_more_than_the_longest_route() -> None:
    table = RouteTable([route("/r0/x"), route("/a")], PUBLIC_HOST)
    assert calls_of(table, b"/" * 60_000) < 50
