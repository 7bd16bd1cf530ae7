"""What the upstream receives: everything the client sent, and what we add."""

import pytest

from gateway.fields import Field
from tests.support.proxy_server import proxying
from tests.support.raw_client import connected, exchange, payload
from tests.support.raw_upstream import RawRequest, raw_upstream

HOST = b"Host: app.example.com\r\n"


async def received(
    request: bytes, *, route: str = "", identity: tuple[Field, ...] = ()
) -> RawRequest:
    """Return what an upstream gets of *request*."""
    async with (
        raw_upstream() as upstream,
        proxying(upstream.url, route=route, identity=identity) as proxy,
    ):
        answer = await exchange(proxy.port, request)
        assert answer.status == 200
        return upstream.request


@pytest.mark.parametrize(
    "method",
    [
        "GET",
        "OPTIONS",
        "DELETE",
        "PROPFIND",
        "PURGE",
        "FOO",
        "get",
        "M-SEARCH",
        "QUERY",
    ],
)
async def test_any_method_goes_through(method: str) -> None:
    request = await received(method.encode() + b" /a HTTP/1.1\r\n" + HOST + b"\r\n")
    assert request.line == method.encode() + b" /a HTTP/1.1"


@pytest.mark.parametrize(
    "target",
    [
        pytest.param(b"/%41%2f//b;c=1/", id="escapes and slashes"),
        pytest.param(b'/a?x=%zz&y=[]{}|"^`<>', id="query of odd characters"),
        pytest.param(b"/a?", id="empty query"),
        pytest.param(b"/" + b"a" * 8191, id="long path"),
        pytest.param(b"/?" + b"a" * 20_000, id="long query"),
    ],
)
async def test_the_target_goes_on_byte_for_byte(target: bytes) -> None:
    request = await received(b"GET " + target + b" HTTP/1.1\r\n" + HOST + b"\r\n")
    assert request.line == b"GET " + target + b" HTTP/1.1"


async def test_fields_keep_order_case_duplicates_and_bytes() -> None:
    sent = (
        b"X-A: 1\r\n" + HOST + b"x-a: 2\r\nX-EMPTY:\r\nContent-Type: a/b\r\n"
        b"Content-Type: c/d\r\nX-Bytes: \xff\xfe \xc3\xa9\r\n"
        b"User-Agent: \tx \r\nX-A: 1\r\n"
    )
    request = await received(b"GET / HTTP/1.1\r\n" + sent + b"\r\n")
    assert request.fields[:9] == [
        (b"X-A", b"1"),
        (b"Host", b"app.example.com"),
        (b"x-a", b"2"),
        (b"X-EMPTY", b""),
        (b"Content-Type", b"a/b"),
        (b"Content-Type", b"c/d"),
        (b"X-Bytes", b"\xff\xfe \xc3\xa9"),
        (b"User-Agent", b"x"),
        (b"X-A", b"1"),
    ]


async def test_nothing_is_added_but_what_the_design_names() -> None:
    request = await received(b"GET / HTTP/1.1\r\n" + HOST + b"\r\n")
    assert [name for name, _ in request.fields] == [
        b"Host",
        b"X-Forwarded-For",
        b"X-Forwarded-Host",
        b"X-Forwarded-Proto",
        b"X-Forwarded-Port",
        b"Forwarded",
        b"X-Request-Id",
        b"traceparent",
    ]


async def test_the_forwarding_fields_say_who_and_where() -> None:
    request = await received(
        b"GET / HTTP/1.1\r\nHost: app.example.com\r\n"
        b"X-Forwarded-For: 6.6.6.6\r\nForwarded: for=6.6.6.6\r\nX-Real-IP: 6.6.6.6\r\n"
        b"X-Forwarded-Proto: gopher\r\nX-Request-Id: mine\r\n\r\n"
    )
    assert request.values(b"X-Forwarded-For") == [b"127.0.0.1"]
    assert request.values(b"X-Forwarded-Host") == [b"app.example.com"]
    assert request.values(b"X-Forwarded-Proto") == [b"https"]
    assert request.values(b"X-Forwarded-Port") == [b"443"]
    assert request.values(b"Forwarded") == [
        b"for=127.0.0.1;host=app.example.com;proto=https"
    ]
    assert request.values(b"X-Request-Id") == [b"req-1"]
    assert request.values(b"X-Real-IP") == []


