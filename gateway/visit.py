"""One request as its answering sees it, and the answers of our own."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from aiohttp import web
from multidict import CIMultiDict

from gateway.fields import Fields
from gateway.pages.page import Page
from gateway.pages.rendered import Rendered
from gateway.proxying.client import ClientRequest
from gateway.routing.received import Received


@dataclass(slots=True)
class Visit:
    """A received request, its id, and the time at which it came (unix seconds).

    It would be frozen but for the hot path.
    """

    request: ClientRequest
    received: Received
    request_id: str
    now: float


@dataclass(frozen=True, slots=True)
class PageAndCookies:
    """A page of ours, and the Set-Cookie values that go with it."""

    page: Page
    set_cookies: tuple[bytes, ...]


Answer = web.Response | Page | PageAndCookies


def as_response(answer: Answer, pages: Callable[[Page], web.Response]) -> web.Response:
    """Return *answer* as something that can be written; *pages* renders a page."""
    match answer:
        case web.Response():
            return answer
        case PageAndCookies(page, set_cookies):
            response = pages(page)
            for value in set_cookies:
                response.headers.add("Set-Cookie", value.decode("ascii"))
            return response
        case _:
            return pages(answer)


_HOST = web.RequestKey("gateway.host", str)


def host_of(request: web.BaseRequest) -> str:
    """Return the canonical host of *request*, as its visit remembered it."""
    return request[_HOST]


def remember_host(visit: Visit) -> None:
    """Have :func:`host_of` know the host of *visit*'s request."""
    visit.request[_HOST] = visit.received.host


def respond(rendered: Rendered, set_cookies: Iterable[bytes] = ()) -> web.Response:
    """Return *rendered* as an answer that also sets our *set_cookies*."""
    headers: CIMultiDict[str] = CIMultiDict(
        (name.decode("latin-1"), value.decode("latin-1"))
        for name, value in rendered.fields
    )
    for value in set_cookies:
        headers.add("Set-Cookie", value.decode("latin-1"))
    return web.Response(status=rendered.status, headers=headers, body=rendered.body)


def redirect(
    location: str,
    set_cookies: Iterable[bytes] = (),
    *,
    status: int = 302,
    more: Fields = (),
) -> web.Response:
    """Return a redirect to *location* that no cache keeps, with *more* fields."""
    fields = (
        *more,
        (b"Location", location.encode("ascii")),
        (b"Cache-Control", b"no-store"),
        (b"Referrer-Policy", b"same-origin"),
    )
    return respond(Rendered(status, fields, b""), set_cookies)
