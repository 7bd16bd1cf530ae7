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

from gateway.fields import Fields
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
_ORIGINALS = frozenset({_ORIGINAL_METHOD, _ORIGINAL_URL, _ORIGINAL_URI})
_FORWARDED = frozenset({_METHOD, _URI})
_READ = (
    _ORIGINALS
    | _FORWARDED
    | _HANDSHAKE
    | {_HOST, b"host", b"upgrade", b"sec-fetch-mode"}
)

_Said = dict[bytes, list[bytes]]  # the values of each field that is read here


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
    said = _said(asking.fields)
    whole = _ORIGINALS.isdisjoint(said) or asks_for_refusal(asking)
    words = _words(asking, said)
    asked = (
        words
        if isinstance(words, Malformed)
        else _read(words, asking, publication, longest)
    )
    return Described(
        asked,
        _is_upgrade(said),
        Passing.WHOLE if whole else Passing.STATUS,
    )


def _said(fields: Fields) -> _Said:
    said: _Said = {}
    for name, value in fields:
        lower = name.lower()
        if lower in _READ:
            said.setdefault(lower, []).append(value)
    return said


def _words(asking: Received, said: _Said) -> _Words | Malformed:
    """Return the words of the one description that *asking* holds."""
    ways = (
        asking.target.path != AUTH,
        not _FORWARDED.isdisjoint(said),
        not _ORIGINALS.isdisjoint(said),
    )
    match ways:
        case (True, False, False):
            return _by_path(asking, said)
        case (False, True, False):
            return _by_forwarded(said)
        case (False, False, True):
            return _by_original(asking, said)
        case (False, False, False):
            return Malformed("no field describes the request asked about")
        case _:
            return Malformed("the request asked about is described in several ways")


def _by_path(asking: Received, said: _Said) -> _Words | Malformed:
    host = _host(asking, said)
    if isinstance(host, Malformed):
        return host
    method = asking.method.encode("ascii")
    return _Words(method, host, asking.target.raw.removeprefix(AUTH))


def _host(asking: Received, said: _Said) -> bytes | Malformed:
    """Return the Host of a question, where that describes the request asked about.

    Such a proxy may pass on an X-Forwarded-Host of the client's: it must not differ.
    """
    (host,) = said[b"host"]
    if canonical_host(host) != asking.host:
        return Malformed("Host and X-Forwarded-Host name different hosts")
    return host


def _by_forwarded(said: _Said) -> _Words | Malformed:
    method, host, target = _only(said, _METHOD), _only(said, _HOST), _only(said, _URI)
    if method is None or host is None or target is None:
        return Malformed(
            "X-Forwarded-Method, -Host or -Uri is missing, empty or repeated"
        )
    return _Words(method, host, target)


def _by_original(asking: Received, said: _Said) -> _Words | Malformed:
    method = _only(said, _ORIGINAL_METHOD)
    url, uri = _only(said, _ORIGINAL_URL), _only(said, _ORIGINAL_URI)
    both = _ORIGINAL_URL in said and _ORIGINAL_URI in said
    if method is None or both or (url is None) == (uri is None):
        return Malformed(
            "expected X-Original-Method once, and one of X-Original-URL and -URI"
        )
    if uri is not None:
        host = _host(asking, said)
        return host if isinstance(host, Malformed) else _Words(method, host, uri)
    return _by_url(method, url or b"", said.get(_HOST, []))


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


def _is_upgrade(said: _Said) -> bool:
    """Return whether the request asked about may become a WebSocket.

    Connection and Upgrade are hop-by-hop: a proxy may not pass them on when it asks.
    What a browser sends beside them for a handshake it must (RFC 6455, section 4.1;
    Fetch, section 4.6), and no page can keep it away.
    """
    protocols = {
        token.strip().lower()
        for value in said.get(b"upgrade", ())
        for token in value.split(b",")
    }
    return (
        bool(protocols - {b"", b"h2c"})
        or b"websocket" in said.get(b"sec-fetch-mode", ())
        or not _HANDSHAKE.isdisjoint(said)
    )


def _only(said: _Said, name: bytes) -> bytes | None:
    """Return the one value of *name* that is not empty, None in any other case."""
    found = said.get(name, ())
    return found[0] or None if len(found) == 1 else None
