"""What other proxies ask about: one description of a known kind, whole, or nothing."""

from ipaddress import ip_network

import pytest
from hypothesis import given, strategies as st

from config.origin import Origin
from gateway.fields import Field
from gateway.routing.described import Described, Passing, described, is_asked
from gateway.routing.received import (
    Malformed,
    MethodRefused,
    Publication,
    Received,
    receive,
    sender,
)

PUBLICATION = Publication(
    Origin("https", "app.example.com", 443),
    [ip_network("10.0.0.0/8")],
    trust_unix=False,
)
HOST: Field = (b"Host", b"gateway:8080")
OWN_HOST: Field = (b"Host", b"app.example.com:443")
METHOD: Field = (b"X-Forwarded-Method", b"POST")
FORWARDED_HOST: Field = (b"X-Forwarded-Host", b"app.example.com")
URI: Field = (b"X-Forwarded-Uri", b"/a%2Fb?c=/d")
ORIGINAL_METHOD: Field = (b"X-Original-Method", b"POST")
ORIGINAL_URL: Field = (b"X-Original-URL", b"https://app.example.com/a%2Fb?c=/d")
ORIGINAL_URI: Field = (b"X-Original-URI", b"/a%2Fb?c=/d")
FORWARDED = (METHOD, FORWARDED_HOST, URI)


def question(
    *fields: Field,
    target: bytes = b"/.gateway/auth",
    method: str = "GET",
    host: Field = HOST,
    longest: int = 100,
) -> Described:
    sent_by = sender([host, *fields], "10.0.0.1", PUBLICATION)
    asking = receive(method, target, sent_by)
    assert isinstance(asking, Received), asking
    return described(asking, PUBLICATION, longest)


@pytest.mark.parametrize(
    ("found", "passing"),
    [
        pytest.param(question(*FORWARDED), Passing.WHOLE, id="Traefik, Caddy"),
        pytest.param(
            question(ORIGINAL_METHOD, ORIGINAL_URL), Passing.STATUS, id="ingress-nginx"
        ),
        pytest.param(
            question(ORIGINAL_METHOD, ORIGINAL_URL, FORWARDED_HOST),
            Passing.STATUS,
            id="nginx, an URL and the same host",
        ),
        pytest.param(
            question(ORIGINAL_METHOD, ORIGINAL_URI, FORWARDED_HOST, host=OWN_HOST),
            Passing.STATUS,
            id="nginx, a target",
        ),
        pytest.param(
            question(
                ORIGINAL_METHOD,
                ORIGINAL_URI,
                FORWARDED_HOST,
                target=b"/.gateway/auth?refusal",
                host=OWN_HOST,
            ),
            Passing.WHOLE,
            id="nginx, for the refusal",
        ),
        pytest.param(
            question(
                target=b"/.gateway/auth/a%2Fb?c=/d",
                method="POST",
                host=(b"Host", b"App.Example.com:443"),
            ),
            Passing.WHOLE,
            id="Envoy",
        ),
    ],
)
def test_each_proxy_says_which_request_it_asks_about(
    found: Described, passing: Passing
) -> None:
    asked = found.asked
    assert isinstance(asked, Received)
    assert (asked.method, asked.target.raw) == ("POST", b"/a%2Fb?c=/d")
    assert (asked.host, asked.origin) == ("app.example.com", "https://app.example.com")
    assert found.passing is passing
    assert not found.upgrade


@pytest.mark.parametrize(
    "found",
    [
        pytest.param(question(), id="nothing"),
        pytest.param(question(FORWARDED_HOST), id="a host alone"),
        pytest.param(question(METHOD, FORWARDED_HOST), id="no target"),
        pytest.param(question(URI, FORWARDED_HOST), id="no method"),
        pytest.param(question(METHOD, URI), id="no host"),
        pytest.param(question(*FORWARDED, URI), id="two targets"),
        pytest.param(question(*FORWARDED, METHOD), id="two methods"),
        pytest.param(question(*FORWARDED, FORWARDED_HOST), id="two hosts"),
        pytest.param(question(METHOD, FORWARDED_HOST, (URI[0], b"")), id="empty"),
        pytest.param(question(*FORWARDED, ORIGINAL_URL), id="an URL beside"),
        pytest.param(question(*FORWARDED, ORIGINAL_URI), id="a target beside"),
        pytest.param(question(*FORWARDED, ORIGINAL_METHOD), id="a method beside"),
        pytest.param(question(ORIGINAL_METHOD, ORIGINAL_URL, URI), id="the other way"),
        pytest.param(question(ORIGINAL_METHOD, ORIGINAL_URL, METHOD), id="its method"),
        pytest.param(question(ORIGINAL_URL), id="an URL without method"),
        pytest.param(question(ORIGINAL_METHOD), id="a method alone"),
        pytest.param(
            question(ORIGINAL_METHOD, ORIGINAL_URL, ORIGINAL_URI), id="URL and URI"
        ),
        pytest.param(
            question(ORIGINAL_METHOD, ORIGINAL_URL, ORIGINAL_URL), id="two URLs"
        ),
        pytest.param(
            question(
                ORIGINAL_METHOD, ORIGINAL_URL, ORIGINAL_URL, ORIGINAL_URI, host=OWN_HOST
            ),
            id="two URLs and a URI",
        ),
        pytest.param(
            question(
                ORIGINAL_METHOD, ORIGINAL_URL, (b"X-Forwarded-Host", b"b.example.com")
            ),
            id="an URL of another host",
        ),
        pytest.param(
            question(ORIGINAL_METHOD, (b"X-Original-URL", b"/a")), id="URL, no host"
        ),
        pytest.param(
            question(ORIGINAL_METHOD, (b"X-Original-URL", b"ftp://app.example.com/")),
            id="another scheme",
        ),
        pytest.param(
            question(
                ORIGINAL_METHOD, (b"X-Original-URL", b"https://a@app.example.com/")
            ),
            id="userinfo",
        ),
        pytest.param(
            question(
                ORIGINAL_METHOD,
                (b"X-Original-URL", b"https://app.example.com?x/admin"),
            ),
            id="a host that swallows the path",
        ),
        pytest.param(
            question(ORIGINAL_METHOD, (b"X-Original-URL", b"https://app.example.com")),
            id="no path",
        ),
        pytest.param(
            question(ORIGINAL_METHOD, ORIGINAL_URI, FORWARDED_HOST),
            id="a target of another host than is asked for",
        ),
        pytest.param(
            question(
                (b"X-Forwarded-Host", b"public.example.com"),
                target=b"/.gateway/auth/a",
                host=OWN_HOST,
            ),
            id="a path of another host than is asked for",
        ),
        pytest.param(
            question(*FORWARDED, target=b"/.gateway/auth/a", method="POST"),
            id="fields and a path",
        ),
        pytest.param(
            question(ORIGINAL_METHOD, ORIGINAL_URI, target=b"/.gateway/auth/a"),
            id="original fields and a path",
        ),
        pytest.param(question(*FORWARDED, method="PUT"), id="asked by another method"),
        pytest.param(
            question(METHOD, FORWARDED_HOST, (URI[0], b"/" + b"a" * 100)), id="long"
        ),
    ],
)
def test_what_is_described_in_parts_or_several_ways_is_refused(
    found: Described,
) -> None:
    assert isinstance(found.asked, Malformed)


