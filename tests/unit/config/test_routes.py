"""[[routes]]: hosts, paths, methods, upstreams and origins."""

import pytest
from hypothesis import given, strategies as st

from config.allow import AnyOf, Anyone, Condition
from config.loader import load_text
from config.problem import Wrong
from config.routes import parse_path, parse_route_host
from config.upstream import Upstream
from tests.support.configuration import sentence, settings, written

HOSTS = [
    ("", ""),
    ("App.Example.com", "app.example.com"),
    ("app.example.com.", "app.example.com"),
    ("*.Example.com", "*.example.com"),
    ("127.0.0.1", "127.0.0.1"),
    ("[0::1]", "[::1]"),
]


@pytest.mark.parametrize(("written_as", "host"), HOSTS)
def test_a_host_is_normalised(written_as: str, host: str) -> None:
    assert parse_route_host(written_as) == host


BAD_HOSTS = [
    pytest.param('"app.example.com:443"', "without a port", id="a port"),
    pytest.param('"[::1]:443"', "without a port", id="a port after IPv6"),
    pytest.param('"https://app.example"', "only a host", id="a scheme"),
    pytest.param('"app.example/x"', "only a host", id="a path"),
    pytest.param('"me@app.example"', "only a host", id="a user"),
    pytest.param('"*"', "the whole first label", id="only a star"),
    pytest.param('"a.*.example"', "the whole first label", id="a star inside"),
    pytest.param('"*a.example"', "the whole first label", id="a part of a label"),
    pytest.param('"*.*.example"', "the whole first label", id="two stars"),
    pytest.param('"*.127.0.0.1"', "a name after *.", id="a star before an address"),
    pytest.param('"*."', "expected a host", id="nothing after the star"),
    pytest.param('"a b"', "expected a host", id="a space"),
    pytest.param('"ü.example"', "xn--", id="not ASCII"),
    pytest.param("1", "expected a host in quotes", id="a number"),
]


@pytest.mark.parametrize(("toml", "expected"), BAD_HOSTS)
def test_a_wrong_host(toml: str, expected: str) -> None:
    found = sentence(written(routes={"host": toml}))
    assert found.startswith("routes[0].host: ")
    assert expected in found


PATHS = [("/", "/"), ("/a", "/a"), ("/a/", "/a"), ("/A/b.c/@x", "/A/b.c/@x")]


@pytest.mark.parametrize(("written_as", "path"), PATHS)
def test_a_path_loses_its_last_slash(written_as: str, path: str) -> None:
    assert parse_path(written_as) == path


BAD_PATHS = [
    pytest.param("a", 'begins with "/"', id="no slash"),
    pytest.param("", 'begins with "/"', id="nothing"),
    pytest.param("https://a/b", 'begins with "/"', id="an address"),
    pytest.param("/a?b", "without a query", id="a query"),
    pytest.param("/a#b", "without a fragment", id="a fragment"),
    pytest.param("/a/*", "take the * away", id="a star for all below"),
    pytest.param("/a*", "take the * away", id="a star for a prefix"),
    pytest.param("/a%2fb", "without a escape", id="an escape"),
    pytest.param("/a/../b", "without . and .. segments", id="two dots"),
    pytest.param("/a/..", "without . and .. segments", id="two dots at the end"),
    pytest.param("/.", "without . and .. segments", id="a dot"),
    pytest.param("/a//b", "without //", id="an empty segment"),
    pytest.param("//", "without //", id="two slashes"),
    pytest.param("//a", "without //", id="two slashes in front"),
    pytest.param("/a;b", "only letters", id="a parameter"),
    pytest.param("/a\\\\b", "only letters", id="a backslash"),
    pytest.param("/a b", "only letters", id="a space"),
    pytest.param("/ü", "only letters", id="not ASCII"),
    pytest.param("/a\\n", "only letters", id="a line feed"),
    pytest.param("/.gateway", "the gateway's own", id="the gateway's own"),
    pytest.param("/.gateway/x", "the gateway's own", id="below the gateway's own"),
    pytest.param("/.Gateway/", "the gateway's own", id="the same in another case"),
]


