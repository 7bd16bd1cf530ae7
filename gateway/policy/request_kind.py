"""What kind of request is this?  It decides how someone is asked to sign in.

Fetch Metadata (W3C) where the browser sends it, ``Accept`` elsewhere.
"""

from enum import Enum, auto

from gateway.fields import Fields, values


class RequestKind(Enum):
    """Who waits for the answer."""

    NAVIGATION = auto()  # a person, in a window: can be redirected
    FRAME = auto()  # a person, in a part of a page: sign-in refuses to be framed
    BACKGROUND = auto()  # the browser by itself: prefetch, service worker, manifest
    PROGRAM = auto()  # a script or another program: gets 401 and JSON


_FRAMES = frozenset({b"iframe", b"frame", b"embed", b"object", b"fencedframe"})
_BACKGROUND = frozenset({b"serviceworker", b"manifest"})
_PURPOSES = (b"sec-purpose", b"purpose", b"x-purpose", b"x-moz")


def request_kind(method: str, fields: Fields) -> RequestKind:
    """Return the kind of a request by its *method* and *fields*.

    A field that comes twice, or with an unknown value, makes no navigation.
    """
    modes = values(fields, b"sec-fetch-mode")
    destinations = values(fields, b"sec-fetch-dest")
    if _is_background(fields, destinations):
        return RequestKind.BACKGROUND
    if not _FRAMES.isdisjoint(destinations):
        return RequestKind.FRAME
    if modes or destinations:
        navigates = modes == [b"navigate"] and destinations == [b"document"]
    else:
        navigates = method in {"GET", "HEAD"} and _wants_a_page(fields)
    return RequestKind.NAVIGATION if navigates else RequestKind.PROGRAM


def is_speculative(fields: Fields) -> bool:
    """Return whether the browser fetches ahead: nobody asked for this yet."""
    return any(
        b"prefetch" in purpose or b"prerender" in purpose or b"preview" in purpose
        for name in _PURPOSES
        for purpose in map(bytes.lower, values(fields, name))
    )


def _is_background(fields: Fields, destinations: list[bytes]) -> bool:
    return (
        is_speculative(fields)
        or not _BACKGROUND.isdisjoint(destinations)
        or b"script" in values(fields, b"service-worker")
    )


def _wants_a_page(fields: Fields) -> bool:
    if values(fields, b"x-requested-with"):
        return False
    return any(
        media_range.partition(b";")[0].strip().lower() == b"text/html"
        for value in values(fields, b"accept")
        for media_range in value.split(b",")
    )