@pytest.mark.parametrize(
    "method", [b"", b"GET POST", b"G\xc3\x84T", b"GET,POST", b"A" * 33, b"(GET)"]
)
def test_a_method_that_is_none_is_refused(method: bytes) -> None:
    found = question((METHOD[0], method), FORWARDED_HOST, URI)
    assert isinstance(found.asked, Malformed)


@pytest.mark.parametrize("method", [b"TRACE", b"connect", b"Track"])
def test_19_methods_that_echo_or_tunnel_are_refused(method: bytes) -> None:
    found = question((METHOD[0], method), FORWARDED_HOST, URI)
    assert found.asked == MethodRefused()


@pytest.mark.parametrize(
    "target",
    [b"/a/../b", b"/a#b", b"/%00", b"/a b", b"\xff", b"*", b"a", b"//", b"/%c0%ae/"],
)
def test_06_a_target_is_read_as_if_it_had_come_itself(target: bytes) -> None:
    found = question(METHOD, FORWARDED_HOST, (URI[0], target)).asked
    directly = receive(
        "POST", target, sender([FORWARDED_HOST, (b"Host", b"a")], None, PUBLICATION)
    )
    assert isinstance(found, Malformed) == isinstance(directly, Malformed)


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param([(b"Upgrade", b"websocket")], id="Upgrade"),
        pytest.param([(b"upgrade", b"WebSocket")], id="in another case"),
        pytest.param([(b"Upgrade", b"h2c, websocket")], id="one of two"),
        pytest.param([(b"Upgrade", b"spdy")], id="something else"),
        pytest.param([(b"Sec-WebSocket-Key", b"x")], id="what the browser adds"),
        pytest.param([(b"Sec-WebSocket-Version", b"13")], id="over HTTP/2"),
        pytest.param([(b"Sec-Fetch-Mode", b"websocket")], id="Fetch Metadata"),
    ],
)
def test_19_a_handshake_is_known_without_hop_by_hop_fields(fields: list[Field]) -> None:
    assert question(*FORWARDED, *fields).upgrade


@pytest.mark.parametrize("fields", [[], [(b"Upgrade", b"h2c")], [(b"Upgrade", b"")]])
def test_what_asks_for_no_websocket_is_none(fields: list[Field]) -> None:
    assert not question(*FORWARDED, *fields).upgrade


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (b"/.gateway/auth", True),
        (b"/.gateway/auth/", True),
        (b"/.gateway/auth/x", True),
        (b"/.gateway/author", False),
        (b"/.gateway/AUTH", False),
        (b"/.gateway/%61uth", False),
        (b"/.gateway", False),
        (b"/auth", False),
    ],
)
def test_only_the_literal_address_is_that_of_questions(
    path: bytes, *, expected: bool
) -> None:
    assert is_asked(path) is expected


@given(
    st.lists(st.sampled_from([*FORWARDED, ORIGINAL_METHOD, ORIGINAL_URL, ORIGINAL_URI]))
)
def test_no_mixture_of_descriptions_is_one(fields: list[Field]) -> None:
    whole = (
        {frozenset(FORWARDED)},
        {
            frozenset({ORIGINAL_METHOD, ORIGINAL_URL}),
            frozenset({ORIGINAL_METHOD, ORIGINAL_URI}),
            frozenset({ORIGINAL_METHOD, ORIGINAL_URL, FORWARDED_HOST}),
            frozenset({ORIGINAL_METHOD, ORIGINAL_URI, FORWARDED_HOST}),
        },
    )
    once = [field for field in fields if field != FORWARDED_HOST]
    is_one = len(set(once)) == len(once) and any(
        frozenset(fields) in one for one in whole
    )
    if frozenset(fields) == frozenset(FORWARDED):
        is_one = is_one and len(fields) == len(FORWARDED)
    sent_by = sender([OWN_HOST, *fields], "10.0.0.1", PUBLICATION)
    asking = receive("GET", b"/.gateway/auth", sent_by)
    assert isinstance(asking, Received)
    found = described(asking, PUBLICATION, 100).asked
    assert isinstance(found, Received) == is_one
