"""A small browser for tests: real HTTP, Chromium's cookie and Sec-Fetch rules.

    async with VirtualBrowser() as browser:
        page = await browser.sign_in("http://127.0.0.1:8080/notes?id=1")
        assert page.status == 200 and page.url.endswith("/notes?id=1")
        answer = await browser.fetch(f"{origin}/api", page=page)       # a script
        page = await browser.click(page, "Sign out")                    # link or button

Each call of `navigate` is a tab of its own; tabs share the cookies.  It runs no
scripts, but does what the scripts of the emulated Logto do: follow the link or send
the form that is marked ``data-continue``.  It follows ``Refresh`` at once.
"""

import json
import ssl
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import urlencode, urljoin, urlsplit, urlunsplit

import aiohttp
from yarl import URL

from tests.support.browser_cookies import Cookie, Cookies, is_trustworthy
from tests.support.html_page import Button, Form, Link, read

AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0.0.0"
DOCUMENT = "text/html,application/xhtml+xml,application/xml;q=0.9,image/webp,*/*;q=0.8"
MAX_REDIRECTS = 20
SAFE = ("GET", "HEAD")
REDIRECTS = (301, 302, 303, 307, 308)


class TooManyRedirectsError(Exception):
    """What Chromium shows as ERR_TOO_MANY_REDIRECTS."""


class FetchBlockedError(Exception):
    """A script may not read this answer: it is of another origin, without CORS."""


@dataclass(frozen=True, slots=True)
class Page:
    """An answer, and the ones before it that led here."""

    url: str
    status: int
    fields: tuple[tuple[str, str], ...]
    body: bytes
    history: tuple["Page", ...] = field(default=(), repr=False)
    """Every answer before this one: redirects and pages that went on by themselves."""

    @property
    def text(self) -> str:
        """The body as UTF-8."""
        return self.body.decode("utf-8", "replace")

    def header(self, name: str) -> str | None:
        """Return the first header called *name*, or None."""
        return next(iter(self.headers(name)), None)

    def headers(self, name: str) -> list[str]:
        """Return the values of every header called *name*."""
        return [value for key, value in self.fields if key.lower() == name.lower()]

    def json(self) -> Any:  # noqa: ANN401  a test knows what it asked for
        """Return the body read as JSON."""
        return json.loads(self.body)

    @property
    def location(self) -> str | None:
        """Where a redirect leads, made absolute; None where it is none."""
        where = self.header("location")
        if where is None or self.status not in REDIRECTS:
            return None
        return resolve(self.url, where)

    @property
    def forms(self) -> list[Form]:
        """The forms of the page."""
        return read(self.text)[0]

    @property
    def links(self) -> list[Link]:
        """The links of the page."""
        return read(self.text)[1]


@dataclass(frozen=True, slots=True)
class _Errand:
    """One request on its way, redirects and all."""

    url: str
    method: str = "GET"
    body: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    initiator: str | None = None
    """URL of the page that asks; None where the person typed the address."""
    mode: str = "navigate"
    destination: str = "document"
    activated: bool = True
    urls: tuple[str, ...] = ()

    @property
    def site(self) -> str:
        """``Sec-Fetch-Site``: the farthest of the addresses on the way."""
        if self.initiator is None:
            return "none"
        relations = [relation(self.initiator, url) for url in (*self.urls, self.url)]
        return max(relations, key=("same-origin", "same-site", "cross-site").index)

    def redirected(self, status: int, where: str) -> "_Errand":
        """Return the request that follows a redirect (Fetch, HTTP-redirect fetch)."""
        target = resolve(self.url, where)
        changes = status == 303 and self.method not in SAFE
        changes |= status in {301, 302} and self.method == "POST"
        return _Errand(
            url=target,
            method="GET" if changes else self.method,
            body=None if changes else self.body,
            headers={} if changes else self.headers,
            initiator=self.initiator,
            mode=self.mode,
            destination=self.destination,
            activated=self.activated,
            urls=(*self.urls, self.url),
        )


