"""The request that another proxy asks about, as it describes it to /.gateway/auth.

| proxy | method, host and target are in |
|---|---|
| Traefik ForwardAuth, Caddy forward_auth | X-Forwarded-Method, -Host and -Uri |
| nginx auth_request, ingress-nginx | X-Original-Method with X-Original-URL or -URI |
| Envoy ext_authz over HTTP | its own method, Host and path, after /.gateway/auth |

One of these it must be, whole and once: a client that adds another one is refused.
The fields of a description are believed from trusted proxies only; whoever asks here
has looked at that.
"""

import re
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from gateway.fields import Fields, values
from gateway.routing.host import canonical_host
from gateway.routing.own_address import PREFIX
from gateway.routing.received import (
    Malformed,
    MethodRefused,
    Publication,
    Received,
    Sender,
    receive,
)
from gateway.routing.target import BadTarget, parse_target

AUTH: Final = PREFIX.encode() + b"auth"
REFUSAL: Final = b"refusal"  # the query that asks for the whole refusal

_METHOD = b"x-forwarded-method"
_HOST = b"x-forwarded-host"
_URI = b"x-forwarded-uri"
_ORIGINAL_METHOD = b"x-original-method"
_ORIGINAL_URL = b"x-original-url"
_ORIGINAL_URI = b"x-original-uri"

_TOKEN = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,32}")  # RFC 9110, section 5.6.2
_HANDSHAKE = frozenset({b"sec-websocket-key", b"sec-websocket-version"})


class Passing(Enum):
    """What the proxy makes of an answer that is no 2xx."""

    WHOLE = auto()  # it passes it on
    STATUS = auto()  # 401 and 403 mean something, anything else is an error of ours


@dataclass(frozen=True, slots=True)
class Described:
    """What was *asked* about, or why nobody can tell; *upgrade*: it is a handshake."""

    asked: Received | Malformed | MethodRefused
    upgrade: bool
    passing: Passing


@dataclass(frozen=True, slots=True)
class _Words:
    """Method, host and target as some proxy names them."""

    method: bytes
    host: bytes
    target: bytes


def is_asked(path: bytes) -> bool:
    """Return whether the *path* of a request, spelt literally, is that of a question.

    Below it stands a path that Envoy asks about.
    """
    return path == AUTH or path.startswith(AUTH + b"/")


def described(asking: Received, publication: Publication, longest: int) -> Described:
    """Return what the request *asking* asks about.

    A described path over *longest* bytes is malformed.
    """
    fields = asking.fields
    originals = _any(fields, _ORIGINAL_METHOD, _ORIGINAL_URL, _ORIGINAL_URI)
    whole = not originals or asks_for_refusal(asking)
    return Described(
        _asked(asking, publication, longest, originals=originals),
        _is_upgrade(fields),
        Passing.WHOLE if whole else Passing.STATUS,
    )


def _asked(
    asking: Received, publication: Publication, longest: int, *, originals: bool
) -> Received | Malformed | MethodRefused:
    forwarded = _any(asking.fields, _METHOD, _URI)
    below = asking.target.path != AUTH
    if originals + forwarded + below != 1:
        return Malformed(
            "the request asked about is described in several ways"
            if originals + forwarded + below
            else "no field describes the request asked about"
        )
    if below:
        words = _by_path(asking)
    elif forwarded:
        words = _by_forwarded(asking)
    else:
        words = _by_original(asking)
    if isinstance(words, Malformed):
        return words
    return _read(words, asking, publication, longest)


def _by_path(asking: Received) -> _Words | Malformed:
    host = _host(asking)
    if isinstance(host, Malformed):
        return host
    method = asking.method.encode("ascii")
    return _Words(method, host, asking.target.raw.removeprefix(AUTH))


def _host(asking: Received) -> bytes | Malformed:
    """Return the Host of a question, where that describes the request asked about.

    Such a proxy may pass on an X-Forwarded-Host of the client's: it must not differ.
    """
    (host,) = values(asking.fields, b"host")
    if canonical_host(host) != asking.host:
        return Malformed("Host and X-Forwarded-Host name different hosts")
    return host


def _by_forwarded(asking: Received) -> _Words | Malformed:
    method = _only(asking.fields, _METHOD)
    host = _only(asking.fields, _HOST)
    target = _only(asking.fields, _URI)
    if method is None or host is None or target is None:
        return Malformed(
            "X-Forwarded-Method, -Host or -Uri is missing, empty or repeated"
        )
    return _Words(method, host, target)


def _by_original(asking: Received) -> _Words | Malformed:
    fields = asking.fields
    method = _only(fields, _ORIGINAL_METHOD)
    url, uri = _only(fields, _ORIGINAL_URL), _only(fields, _ORIGINAL_URI)
    if method is None or (url is None) == (uri is None):
        return Malformed(
            "expected X-Original-Method once, and one of X-Original-URL and -URI"
        )
    if uri is not None:
        host = _host(asking)
        return host if isinstance(host, Malformed) else _Words(method, host, uri)
    return _by_url(method, url or b"", values(fields, _HOST))


def _by_url(method: bytes, url: bytes, hosts: list[bytes]) -> _Words | Malformed:
    """Return the words of an absolute *url*, which must not contradict *hosts*."""
    target = parse_target(url)
    if isinstance(target, BadTarget):
        return Malformed(target.reason)
    host = target.authority
    # Made of a Host "a?b" and a path: nginx lets it be, and the path would be lost.
    if host is None or not url.partition(host)[2].startswith(b"/"):
        return Malformed("X-Original-URL is no http address with a path")
    if {canonical_host(one) for one in hosts} - {canonical_host(host)}:
        return Malformed("X-Original-URL and X-Forwarded-Host name different hosts")
    return _Words(method, host, target.raw)


def _read(
    words: _Words, asking: Received, publication: Publication, longest: int
) -> Received | Malformed | MethodRefused:
    if not _TOKEN.fullmatch(words.method):
        return Malformed("the method asked about is not a token")
    method = words.method.decode("ascii")
    if asking.method not in {"GET", method}:
        return Malformed("the question comes with another method than it asks about")
    if len(words.target.partition(b"?")[0]) > longest:
        return Malformed("the path asked about is too long")
    host = canonical_host(words.host)
    if host is None:
        return Malformed("the host asked about is malformed")
    sent_by = Sender(
        asking.fields,
        host,
        words.host,
        publication.origin(host),
        asking.client,
        asking.cookie,
    )
    return receive(method, words.target, sent_by)


def asks_for_refusal(asking: Received) -> bool:
    """Return whether *asking* wants the whole answer for one who was refused."""
    return asking.target.path == AUTH and asking.target.query == REFUSAL


def _is_upgrade(fields: Fields) -> bool:
    """Return whether the request asked about may become a WebSocket.

    Connection and Upgrade are hop-by-hop: a proxy may not pass them on when it asks.
    What a browser sends beside them for a handshake it must (RFC 6455, section 4.1;
    Fetch, section 4.6), and no page can keep it away.
    """
    protocols = {
        token.strip().lower()
        for value in values(fields, b"upgrade")
        for token in value.split(b",")
    }
    return (
        bool(protocols - {b"", b"h2c"})
        or b"websocket" in values(fields, b"sec-fetch-mode")
        or any(name.lower() in _HANDSHAKE for name, _ in fields)
    )


def _any(fields: Fields, *names: bytes) -> bool:
    return any(name.lower() in names for name, _ in fields)


def _only(fields: Fields, name: bytes) -> bytes | None:
    """Return the one value of *name* that is not empty, None in any other case."""
    found = values(fields, name)
    return found[0] or None if len(found) == 1 else None
