"""An answer of ours that carries a session fits into what proxies in front take.

nginx takes 4 KiB of an answer's head unless it is told otherwise (``proxy_buffer_size``
of ngx_http_proxy_module), and a session of one cookie may take 3.5 of them.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import partial

from aiohttp import web

ROOM = 4096  # bytes
_ADDED = 64  # Date, and the empty line
# No robot has a session, and the policy's frame-ancestors says the same as the other.
_SPARE_FIELDS = ("X-Robots-Tag", "X-Frame-Options")


def fit(response: web.Response, spare: Sequence[bytes]) -> None:
    """Take from *response* what it can do without, as long as its head is too long.

    That are the Set-Cookie values that begin with one of *spare*, in this order, then
    the query of where it leads, and at last the path.  Of a page it is what says a
    thing twice, or to nobody.
    """
    for take in _steps(response, spare):
        if _size(response) <= ROOM:
            return
        take()


def _steps(
    response: web.Response, spare: Sequence[bytes]
) -> Iterator[Callable[[], object]]:
    """Yield what takes one thing after the other from *response*."""
    headers = response.headers
    for stem in spare:
        yield partial(_drop_cookies, response, stem.decode("ascii"))
    where = headers.get("Location")
    if where is not None:
        for shorter in (where.partition("?")[0], "/"):
            yield partial(headers.__setitem__, "Location", shorter)
        return
    for field in ("Refresh", *_SPARE_FIELDS):  # a page has a link that leads there
        yield partial(headers.pop, field, None)


def _drop_cookies(response: web.Response, stem: str) -> None:
    for value in response.headers.popall("Set-Cookie", []):
        if not value.startswith(stem):
            response.headers.add("Set-Cookie", value)


def _size(response: web.Response) -> int:
    fields = sum(len(name) + len(value) + 4 for name, value in response.headers.items())
    status = len(f"HTTP/1.1 {response.status} {response.reason}\r\n")
    length = len(f"Content-Length: {response.content_length or 0}\r\n")
    return status + fields + length + _ADDED
