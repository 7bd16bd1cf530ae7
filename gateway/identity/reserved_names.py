"""Header names that only the gateway may use towards an upstream.

Applications compare names loosely: CGI and WSGI make ``_`` of ``-``, others ignore
dots or case. So a name is compared by its letters and digits alone, and every header
family that this or another gateway tells identities and addresses by is reserved,
whether it is in use or not: an application may still believe it.
"""

from collections.abc import Iterable

_PREFIXES = (
    "X-Forwarded-",
    "X-Auth-Request-",
    "X-authentik-",
    "X-Pomerium-",
    "X-Original-",
    "X-Goog-IAP-",
    "X-Goog-Authenticated-User-",
    "X-Gateway-",
    "Cf-Access-",
    "CF-Connecting-IP",
)
_NAMES = (
    "Proxy",  # HTTP_PROXY for a CGI program (CVE-2016-5385): where its requests go
    "Forwarded",
    "X-Real-IP",
    "X-Rewrite-URL",
    "Remote-User",
    "Remote-Name",
    "Remote-Email",
    "Remote-Groups",
    "X-Remote-User",
    "X-Auth-User",
    "X-Auth-Username",
    "X-Auth-Userid",
    "X-Auth-Email",
    "X-Auth-Name",
    "X-Auth-Groups",
    "X-Auth-Roles",
    "X-Auth-Subject",
    "X-Webauth-User",
    "X-Request-Id",
    "traceparent",
)

# The memory of names seen: 2,048 of at most 64 bytes.
_MOST_KNOWN = 2048
_LONGEST_KNOWN = 64

_REDUCE = bytes(range(256)).lower()
_DROPPED = bytes(
    set(range(256))
    - set(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")
)


def reduced(name: bytes) -> bytes:
    """Return *name* by its letters, in lower case, and digits alone."""
    return name.translate(_REDUCE, _DROPPED)


class ReservedNames:
    """The names that no client may send: ``name in reserved``, whatever its spelling.

    *configured* are the names of ``[identity] headers``. Raises ValueError for one
    without a letter or digit, which any odd name would equal.
    """

    def __init__(self, configured: Iterable[str]) -> None:
        self._names = frozenset(
            reduced(name.encode()) for name in (*_NAMES, *configured)
        )
        if b"" in self._names:
            raise ValueError("a header name needs a letter or a digit")
        self._prefixes = tuple(reduced(prefix.encode()) for prefix in _PREFIXES)
        self._known: dict[object, bool] = {}

    def __contains__(self, name: object) -> bool:
        known = self._known.get(name)
        if known is None:
            if not isinstance(name, bytes):
                return False
            bare = reduced(name)
            known = bare in self._names or bare.startswith(self._prefixes)
            if len(name) <= _LONGEST_KNOWN:
                if len(self._known) >= _MOST_KNOWN:
                    self._known.clear()
                self._known[name] = known
        return known
