"""The cookies of a virtual browser, kept as Chromium keeps them (RFC 6265bis)."""

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

MAX_PAIR = 4096
"""Bytes of name and value together; Chromium ignores a longer cookie."""
PREFIXES = ("__host-", "__secure-")


@dataclass(frozen=True, slots=True)
class Cookie:
    """One cookie; ``expires_at`` None lives as long as the browser."""

    name: str
    value: str
    host: str
    host_only: bool
    path: str
    secure: bool
    http_only: bool
    same_site: str
    expires_at: float | None

    def is_for(self, host: str, path: str, *, secure: bool) -> bool:
        """Whether a request to *host* and *path* carries this cookie."""
        if self.secure and not secure:
            return False
        if host != self.host and (self.host_only or not _within(host, self.host)):
            return False
        if path == self.path:
            return True
        return path.startswith(
            self.path if self.path.endswith("/") else self.path + "/"
        )


class Cookies:
    """A cookie jar: by host and path, never by port."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str, str], Cookie] = {}
        self.refused: list[str] = []
        """``Set-Cookie`` values that a browser ignores, for tests to look at."""

    def all(self, now: float) -> list[Cookie]:
        """Return the cookies that have not expired."""
        return [c for c in self._kept.values() if not _expired(c, now)]

    def store(self, url: str, values: Iterable[str], now: float) -> None:
        """Take in the ``Set-Cookie`` *values* of an answer from *url*."""
        for value in values:
            cookie = parse(url, value, now)
            if cookie is None:
                self.refused.append(value)
                continue
            key = (cookie.name, cookie.host, cookie.path)
            if _expired(cookie, now):
                self._kept.pop(key, None)
            else:
                self._kept[key] = cookie

    def matching(
        self, url: str, now: float, *, same_site: bool = True, lax: bool = True
    ) -> list[Cookie]:
        """Return what a request to *url* carries, longer paths first.

        *same_site*: its initiator is of the same site; *lax*: it is a top-level
        navigation with a safe method.
        """
        parts = urlsplit(url)
        found = [
            cookie
            for cookie in self.all(now)
            if cookie.is_for(
                parts.hostname or "", parts.path or "/", secure=is_trustworthy(url)
            )
            and (
                same_site
                or cookie.same_site == "none"
                or (lax and cookie.same_site == "lax")
            )
        ]
        return sorted(found, key=lambda cookie: -len(cookie.path))

    def clear(self) -> None:
        """Forget every cookie, as closing a private window does."""
        self._kept.clear()


def parse(url: str, value: str, now: float) -> Cookie | None:
    """Return the cookie of a ``Set-Cookie`` *value*, or None where it is ignored."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    pair, *rest = value.split(";")
    name, _, content = (part.strip() for part in pair.partition("="))
    attributes = {
        key.strip().lower(): item.strip()
        for key, _, item in (part.partition("=") for part in rest)
    }
    domain = attributes.get("domain", "").lstrip(".").lower()
    path = attributes.get("path", "")
    same_site = attributes.get("samesite", "lax").lower()
    cookie = Cookie(
        name=name,
        value=content,
        host=domain or host,
        host_only=not domain,
        path=path if path.startswith("/") else _default_path(parts.path),
        secure="secure" in attributes,
        http_only="httponly" in attributes,
        same_site=same_site if same_site in {"strict", "none"} else "lax",
        expires_at=_expires_at(attributes, now),
    )
    return None if _is_ignored(cookie, url) else cookie


def is_trustworthy(url: str) -> bool:
    """Whether Chromium sends Secure cookies and fetch metadata: https, loopback."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    local = host in {"localhost", "127.0.0.1", "::1"} or host.endswith(".localhost")
    return parts.scheme == "https" or local


def _is_ignored(cookie: Cookie, url: str) -> bool:
    """Whether a browser drops *cookie* without a word, coming from *url*."""
    host, https = urlsplit(url).hostname or "", url.startswith("https:")
    bound = cookie.host_only and cookie.path == "/"
    name = cookie.name.lower()
    text = cookie.name + cookie.value
    return (
        not cookie.name
        or len(text.encode()) > MAX_PAIR
        or any(ord(c) < 0x20 or ord(c) == 0x7F for c in text)
        or (cookie.secure and not is_trustworthy(url))
        or (cookie.same_site == "none" and not cookie.secure)
        or (name.startswith(PREFIXES) and not (cookie.secure and https))
        or (name.startswith("__host-") and not bound)
        or (not cookie.host_only and not _within(host, cookie.host))
    )


def _within(host: str, domain: str) -> bool:
    """Whether *host* is *domain* or a name below it; addresses have none below."""
    if host == domain:
        return True
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return host.endswith("." + domain)
    return False


def _default_path(path: str) -> str:
    return path[: path.rfind("/")] or "/" if path.startswith("/") else "/"


def _expires_at(attributes: dict[str, str], now: float) -> float | None:
    max_age = attributes.get("max-age", "")
    if max_age.removeprefix("-").isdecimal():
        return now + int(max_age) if int(max_age) > 0 else 0.0
    try:
        return parsedate_to_datetime(attributes["expires"]).timestamp()
    except (KeyError, ValueError):
        return None


def _expired(cookie: Cookie, now: float) -> bool:
    return cookie.expires_at is not None and cookie.expires_at <= now
