"""What passes by itself is asked for again by the button of the page that says so."""

import re

import pytest

from tests.support.raw_client import exchange
from tests.support.redis_server import redis_server
from tests.support.whole_world import whole_world

AWAY = '[[routes]]\nupstream = "unix:/nobody/listens/here"\naccess = "public"'
LINK = re.compile(r'<a class="action first" href="([^"]*)">([^<]*)</a>')


def ask(method: str, target: str, host: str = "127.0.0.1") -> bytes:
    head = (f"{method} {target} HTTP/1.1", f"Host: {host}", "Accept: text/html")
    return "\r\n".join((*head, "Content-Length: 0", "", "")).encode("ascii")


def first_way(body: bytes) -> tuple[str, str]:
    """Return where the first button of a page leads, and its words."""
    (found,) = LINK.findall(body.decode("utf-8"))
    return found[0], found[1]


AGAIN, HOME = "Try again", ("/", "Go to the start page")


@pytest.mark.parametrize(
    ("method", "target", "way"),
    [
        pytest.param("GET", "/notes?id=1", ("/notes?id=1", AGAIN), id="a page"),
        pytest.param("GET", "/", ("/", AGAIN), id="the start page"),
        pytest.param(
            "GET", "/a?b=1&c='", ("/a?b=1&amp;c=&#39;", AGAIN), id="34 escaped"
        ),
        pytest.param("POST", "/notes?id=1", HOME, id="a form"),
        pytest.param("DELETE", "/notes?id=1", HOME, id="another method"),
        pytest.param("GET", "//evil.test/x", HOME, id="20 another host's address"),
        pytest.param("GET", "/%5cevil.test", HOME, id="20 a hidden backslash"),
    ],
)
async def test_an_application_that_is_away_is_tried_again(
    method: str, target: str, way: tuple[str, str]
) -> None:
    async with whole_world(AWAY) as world:
        answer = await exchange(world.gateway.port, ask(method, target))
        assert answer.status == 502
        assert first_way(answer.body) == way


async def test_who_could_not_be_let_in_tries_again_what_they_wanted() -> None:
    async with redis_server() as redis, whole_world(session=redis.session) as world:
        await world.sign_in()
        await redis.kill()
        for target, way in (
            ("/notes?id=1", "/notes?id=1"),
            ("/.gateway/", "/.gateway/"),
            ("/.gateway/sign-in?rd=/notes%3Fid%3D1", "/notes?id=1"),
        ):
            page = await world.open(target)
            assert page.status == 503
            assert first_way(page.text.encode()) == (way, AGAIN)
