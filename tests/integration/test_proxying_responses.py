"""What the client receives: what the upstream sent, and nothing of the server's own."""

import asyncio
import gzip

import pytest

from tests.support.proxy_server import proxying
from tests.support.raw_client import RawResponse, connected, exchange, payload
from tests.support.raw_upstream import Conversation, answering, raw_upstream

DATE = b"Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
GET = b"GET / HTTP/1.1\r\nHost: app.example.com\r\n\r\n"
GET_1_0 = b"GET / HTTP/1.0\r\nHost: app.example.com\r\n\r\n"
HEAD = b"HEAD / HTTP/1.1\r\nHost: app.example.com\r\n\r\n"


async def answered(
    response: bytes,
    request: bytes = GET,
    *,
    route: str = "",
    close: bool = False,
    set_cookies: tuple[bytes, ...] = (),
) -> RawResponse:
    """Return what a client gets of *response*."""
    script = answering(response, then_close=close)
    async with (
        raw_upstream(script) as upstream,
        proxying(upstream.url, route=route, set_cookies=set_cookies) as proxy,
    ):
        return await exchange(proxy.port, request)


async def test_fields_keep_order_case_duplicates_and_bytes() -> None:
    fields = (
        b"x-b: 1\r\nContent-Length: 2\r\nX-B: \xff\xfe\r\nSet-Cookie: a=1; Path=/\r\n"
        b"Set-Cookie: b=2\r\nSERVER: mine\r\nX-Empty:\r\n"
        + DATE
        + b'ETag: "x"\r\nx-b: 1'
    )
    answer = await answered(b"HTTP/1.1 200 Fine\r\n" + fields + b"\r\n\r\nok")
    expected = fields.replace(b"X-Empty:", b"X-Empty: ")
    assert answer.head == b"HTTP/1.1 200 OK\r\n" + expected
    assert answer.body == b"ok"


