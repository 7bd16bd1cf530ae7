"""What an answer with a new session can do without, and in which order."""

import pytest
from aiohttp import web

from gateway.fitting_head import ROOM, fit

SPARE = (b"g-attempt-", b"g-arrival")


def answer(session: int, location: str = "/") -> web.Response:
    response = web.Response(status=303, headers={"Location": location})
    for value in ("g-attempt-1=" + "a" * 200, "g-arrival=" + "b" * 100):
        response.headers.add("Set-Cookie", value)
    response.headers.add("Set-Cookie", "g=" + "s" * session)
    return response


@pytest.mark.parametrize(
    ("session", "location", "kept", "leads"),
    [
        pytest.param(3000, "/a?b", ["g-attempt-1", "g-arrival", "g"], "/a?b", id="all"),
        pytest.param(3700, "/a?b", ["g-arrival", "g"], "/a?b", id="no attempt"),
        pytest.param(3850, "/a?b", ["g"], "/a?b", id="no count either"),
        pytest.param(3580, "/a?" + "b" * 500, ["g"], "/a", id="no query"),
        pytest.param(3580, "/" + "a" * 500, ["g"], "/", id="no path"),
    ],
)
def test_what_goes(session: int, location: str, kept: list[str], leads: str) -> None:
    response = answer(session, location)
    fit(response, SPARE)
    cookies = response.headers.getall("Set-Cookie")
    assert [value.partition("=")[0] for value in cookies] == kept
    assert response.headers["Location"] == leads
    fields = sum(len(n) + len(v) + 4 for n, v in response.headers.items())
    assert fields < ROOM


def test_a_page_loses_what_it_says_twice_and_keeps_its_policy() -> None:
    response = web.Response(headers={"Content-Security-Policy": "p" * 300})
    response.headers["X-Robots-Tag"] = "noindex"
    response.headers["X-Frame-Options"] = "DENY"
    response.headers.add("Set-Cookie", "g=" + "s" * 3660)
    fit(response, ())
    assert list(response.headers) == ["Content-Security-Policy", "Set-Cookie"]


def test_a_page_that_goes_on_by_itself_waits_for_a_click() -> None:
    response = web.Response(headers={"Refresh": "0; url=/" + "a" * 600})
    response.headers.add("Set-Cookie", "g=" + "s" * 3500)
    fit(response, SPARE)
    assert list(response.headers) == ["Set-Cookie"]
