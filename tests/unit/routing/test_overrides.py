"""A decision by method holds for the methods that an application may take instead."""

import pytest
from hypothesis import given, strategies as st

from config.origin import Origin
from config.routes import Route
from gateway.routing.overrides import choose, overriding
from gateway.routing.received import Publication, Received, receive, sender
from gateway.routing.table import Ambiguous, Matched, MethodNotAllowed, RouteTable

HOST = "app.example.com"


def route(path: str = "/", *, access: str = "public", **keys: object) -> Route:
    upstream = {"upstream": "http://127.0.0.1:1", "allow": "anyone"}
    return Route.model_validate(upstream | {"path": path, "access": access} | keys)


READERS = RouteTable([route(methods=["GET"]), route(access="signed-in")], HOST)
LISTED = RouteTable([route(methods=["GET", "POST"])], HOST)
ALIKE = RouteTable([route(methods=["GET", "DELETE"]), route(shared_cache=True)], HOST)
PLAIN = RouteTable([route(), route("/admin", access="signed-in")], HOST)


@pytest.mark.parametrize(
    ("fields", "query", "methods"),
    [
        ((b"X-HTTP-Method-Override", b"DELETE"), b"", {"DELETE"}),
        ((b"x_http_method_override", b"delete"), b"", {"delete", "DELETE"}),
        ((b"X-Method-Override", b" PUT "), b"", {"PUT"}),
        ((b"X-HTTP-Method", b"GET, PATCH"), b"", {"GET", "PATCH"}),
        ((b"X-HTTP-Method", b"\xff"), b"", {"\ufffd"}),
        ((b"Method", b"DELETE"), b"", set()),
        ((b"A", b"b"), b"_method=put", {"put", "PUT"}),
        ((b"A", b"b"), b"a=b&%5fme%74hod=%50UT&c", {"PUT"}),
        ((b"A", b"b"), b"a=b;_METHOD=PUT", {"PUT"}),
        ((b"A", b"b"), b"X-HTTP-Method-Override=PUT", {"PUT"}),
        ((b"A", b"b"), b"_method=PUT&_method=GET", {"PUT", "GET"}),
        ((b"A", b"b"), b"+.method=PUT", {"PUT"}),
        ((b"A", b"b"), b"_method%00.x=PUT", {"PUT"}),
        ((b"A", b"b"), b"+method=PUT&-method=PUT&a_method=PUT", set()),
        ((b"A", b"b"), b"method=PUT&a=%ff", set()),
        ((b"A", b"b"), b"_method=&_method", set()),
    ],
)
def test_what_is_named(
    fields: tuple[bytes, bytes], query: bytes, methods: set[str]
) -> None:
    assert overriding((fields,), query) == methods


@given(st.binary(max_size=60), st.binary(max_size=20))
def test_nothing_makes_it_fail(query: bytes, value: bytes) -> None:
    found = overriding(((b"X-HTTP-Method", value),), query + b"&_method=x")
    assert {"x", "X"} <= found


def asked(method: str, override: bytes, target: bytes = b"/") -> Received:
    fields = ((b"Host", HOST.encode()), (b"X-HTTP-Method-Override", override))
    publication = Publication(Origin("https", HOST, 443), (), trust_unix=False)
    found = receive(method, target, sender(fields, "192.0.2.1", publication))
    assert isinstance(found, Received)
    return found


@pytest.mark.parametrize(
    ("table", "method", "override", "found"),
    [
        pytest.param(READERS, "GET", b"DELETE", Ambiguous, id="another's rules"),
        pytest.param(READERS, "GET", b"delete", Ambiguous, id="in lower case"),
        pytest.param(READERS, "DELETE", b"GET", Ambiguous, id="the other way round"),
        pytest.param(READERS, "GET", b"GET", Matched, id="the same"),
        pytest.param(READERS, "GET", b"HEAD", Matched, id="HEAD for GET"),
        pytest.param(READERS, "POST", b"DELETE", Matched, id="the same rules"),
        pytest.param(LISTED, "POST", b"DELETE", Ambiguous, id="nobody's"),
        pytest.param(LISTED, "POST", b"GET", Matched, id="a listed one"),
        pytest.param(
            LISTED, "DELETE", b"GET", MethodNotAllowed, id="still not allowed"
        ),
        pytest.param(ALIKE, "GET", b"PUT", Matched, id="rules that are alike"),
        pytest.param(
            PLAIN, "POST", b"DELETE", Matched, id="where methods do not matter"
        ),
    ],
)
def test_which_route(
    table: RouteTable, method: str, override: bytes, found: type[object]
) -> None:
    assert isinstance(choose(table, asked(method, override)), found)


def test_many_methods_are_refused_before_they_are_work() -> None:
    many = b",".join(b"M%d" % number for number in range(10_000))
    assert isinstance(choose(READERS, asked("POST", many)), Ambiguous)
    assert isinstance(choose(PLAIN, asked("POST", many)), Matched)


def test_none_is_overlooked_behind_others() -> None:
    assert isinstance(choose(READERS, asked("GET", b"GET," * 50 + b"PUT")), Ambiguous)
    assert isinstance(choose(READERS, asked("GET", b"GET," * 50)), Matched)


def test_every_reading_of_the_path_is_looked_at_with_it() -> None:
    routes = [
        route("/", methods=["GET", "DELETE"]),
        route("/a/b", methods=["GET"]),
        route("/a/b", access="signed-in"),
    ]
    table = RouteTable(routes, HOST)
    assert isinstance(choose(table, asked("GET", b"DELETE", b"/a/x")), Matched)
    assert isinstance(choose(table, asked("GET", b"DELETE", b"/a%2Fb")), Ambiguous)
    assert isinstance(choose(table, asked("GET", b"GET", b"/a%2Fb")), Matched)