class VirtualBrowser:
    """A person's browser.

    *now* (unix seconds) expires cookies.  *published* says where origins really are:
    ``{"https://app.example.com": "http://127.0.0.1:41234"}`` speaks plain HTTP there
    and treats the answers as https, as behind a proxy that ends TLS.  *trust* says
    whose certificates it takes, where it speaks https itself.
    """

    def __init__(
        self,
        *,
        now: Callable[[], float] = time.time,  # noqa: TID251  tests may pass their own
        published: Mapping[str, str] | None = None,
        trust: ssl.SSLContext | None = None,
    ) -> None:
        self.now = now
        self.published = dict(published or {})
        self._trust: ssl.SSLContext | bool = True if trust is None else trust
        self.cookies = Cookies()
        self._http: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections."""
        if self._http is not None:
            await self._http.close()

    async def navigate(  # noqa: PLR0913  a browser has that many knobs
        self,
        url: str,
        *,
        came_from: Page | str | None = None,
        form: Sequence[tuple[str, str]] | None = None,
        headers: Mapping[str, str] | None = None,
        destination: str = "document",
        until: str | None = None,
    ) -> Page:
        """Open *url* in a tab and go on to the end of its redirects.

        *destination* "iframe" opens it in a frame.  *came_from* is the page with the
        link, None for a typed address.  *form* makes it a POST.  *until* stops before
        a URL that starts with it: the last page is then the redirect (its
        ``location``) that leads there.
        """
        body = None if form is None else urlencode(form).encode()
        extra = dict(headers or {})
        if body is not None:
            extra["Content-Type"] = "application/x-www-form-urlencoded"
        errand = _Errand(
            url=url,
            method="GET" if body is None else "POST",
            body=body,
            headers=extra,
            initiator=_url_of(came_from),
            destination=destination,
        )
        return await self._go(errand, until, ())

    async def click(self, page: Page, label: str, *, until: str | None = None) -> Page:
        """Click the link or button that reads *label* on *page*."""
        for link in page.links:
            if link.label == label:
                where = resolve(page.url, link.href)
                return await self.navigate(where, came_from=page, until=until)
        for form in page.forms:
            for button in form.buttons:
                if button.label == label:
                    return await self.submit(page, form, button, until=until)
        raise LookupError(f"nothing reads {label!r} on {page.url}: {page.text}")

    async def submit(
        self,
        page: Page,
        form: Form,
        button: Button | None = None,
        *,
        until: str | None = None,
    ) -> Page:
        """Send *form* of *page*, by *button* where one was pressed."""
        fields = list(form.fields)
        if button is not None and button.name:
            fields.append((button.name, button.value))
        where = resolve(page.url, form.action) if form.action else page.url
        if form.method == "POST":
            return await self.navigate(where, came_from=page, form=fields, until=until)
        query = urlsplit(where)._replace(query=urlencode(fields), fragment="")
        return await self.navigate(urlunsplit(query), came_from=page, until=until)

    async def sign_in(
        self, url: str, person: str = "ada", *, until: str | None = None
    ) -> Page:
        """Open *url* and sign in at the emulated X as *person*, where it asks."""
        page = await self.navigate(url, until=until)
        return await self.choose(page, person, until=until)

    async def choose(
        self, page: Page, person: str, *, until: str | None = None
    ) -> Page:
        """Go on from Logto's or X's *page* as *person*; any other page is returned."""
        if any(link.label == "Continue with X" for link in page.links):
            page = await self.click(page, "Continue with X", until=until)
        for form in page.forms:
            for button in form.buttons:
                if (button.name, button.value) == ("person", person):
                    return await self.submit(page, form, button, until=until)
        return page

    async def fetch(  # noqa: PLR0913  so has a script
        self,
        url: str,
        *,
        page: Page | str | None = None,
        method: str = "GET",
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        redirect: bool = True,
    ) -> Page:
        """Request *url* as a script of *page* does (None: of a page of that origin).

        Raises FetchBlockedError where the answer, or a redirect on the way, is of
        another origin and has no ``Access-Control-Allow-Origin``.
        """
        errand = _Errand(
            url=url,
            method=method,
            body=body,
            headers={"Accept": "*/*", **(headers or {})},
            initiator=_url_of(page) or url,
            mode="cors",
            destination="empty",
        )
        history: tuple[Page, ...] = ()
        while True:
            answer = await self._request(errand, history)
            if errand.site != "same-origin" and not answer.header(
                "access-control-allow-origin"
            ):
                raise FetchBlockedError(f"{errand.url} is not for scripts of {page}")
            where = answer.location
            if where is None or not redirect:
                return answer
            history = _longer(history, answer)
            errand = errand.redirected(answer.status, where)

    def cookie_header(self, url: str) -> str:
        """Return the ``Cookie`` header of a request to *url*, for other clients."""
        return "; ".join(f"{c.name}={c.value}" for c in self._cookies(url))

    def cookie_names(self, url: str) -> list[str]:
        """Return the names of the cookies that a request to *url* carries."""
        return [cookie.name for cookie in self._cookies(url)]

    def _cookies(self, url: str) -> list[Cookie]:
        return self.cookies.matching(url, self.now())

    async def _go(
        self, errand: _Errand, until: str | None, history: tuple[Page, ...]
    ) -> Page:
        """Follow redirects, and pages that go on by themselves, to the end."""
        while True:
            page = await self._request(errand, history)
            onward = _onward(page, errand)
            if onward is None or (until is not None and onward.url.startswith(until)):
                return page
            history = _longer(history, page)
            errand = onward

    async def _request(self, errand: _Errand, history: tuple[Page, ...]) -> Page:
        """Send one request and take its cookies in."""
        url = errand.url.partition("#")[0]
        address = URL(self._real(url), encoded=True)
        headers = self._headers(errand)
        async with self._client().request(
            errand.method,
            address,
            headers=headers,
            data=errand.body,
            allow_redirects=False,
        ) as response:
            body = await response.read()
            fields = tuple(
                (name.decode("latin-1"), value.decode("latin-1"))
                for name, value in response.raw_headers
            )
        page = Page(errand.url, response.status, fields, body, history)
        if errand.site != "cross-site" or _is_top(errand):
            self.cookies.store(url, page.headers("set-cookie"), self.now())
        return page

    def _headers(self, errand: _Errand) -> dict[str, str]:
        headers = {
            "Host": urlsplit(errand.url).netloc,
            "User-Agent": AGENT,
            "Accept": DOCUMENT,
            "Accept-Language": "en",
        }
        if is_trustworthy(errand.url):
            headers |= _fetch_metadata(errand)
        headers |= errand.headers
        if errand.method not in SAFE or (
            errand.mode == "cors" and errand.site != "same-origin"
        ):
            headers.setdefault("Origin", _origin_header(errand))
        cookies = self.cookies.matching(
            errand.url,
            self.now(),
            same_site=errand.site != "cross-site",
            lax=_is_top(errand) and errand.method in SAFE,
        )
        if cookies:
            headers["Cookie"] = "; ".join(f"{c.name}={c.value}" for c in cookies)
        return headers

    def _real(self, url: str) -> str:
        origin = origin_of(url)
        return self.published.get(origin, origin) + url[len(origin) :]

    def _client(self) -> aiohttp.ClientSession:
        if self._http is None:
            self._http = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(ssl=self._trust),
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(total=20),
                skip_auto_headers=["Content-Type"],
                max_field_size=65536,
                max_line_size=65536,
            )
        return self._http


def resolve(address: str, reference: str) -> str:
    """Return where *reference* leads from *address*, as a browser reads it.

    Tabs and line ends are dropped and ``\\`` is ``/`` (URL Standard section 4.4).
    """
    for dropped in "\t\n\r":
        reference = reference.replace(dropped, "")
    path, mark, query = reference.strip().partition("?")
    return urljoin(address, path.replace("\\", "/") + mark + query)


def origin_of(url: str) -> str:
    """Return scheme, host and port of *url*."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def relation(one: str, other: str) -> str:
    """Return how two URLs stand to each other, in the words of ``Sec-Fetch-Site``."""
    if origin_of(one) == origin_of(other):
        return "same-origin"
    sites = [
        (urlsplit(u).scheme, _site(urlsplit(u).hostname or "")) for u in (one, other)
    ]
    return "same-site" if sites[0] == sites[1] else "cross-site"