@pytest.mark.parametrize(("path", "expected"), BAD_PATHS)
def test_a_wrong_path(path: str, expected: str) -> None:
    found = sentence(written(routes={"path": f'"{path}"'}))
    assert found.startswith("routes[0].path: ")
    assert expected in found


@given(st.text(alphabet="/.aA%;\\ ?#", max_size=12))
def test_a_path_that_is_accepted_has_one_reading(text: str) -> None:
    try:
        path = parse_path(text)
    except Wrong:
        return
    assert path.startswith("/")
    assert not set(path) & set("%;\\ ?#")
    assert path == "/" or not path.endswith("/")
    assert not {"", ".", ".."} & set(path.split("/")[1:]) or path == "/"
    assert parse_path(path) == path


BAD_METHODS = [
    pytest.param('"get"', "case-sensitive (did you mean GET?)", id="lower case"),
    pytest.param('"TRACE"', "never forwarded", id="TRACE"),
    pytest.param('"track"', "never forwarded", id="TRACK"),
    pytest.param('"Connect"', "never forwarded", id="CONNECT"),
    pytest.param('"A B"', "not a token", id="a space"),
    pytest.param('""', "not a token", id="nothing"),
    pytest.param('"GET\\r\\n"', "not a token", id="a line feed"),
    pytest.param("1", "a string in quotes", id="a number"),
]


@pytest.mark.parametrize(("toml", "expected"), BAD_METHODS)
def test_a_wrong_method(toml: str, expected: str) -> None:
    found = sentence(written(routes={"methods": f'["PROPFIND", {toml}]'}))
    assert found.startswith("routes[0].methods[1]: ")
    assert expected in found


UPSTREAMS = [
    ("http://127.0.0.1:3000", Upstream("http", "127.0.0.1", 3000, "")),
    ("http://app/", Upstream("http", "app", 80, "")),
    ("https://My_App.internal", Upstream("https", "my_app.internal", 443, "")),
    ("http://[::1]:3000", Upstream("http", "[::1]", 3000, "")),
    ("unix:/run/app.sock", Upstream("unix", "", 0, "/run/app.sock")),
]


@pytest.mark.parametrize(("written_as", "upstream"), UPSTREAMS)
def test_an_upstream(written_as: str, upstream: Upstream) -> None:
    (route,) = settings(routes={"upstream": f'"{written_as}"'}).routes
    assert route.upstream == upstream


def test_an_upstream_behind_another_proxy() -> None:
    trusting = {"trusted_proxies": '["10.0.0.0/8"]'}
    route = {"upstream": '"forward-auth"'}
    (found,) = settings(server=trusting, routes=route).routes
    assert found.upstream.is_elsewhere
    assert str(found.upstream) == "forward-auth"


def test_a_proxy_that_nobody_trusts_cannot_ask() -> None:
    found = sentence(written(routes={"upstream": '"forward-auth"'}))
    assert found.startswith("routes[0].upstream: nobody may ask")
    assert "server.trusted_proxies" in found


def test_preflights_are_the_applications_where_a_proxy_forwards() -> None:
    trusting = {"trusted_proxies": '["10.0.0.0/8"]'}
    origins = 'origins = ["https://pages.example.com"]'
    route = {"upstream": '"forward-auth"', "cors": f"{{ {origins} }}"}
    found = sentence(written(server=trusting, routes=route))
    assert found.startswith("routes[0].cors: has no effect: another proxy forwards")
    assert 'preflights = "upstream"' in found
    route["cors"] = f'{{ {origins}, preflights = "upstream" }}'
    assert settings(server=trusting, routes=route).routes[0].cors


@pytest.mark.parametrize(
    ("key", "value"), [("strip_prefix", "true"), ("ca_file", '"/dev/null"')]
)
def test_what_concerns_forwarding_has_no_effect_elsewhere(key: str, value: str) -> None:
    trusting = {"trusted_proxies": '["10.0.0.0/8"]'}
    route = {"upstream": '"forward-auth"', key: value}
    found = sentence(written(server=trusting, routes=route))
    assert found == f"routes[0].{key}: has no effect: another proxy forwards"