async def test_identity_comes_last_and_is_the_only_one() -> None:
    request = await received(
        b"GET / HTTP/1.1\r\n"
        + HOST
        + b"X-Forwarded-User: admin\r\nx_forwarded_user: admin\r\n"
        b"Connection: x-forwarded-user, cookie, host\r\nCookie: a=1\r\n\r\n",
        identity=((b"X-Forwarded-User", b"sub-1"),),
    )
    assert request.fields[-1] == (b"X-Forwarded-User", b"sub-1")
    assert request.values(b"x_forwarded_user") == []
    assert request.values(b"X-Forwarded-User") == [b"sub-1"]
    assert request.values(b"Host") == [b"app.example.com"]
    assert request.values(b"Cookie") == [b"a=1"]


async def test_hop_by_hop_fields_stay_here() -> None:
    request = await received(
        b"GET / HTTP/1.1\r\n" + HOST + b"Connection: keep-alive, X-Hop\r\nX-Hop: 1\r\n"
        b"Keep-Alive: timeout=5\r\nProxy-Connection: close\r\n"
        b"Proxy-Authorization: x\r\n"
        b"Upgrade: h2c\r\nHTTP2-Settings: AA\r\nTE: gzip\r\nX-End: 1\r\n\r\n"
    )
    names = {name.lower() for name, _ in request.fields}
    assert b"x-end" in names
    assert not names & {
        b"connection", b"x-hop", b"keep-alive", b"proxy-connection",
        b"proxy-authorization", b"upgrade", b"http2-settings", b"te",
    }  # fmt: skip


async def test_that_trailers_are_welcome_is_told() -> None:
    request = await received(b"GET / HTTP/1.1\r\n" + HOST + b"TE: trailers\r\n\r\n")
    assert request.values(b"TE") == [b"trailers"]
    assert request.values(b"Connection") == [b"TE"]


async def test_own_cookies_stay_here_and_others_pass_byte_for_byte() -> None:
    request = await received(
        b"GET / HTTP/1.1\r\n"
        + HOST
        + b'Cookie: b="x y"; __Host-gateway=secret; c=\xff;d\r\n'
        b"Cookie: __Host-gateway.1=secret\r\n\r\n"
    )
    assert request.values(b"Cookie") == [b'b="x y"; c=\xff;d']


async def test_a_valid_trace_passes_and_another_is_replaced() -> None:
    parent = b"00-" + b"a" * 32 + b"-" + b"b" * 16 + b"-01"
    request = await received(
        b"GET / HTTP/1.1\r\n"
        + HOST
        + b"traceparent: "
        + parent
        + b"\r\ntracestate: x=1\r\n\r\n"
    )
    assert request.values(b"traceparent") == [parent]
    assert request.values(b"tracestate") == [b"x=1"]
    request = await received(
        b"GET / HTTP/1.1\r\n"
        + HOST
        + b"traceparent: 00-0-0-01\r\ntracestate: x=1\r\n\r\n"
    )
    (made,) = request.values(b"traceparent")
    assert made.startswith(b"00-")
    assert len(made) == 55
    assert request.values(b"tracestate") == []


