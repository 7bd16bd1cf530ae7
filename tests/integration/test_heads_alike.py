"""Requests with the same head, byte for byte: what depends on more than the head."""

from tests.support.raw_client import exchange
from tests.support.raw_upstream import answering, raw_upstream
from tests.support.whole_world import whole_world

REQUEST = (
    b"GET /a HTTP/1.1\r\nHost: 127.0.0.1\r\n"
    b"X-Forwarded-For: 192.0.2.7\r\nX-Forwarded-Host: other.example\r\n\r\n"
)
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
TRUSTING = 'trusted_proxies = ["127.0.0.2/32"]'
ROUTE = """
[[routes]]
path = "{path}"
upstream = "{upstream}"
access = "public"
"""


async def test_the_same_head_goes_its_own_way_at_each_gateway() -> None:
    async with raw_upstream(answering(ANSWER)) as upstream:
        here, elsewhere = (
            ROUTE.format(path=path, upstream=upstream.url) for path in ("/a", "/b")
        )
        async with whole_world(here) as one, whole_world(elsewhere) as other:
            ports = [one.gateway.port, other.gateway.port] * 4
            statuses = [(await exchange(port, REQUEST)).status for port in ports]
    assert statuses == [200, 404] * 4


async def test_the_same_head_means_something_else_from_a_trusted_proxy() -> None:
    async with raw_upstream(answering(ANSWER)) as upstream:
        route = ROUTE.format(path="/a", upstream=upstream.url)
        async with whole_world(route, server=TRUSTING) as world:
            sources = ["127.0.0.1", "127.0.0.2"] * 4
            statuses = [
                (await exchange(world.gateway.port, REQUEST, source)).status
                for source in sources
            ]
    assert statuses == [200, 421] * 4
