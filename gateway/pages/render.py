"""Turn a page into an answer: HTML for people, JSON for programs."""

from dataclasses import dataclass, replace
from functools import lru_cache
from importlib.resources import files
from json import dumps
from typing import Final
from urllib.parse import urlsplit

from jinja2 import Environment, FunctionLoader, StrictUndefined

from gateway.fields import Field
from gateway.pages.asset import asset_path
from gateway.pages.notice import Link, Notice, Site
from gateway.pages.page import Page
from gateway.pages.page_fields import page_fields
from gateway.pages.plain_text import plain
from gateway.pages.rendered import Rendered

LONGEST_REQUEST_ID: Final = 128
_HTML: Final[Field] = (b"Content-Type", b"text/html; charset=utf-8")
_JSON: Final[Field] = (b"Content-Type", b"application/json; charset=utf-8")


def _source(name: str) -> str:
    return files("gateway.pages").joinpath("templates", name).read_text("utf-8")


_TEMPLATE: Final = Environment(
    autoescape=True,
    auto_reload=False,
    loader=FunctionLoader(_source),
    lstrip_blocks=True,
    trim_blocks=True,
    undefined=StrictUndefined,
).get_template("page.html", globals={"asset_path": asset_path})


def render(  # noqa: PLR0913 - the surroundings of a page, each by its name
    page: Page,
    *,
    request_id: str,
    json: bool,
    logto_origin: str,
    home: str,
    sign_in: str = "social:x",
    asked: str = "",
) -> Rendered:
    """Return *page* as an answer, in JSON or in HTML.

    *home* is the public origin of the host that was asked; *logto_origin* that of
    Logto; *sign_in* the setting ``logto.sign_in``; *asked* the local page that was
    asked for, where a link can ask for it again.  There is no Content-Length: framing
    is the server's.  Raises ValueError when *logto_origin* is no origin.
    """
    site = _site(home, sign_in)
    notice = page.notice(replace(site, asked=asked) if asked else site)
    shown_id = plain(request_id, LONGEST_REQUEST_ID)
    fields = (
        *notice.fields,
        *page_fields(logto_origin, in_frame=notice.in_frame),
    )
    if json:
        status = notice.status_for_programs or notice.status
        return Rendered(status, (_JSON, *fields), _json(notice, shown_id))
    body = _TEMPLATE.render(
        notice=notice,
        is_link=_is_link,
        place=site.place,
        request_id=shown_id,
    )
    return Rendered(notice.status, (_HTML, *fields), body.encode("utf-8", "replace"))


@dataclass(frozen=True, slots=True)
class Renderer:
    """`render` with what is the same for every request.

    *home* is the public URL: of use where a request's own host is not known.
    """

    logto_origin: str
    home: str
    sign_in: str

    def render(
        self,
        page: Page,
        *,
        request_id: str,
        json: bool,
        home: str = "",
        asked: str = "",
    ) -> Rendered:
        """Return *page* as an answer for the host whose public origin is *home*."""
        return render(
            page,
            request_id=request_id,
            json=json,
            logto_origin=self.logto_origin,
            home=home or self.home,
            sign_in=self.sign_in,
            asked=asked,
        )


def sign_in_words(sign_in: str) -> str:
    """Return what a person reads on the way in, for the setting ``logto.sign_in``."""
    return "Sign in with X" if sign_in == "social:x" else "Sign in"


def _json(notice: Notice, request_id: str) -> bytes:
    values = {"error": notice.error} if notice.error else {}
    if notice.sign_in_url:
        values["sign_in"] = notice.sign_in_url
    else:
        values["message"] = notice.message
    values["request_id"] = request_id
    return dumps(values).encode("ascii")


def _is_link(action: object) -> bool:
    return isinstance(action, Link)


@lru_cache(maxsize=64)
def _site(home: str, sign_in: str) -> Site:
    origin = urlsplit(home)
    return Site(
        home=f"{origin.scheme}://{origin.netloc}",
        place=plain(origin.netloc),
        sign_in=sign_in_words(sign_in),
    )