async def test_preserve_host_false_sends_the_upstreams_own() -> None:
    request = await received(
        b"GET / HTTP/1.1\r\n" + HOST + b"\r\n", route="preserve_host = false"
    )
    assert (request.value(b"Host") or b"").startswith(b"127.0.0.1:")
    assert request.value(b"X-Forwarded-Host") == b"app.example.com"


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        (b"/app/x?y=1", b"/x?y=1"),
        (b"/app", b"/"),
        (b"/app?y", b"/?y"),
        (b"/app//x", b"//x"),
    ],
)
async def test_strip_prefix_takes_it_away_and_says_so(
    target: bytes, expected: bytes
) -> None:
    request = await received(
        b"GET " + target + b" HTTP/1.1\r\n" + HOST + b"\r\n",
        route='path = "/app"\nstrip_prefix = true',
    )
    assert request.line == b"GET " + expected + b" HTTP/1.1"
    assert request.values(b"X-Forwarded-Prefix") == [b"/app"]


async def test_http_1_0_becomes_1_1_with_a_host() -> None:
    request = await received(b"GET / HTTP/1.0\r\nHost: old.example.com\r\n\r\n")
    assert request.line == b"GET / HTTP/1.1"
    assert request.values(b"Host") == [b"old.example.com"]


async def test_a_body_keeps_its_length() -> None:
    request = await received(
        b"PUT / HTTP/1.1\r\nContent-length: 3\r\n" + HOST + b"\r\nabc"
    )
    assert request.fields[0] == (b"Content-length", b"3")
    assert request.values(b"Transfer-Encoding") == []
    assert request.body == b"abc"


async def test_an_empty_body_keeps_its_length() -> None:
    request = await received(
        b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 0\r\n\r\n"
    )
    assert request.values(b"Content-Length") == [b"0"]


async def test_a_chunked_body_stays_chunked() -> None:
    request = await received(
        b"POST / HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n"
        b"3\r\nabc\r\n4\r\ndefg\r\n0\r\n\r\n"
    )
    assert request.values(b"Transfer-Encoding") == [b"chunked"]
    assert request.values(b"Content-Length") == []
    assert payload(request.body) == b"abcdefg"


async def test_a_compressed_body_is_not_touched() -> None:
    request = await received(
        b"POST / HTTP/1.1\r\n"
        + HOST
        + b"Content-Encoding: gzip\r\nContent-Length: 4\r\n\r\n"
        b"\x1f\x8b\x08\x00"
    )
    assert request.body == b"\x1f\x8b\x08\x00"
    assert request.values(b"Content-Encoding") == [b"gzip"]


async def test_trailers_of_a_request_go_on_but_never_ours() -> None:
    async with raw_upstream() as upstream, proxying(upstream.url) as proxy:
        answer = await exchange(
            proxy.port,
            b"POST / HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n"
            b"3\r\nabc\r\n0\r\nX-Sum: 1\r\nX-Forwarded-User: admin\r\nCookie: a\r\n"
            b"Content-Length: 9\r\n\r\n",
        )
        # The recorder waits for "0 CRLF CRLF"; with trailers it sees their end itself.
        assert answer.status == 200
    assert upstream.request.body == b"3\r\nabc\r\n0\r\nX-Sum: 1\r\n\r\n"


async def test_requests_on_one_connection_follow_each_other() -> None:
    async with raw_upstream() as upstream, proxying(upstream.url) as proxy:
        async with connected(proxy.port) as client:
            one = b"POST /1 HTTP/1.1\r\n" + HOST + b"Content-Length: 3\r\n\r\nabc"
            client.send(one + one.replace(b" /1", b" /2") + one.replace(b" /1", b" /3"))
            for _ in range(3):
                assert (await client.read_response()).body == b"ok"
        assert [r.line.split()[1] for r in upstream.requests] == [b"/1", b"/2", b"/3"]
        assert len(upstream.conversations) == 1


async def test_the_same_bytes_of_another_client_are_told_as_theirs() -> None:
    request = b"GET /same HTTP/1.1\r\n" + HOST + b"\r\n"
    clients = ("127.0.0.1", "127.0.0.2") * 3
    async with raw_upstream() as upstream, proxying(upstream.url) as proxy:
        for client in clients:
            await exchange(proxy.port, request, source=client)
        told = [request.value(b"X-Forwarded-For") for request in upstream.requests]
        assert told == [client.encode() for client in clients]