def _site(host: str) -> str:
    """The last two labels of a name stand for its site; an address is its own."""
    labels = host.split(".")
    return host if labels[-1].isdecimal() else ".".join(labels[-2:])


def _fetch_metadata(errand: _Errand) -> dict[str, str]:
    headers = {
        "Sec-Fetch-Site": errand.site,
        "Sec-Fetch-Mode": errand.mode,
        "Sec-Fetch-Dest": errand.destination,
    }
    if errand.mode == "navigate":
        headers["Upgrade-Insecure-Requests"] = "1"
        if errand.activated and errand.destination == "document":
            headers["Sec-Fetch-User"] = "?1"
    return headers


def _origin_header(errand: _Errand) -> str:
    """The initiator's origin; ``null`` once a redirect has crossed origins."""
    own = origin_of(errand.initiator or errand.url)
    crossed = any(origin_of(url) != own for url in errand.urls)
    return "null" if crossed else own


def _is_top(errand: _Errand) -> bool:
    return errand.mode == "navigate" and errand.destination == "document"


def _onward(page: Page, errand: _Errand) -> _Errand | None:
    """Return the request that follows *page* by itself, or None."""
    if page.location is not None:
        return errand.redirected(page.status, page.location)
    if where := _refresh(page):
        return _Errand(url=where, initiator=page.url, activated=False)
    return _continued(page) if "data-continue" in page.text else None


def _continued(page: Page) -> _Errand | None:
    """Return the request that the script of the emulated Logto's *page* makes."""
    for link in page.links:
        if link.continues:
            return _Errand(
                url=resolve(page.url, link.href), initiator=page.url, activated=False
            )
    for form in page.forms:
        if form.continues:
            return _Errand(
                url=resolve(page.url, form.action),
                method=form.method,
                body=urlencode(form.fields).encode(),
                headers={"Content-Type": "application/x-www-form-urlencoded"},
                initiator=page.url,
                activated=False,
            )
    return None


def _refresh(page: Page) -> str | None:
    """Return where a ``Refresh`` of 0 seconds leads (HTML Standard, 7.4.6.4)."""
    seconds, _, rest = (page.header("refresh") or "").partition(";")
    where = rest.strip()
    if seconds.strip() != "0" or not where.lower().startswith("url="):
        return None
    return resolve(page.url, where[len("url=") :])


def _longer(history: tuple[Page, ...], page: Page) -> tuple[Page, ...]:
    if len(history) >= MAX_REDIRECTS:
        raise TooManyRedirectsError(" -> ".join(step.url for step in history))
    return (*history, page)


def _url_of(page: Page | str | None) -> str | None:
    return page.url if isinstance(page, Page) else page
