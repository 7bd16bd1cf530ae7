"""Routes that share an upstream, and what is remembered of its answers."""

import pytest

from tests.support.raw_client import exchange
from tests.support.raw_upstream import answering, raw_upstream
from tests.support.whole_world import whole_world

DATE = "Date: Sun, 22 Nov 2026 17:00:00 GMT\r\n"
ROUTES = """
[[routes]]
upstream = "{0}"
access = "public"
[[routes]]
path = "/a"
upstream = "{0}"
strip_prefix = true
access = "public"
[[routes]]
path = "/b"
upstream = "{0}"
strip_prefix = true
access = "public"
[[routes]]
path = "/cached"
upstream = "{0}"
strip_prefix = true
access = "optional"
"""


def answer(*fields: str) -> bytes:
    more = "".join(f"{field}\r\n" for field in fields)
    return f"HTTP/1.1 200 OK\r\n{DATE}{more}Content-Length: 0\r\n\r\n".encode()


async def heads(response: bytes, *paths: str) -> list[bytes]:
    """Return what the client gets at *paths*, one after the other."""
    async with raw_upstream(answering(response)) as upstream:
        routes = ROUTES.replace("{0}", upstream.url)
        async with whole_world(routes) as world:
            host = world.gateway.url.removeprefix("http://")
            return [
                (
                    await exchange(
                        world.gateway.port,
                        f"GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode(),
                    )
                ).head
                for path in paths
            ]


@pytest.mark.parametrize(
    ("field", "told"),
    [
        ("Location: /x", b"Location: %b/x"),
        ("Content-Location: /x", b"Content-Location: %b/x"),
        ("Refresh: 5; url=/x", b"Refresh: 5; url=%b/x"),
        ("Set-Cookie: c=1; Path=/x", b"Set-Cookie: c=1; Path=%b/x"),
    ],
)
async def test_the_same_answer_gets_the_prefix_of_the_route_that_asked(
    field: str, told: bytes
) -> None:
    paths = ["/", "/a", "/b", "/", "/b", "/a"]
    for path, head in zip(paths, await heads(answer(field), *paths), strict=True):
        assert b"\r\n%b\r\n" % (told % path.rstrip("/").encode()) in head


async def test_an_answer_without_addresses_is_the_same_for_all() -> None:
    first, *others = await heads(answer(), "/a", "/b", "/", "/a")
    assert others == [first] * 3


async def test_routes_that_differ_in_more_share_nothing() -> None:
    told = await heads(answer(), "/a", "/cached", "/a", "/cached")
    assert [b"private" in head for head in told] == [False, True, False, True]