async def test_nothing_is_added_but_a_missing_date() -> None:
    answer = await answered(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
    assert [name for name, _ in answer.fields] == [b"Content-Length", b"Date"]


@pytest.mark.parametrize(
    ("status", "line"),
    [
        (b"201 Made", b"HTTP/1.1 201 Created"),
        (b"299 Odd\xff", b"HTTP/1.1 299 "),
        (b"404", b"HTTP/1.1 404 Not Found"),
        (b"418 x", b"HTTP/1.1 418 I'm a Teapot"),
        (b"999 x", b"HTTP/1.1 999 "),
    ],
)
async def test_the_status_passes_and_the_phrase_is_the_standard_one(
    status: bytes, line: bytes
) -> None:
    answer = await answered(b"HTTP/1.1 " + status + b"\r\nContent-Length: 0\r\n\r\n")
    assert answer.head.split(b"\r\n")[0] == line


async def test_an_answer_to_head_keeps_its_length_and_has_no_body() -> None:
    response = b"HTTP/1.1 200 OK\r\n" + DATE + b"Content-Length: 2000000\r\n\r\n"
    async with (
        raw_upstream(response) as upstream,
        proxying(upstream.url) as proxy,
        connected(proxy.port) as client,
    ):
        for _ in range(2):
            client.send(HEAD)
            answer = await client.read_response(bodyless=True)
            assert answer.value(b"Content-Length") == b"2000000"
        assert len(upstream.conversations) == 1


@pytest.mark.parametrize(
    "response",
    [
        pytest.param(b"HTTP/1.1 204 x\r\n" + DATE + b"\r\n", id="204"),
        pytest.param(
            b"HTTP/1.1 304 x\r\n" + DATE + b'Content-Length: 77\r\nETag: "a"\r\n\r\n',
            id="304 keeps its length",
        ),
    ],
)
async def test_answers_without_a_body(response: bytes) -> None:
    async with (
        raw_upstream(response) as upstream,
        proxying(upstream.url) as proxy,
        connected(proxy.port) as client,
    ):
        for _ in range(2):
            client.send(GET)
            answer = await client.read_head()
            assert answer.head.split(b"\r\n")[1:] == response.split(b"\r\n")[1:-2]
        assert len(upstream.conversations) == 1


async def test_ranges_pass() -> None:
    answer = await answered(
        b"HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 0-1/9\r\n"
        b"Content-Length: 2\r\n\r\nok"
    )
    assert answer.status == 206
    assert answer.value(b"Content-Range") == b"bytes 0-1/9"


async def test_chunks_stay_chunks_and_trailers_are_carried() -> None:
    answer = await answered(
        b"HTTP/1.1 200 OK\r\nTrailer: X-Sum\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"3\r\nabc\r\n4;ext=1\r\ndefg\r\n"
        b"0\r\nX-Sum: 7\r\nSet-Cookie: a\r\nContent-Length: 1\r\n\r\n"
    )
    assert answer.value(b"Transfer-Encoding") == b"chunked"
    assert answer.value(b"Trailer") == b"X-Sum"
    assert payload(answer.body) == b"abcdefg"
    assert answer.body.endswith(b"\r\n0\r\nX-Sum: 7\r\n\r\n")


async def test_an_answer_until_close_is_chunked_for_the_client() -> None:
    answer = await answered(b"HTTP/1.0 200 OK\r\n\r\nold body", close=True)
    assert answer.value(b"Transfer-Encoding") == b"chunked"
    assert payload(answer.body) == b"old body"


async def test_a_client_of_http_1_0_gets_no_chunks() -> None:
    answer = await answered(
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
        GET_1_0,
    )
    assert answer.values(b"Transfer-Encoding") == []
    assert answer.values(b"Connection") == [b"close"]
    assert answer.body == b"abc"


async def test_a_client_of_http_1_0_may_keep_its_connection() -> None:
    request = b"GET / HTTP/1.0\r\nHost: a\r\nConnection: Keep-Alive\r\n\r\n"
    async with (
        raw_upstream() as upstream,
        proxying(upstream.url) as proxy,
        connected(proxy.port) as client,
    ):
        for _ in range(2):
            client.send(request)
            answer = await client.read_response()
            assert answer.value(b"Connection") == b"keep-alive"


async def test_connection_close_is_kept() -> None:
    async with (
        raw_upstream() as upstream,
        proxying(upstream.url) as proxy,
        connected(proxy.port) as client,
    ):
        client.send(GET.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
        answer = await client.read_response()
        assert answer.values(b"Connection") == [b"close"]
        assert await client.read_to_end() == b""


async def test_hop_by_hop_fields_of_the_upstream_stay_there() -> None:
    answer = await answered(
        b"HTTP/1.1 200 OK\r\nConnection: close, X-Hop\r\nX-Hop: 1\r\nKeep-Alive: x\r\n"
        b"Upgrade: h2c\r\nProxy-Authenticate: x\r\nContent-Length: 0\r\n"
        + DATE
        + b"\r\n"
    )
    assert [name for name, _ in answer.fields] == [b"Content-Length", b"Date"]


async def test_compressed_bodies_are_not_touched() -> None:
    body = gzip.compress(b"x" * 10_000)
    answer = await answered(
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n%b"
        % (len(body), body)
    )
    assert answer.body == body
    assert answer.value(b"Content-Encoding") == b"gzip"


async def test_interim_responses_are_relayed() -> None:
    early = b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n"
    final = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
    async with (
        raw_upstream(early + early + final) as upstream,
        proxying(upstream.url) as proxy,
        connected(proxy.port) as client,
    ):
        client.send(GET)
        for _ in range(2):
            hints = await client.read_head()
            assert hints.head == early[:-4]
        assert (await client.read_response()).body == b"ok"


async def test_interim_responses_are_not_for_http_1_0() -> None:
    early = b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n"
    final = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
    assert (await answered(early + final, GET_1_0)).status == 200


async def test_continue_is_agreed_end_to_end() -> None:
    async def script(conversation: Conversation) -> None:
        head = await conversation.read_head()
        assert head.value(b"Expect") == b"100-continue"
        await conversation.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        body = await conversation.reader.readexactly(3)
        await conversation.write(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n" + body)

    async with (
        raw_upstream(script) as upstream,
        proxying(upstream.url) as proxy,
        connected(proxy.port) as client,
    ):
        client.send(
            b"PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n"
            b"Content-Length: 3\r\n\r\n"
        )
        assert (await client.read_head()).head == b"HTTP/1.1 100 Continue"
        client.send(b"abc")
        assert (await client.read_response()).body == b"abc"


async def test_a_refusal_to_continue_reaches_the_client_without_its_body() -> None:
    response = b"HTTP/1.1 417 x\r\nContent-Length: 2\r\n\r\nno"

    async def script(conversation: Conversation) -> None:
        await conversation.read_head()
        await conversation.write(response)
        await conversation.gone()

    async with (
        raw_upstream(script) as upstream,
        proxying(upstream.url) as proxy,
        connected(proxy.port) as client,
    ):
        client.send(
            b"PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n"
            b"Content-Length: 3\r\n\r\n"
        )
        answer = await client.read_response()
        assert answer.status == 417
        assert answer.value(b"Connection") == b"close"
        assert await client.read_to_end(1) == b""


async def test_redirects_lead_to_the_public_address() -> None:
    async def script(conversation: Conversation) -> None:
        await conversation.read_request()
        origin = (
            b"http://127.0.0.1:%d" % conversation.writer.get_extra_info("sockname")[1]
        )
        await conversation.write(
            b"HTTP/1.1 302 Found\r\nLocation: %b/x\r\nRefresh: 1; url=%b/y\r\n"
            b"Content-Location: http://app.example.com/z\r\nContent-Length: 0\r\n"
            b"Set-Cookie: a=1; Domain=127.0.0.1; Path=/q\r\n\r\n" % (origin, origin)
        )

    async with (
        raw_upstream(script) as upstream,
        proxying(upstream.url, route='path = "/p"\nstrip_prefix = true') as proxy,
    ):
        answer = await exchange(proxy.port, GET.replace(b" / ", b" /p/ "))
    assert answer.status == 302
    assert answer.value(b"Location") == b"https://app.example.com/p/x"
    assert answer.value(b"Refresh") == b"1; url=https://app.example.com/p/y"
    assert answer.value(b"Content-Location") == b"https://app.example.com/p/z"
    assert answer.value(b"Set-Cookie") == b"a=1; Path=/p/q"


async def test_cookies_of_ours_come_from_us_only() -> None:
    answer = await answered(
        b"HTTP/1.1 200 OK\r\nSet-Cookie: __Host-gateway=evil\r\nSet-Cookie: a=1\r\n"
        b"Set-Cookie: __Host-gateway.1=evil\r\nContent-Length: 0\r\n\r\n",
        set_cookies=(b"__Host-gateway=real; Path=/",),
    )
    assert answer.values(b"Set-Cookie") == [b"a=1", b"__Host-gateway=real; Path=/"]
    assert answer.values(b"Cache-Control") == [b"no-store"]


@pytest.mark.parametrize(
    ("route", "sent", "cache", "vary"),
    [
        ('access = "public"', b"public, max-age=9", [b"public, max-age=9"], []),
        ('access = "signed-in"', b"public, max-age=9", [b"max-age=9, private"], []),
        ('access = "optional"', b"max-age=9", [b"max-age=9, private"], [b"Cookie"]),
        (
            'access = "signed-in"\nshared_cache = true',
            b"public, max-age=9", [b"public, max-age=9"], [],
        ),
    ],
)  # fmt: skip
async def test_protected_answers_are_private(
    route: str, sent: bytes, cache: list[bytes], vary: list[bytes]
) -> None:
    answer = await answered(
        b"HTTP/1.1 200 OK\r\nCache-Control: %b\r\nContent-Length: 0\r\n\r\n" % sent,
        route=route,
    )
    assert answer.values(b"Cache-Control") == cache
    assert answer.values(b"Vary") == vary


async def test_events_arrive_as_they_are_sent() -> None:
    go_on = asyncio.Event()

    async def script(conversation: Conversation) -> None:
        await conversation.read_request()
        await conversation.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
            b"Transfer-Encoding: chunked\r\n\r\n"
        )
        for number in range(3):
            await go_on.wait()
            go_on.clear()
            await conversation.write(b"9\r\ndata: %d\n\n\r\n" % number)
        await conversation.write(b"0\r\n\r\n")

    async with (
        raw_upstream(script) as upstream,
        proxying(upstream.url, route='timeout = "1s"') as proxy,
        connected(proxy.port) as client,
    ):
        client.send(GET)
        await client.read_head()
        for number in range(3):
            go_on.set()
            assert (
                await client.read_until(b"\n\n\r\n")
                == b"9\r\ndata: %d\n\n\r\n" % number
            )
        assert await client.read(5) == b"0\r\n\r\n"


async def test_events_may_take_longer_than_the_timeout() -> None:
    async def script(conversation: Conversation) -> None:
        await conversation.read_request()
        await conversation.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\na")
        await conversation.stay_silent(0.15)
        await conversation.write(b"b")

    async with (
        raw_upstream(script) as upstream,
        proxying(upstream.url, timeout=0.05) as proxy,
    ):
        assert (await exchange(proxy.port, GET)).body == b"ab"


async def test_own_answers_carry_nothing_of_the_servers() -> None:
    async with raw_upstream() as upstream, proxying(upstream.url) as proxy:
        answer = await exchange(proxy.port, GET.replace(b" / ", b" /no "))
    assert answer.status == 401
    names = {name.lower() for name, _ in answer.fields}
    assert names == {b"x-own", b"content-type", b"content-length", b"date"}
    assert upstream.requests == []