def test_an_upstream_socket_needs_an_absolute_path() -> None:
    found = sentence(written(routes={"upstream": '"unix:app.sock"'}))
    assert "the absolute path of a socket" in found


ORIGINS = [
    pytest.param('"*"', "would let every site", id="every origin"),
    pytest.param('"null"', "would let every site", id="sandboxed frames"),
    pytest.param('"app.example"', "with its scheme", id="no scheme"),
    pytest.param('"https://app.example/x"', "without a path", id="a path"),
]


@pytest.mark.parametrize(("toml", "expected"), ORIGINS)
def test_a_wrong_origin(toml: str, expected: str) -> None:
    found = sentence(written(routes={"origins": f"[{toml}]"}))
    assert found.startswith("routes[0].origins[0]: ")
    assert expected in found


def test_origins_are_normalised() -> None:
    (route,) = settings(routes={"origins": '["https://Other.example:443/"]'}).routes
    assert route.origins == ("https://other.example",)


def test_allow_of_the_policy_is_the_default() -> None:
    found = settings(policy={"allow": '{ x_ids = ["1", "2"] }'}, routes={"allow": None})
    assert found.routes[0].allow == AnyOf((Condition(x_ids=frozenset({"1", "2"})),))


def test_allow_of_the_route_comes_first() -> None:
    found = settings(policy={"allow": '{ x_ids = ["1"] }'})
    assert found.routes[0].allow == Anyone()


def test_a_public_route_has_no_allow() -> None:
    found = settings(
        policy={"allow": '"anyone"'},
        routes={"allow": None, "access": '"public"'},
    )
    assert found.routes[0].allow is None


def test_an_empty_list_lets_nobody_in_and_is_kept() -> None:
    found = settings(routes={"allow": "[{ x_ids = [], emails = ['a@b.example'] }]"})
    assert found.routes[0].allow == AnyOf(
        (Condition(x_ids=frozenset(), emails=frozenset({"a@b.example"})),)
    )


def test_no_conditions_let_nobody_in() -> None:
    assert settings(routes={"allow": "[]"}).routes[0].allow == AnyOf(())


CONDITIONS = [
    pytest.param('x_ids = ["@me"]', "digits", id="a handle for an id"),
    pytest.param('x_usernames = ["@me"]', "a handle without the @", id="an @"),
    pytest.param('subjects = [""]', "the id of a person", id="an empty subject"),
    pytest.param('emails = ["example.com"]', "one e-mail address", id="no @"),
    pytest.param('emails = ["a@b@c.example"]', "one e-mail address", id="two @"),
    pytest.param('emails = ["a\uff20b.example"]', "one e-mail", id="a full-width @"),
    pytest.param('emails = ["a@b.example."]', "one e-mail", id="a dot at the end"),
    pytest.param('email_domains = ["@b.example"]', "a domain", id="an @ in front"),
    pytest.param('email_domains = ["*.b.example"]', "a domain", id="a wildcard"),
    pytest.param('email_domains = ["example"]', "a domain", id="one label"),
]


@pytest.mark.parametrize(("toml", "expected"), CONDITIONS)
def test_a_wrong_condition(toml: str, expected: str) -> None:
    key = toml.partition(" ")[0]
    found = sentence(written(routes={"allow": f"{{ {toml} }}"}))
    assert found.startswith(f"routes[0].allow.{key}[0]: expected {expected}")


def test_routes_know_their_place_and_their_label() -> None:
    text = {"host": '"a.example"', "path": '"/b"', "methods": '["PUT", "GET"]'}
    (route,) = settings(routes=text).routes
    assert route.index == 0
    assert route.label == "a.example/b GET,PUT"


def test_a_route_that_nobody_could_ever_use_is_refused() -> None:
    many = {"host": '"*.example.com"'}
    found = sentence(written(routes=many))
    assert found.startswith("routes[0].host: nobody can sign in at a *. host")
    for access in ("public", "optional"):
        text = written(routes={**many, "access": f'"{access}"', "allow": None})
        assert load_text(text).routes[0].access == access
