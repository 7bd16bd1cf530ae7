"""A request goes through and its answer comes back."""

from tests.support.proxy_server import proxying
from tests.support.raw_client import exchange
from tests.support.raw_upstream import raw_upstream


async def test_get() -> None:
    async with raw_upstream() as upstream, proxying(upstream.url) as proxy:
        answer = await exchange(
            proxy.port, b"GET /a?b HTTP/1.1\r\nHost: app.example.com\r\nX-A: 1\r\n\r\n"
        )
    assert answer.status == 200
    assert answer.body == b"ok"


async def test_post() -> None:
    async with raw_upstream() as upstream, proxying(upstream.url) as proxy:
        answer = await exchange(
            proxy.port,
            b"POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc",
        )
    assert answer.status == 200
    assert upstream.request.body == b"abc"
