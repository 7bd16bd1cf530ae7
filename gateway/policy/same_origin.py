"""Did one of our own pages send this request?  Else a session must not be used for it.

``SameSite=Lax`` holds back neither sibling hosts nor WebSockets, so requests that may
change something, and upgrades, have to show where they come from: by
``Sec-Fetch-Site`` (W3C Fetch Metadata), by ``Origin`` (RFC 6454) in older browsers.
"""

from collections.abc import Sequence

from gateway.fields import Fields, values

CROSS_SITE = "the request is cross-site"

# Not TRACE, which is refused everywhere; a method in another case is another method.
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})  # RFC 9110, section 9.2.1


def is_same_origin(
    method: str,
    upgrade: bool,  # noqa: FBT001 -- a fact of the request, as is its method
    fields: Fields,
    own_origin: str,
    origins: Sequence[str],
) -> bool:
    """Return whether a request may use a session as far as its origin goes.

    A safe *method* without *upgrade* always may. Else ``Sec-Fetch-Site`` must be
    ``same-origin`` or ``none`` (typed by the person); where it is absent, ``Origin``
    must be *own_origin* (``https://app.example.com``, default port left out), or be
    absent too unless this is an upgrade. Whatever else comes is allowed only from one
    of *origins*, spelt exactly so; ``null`` is nobody's origin.
    """
    if not upgrade and method in SAFE:
        return True
    sites = values(fields, b"sec-fetch-site")
    sources = values(fields, b"origin")
    if sites:
        ours = sites in ([b"same-origin"], [b"none"])
    elif sources:
        ours = sources == [own_origin.encode()]
    else:
        ours = not upgrade
    return ours or _is_one_of(sources, origins)


def _is_one_of(sources: list[bytes], origins: Sequence[str]) -> bool:
    if len(sources) != 1 or sources == [b"null"]:
        return False
    return any(sources[0] == origin.encode() for origin in origins)
