"""Header fields of our own pages: nothing runs, nothing frames, nothing is kept."""

import re
from functools import lru_cache
from typing import Final

from gateway.fields import Field

_ORIGIN: Final = re.compile(r"https?://[A-Za-z0-9.\-_\[\]:]+")
_ALWAYS: Final[tuple[Field, ...]] = (
    (b"Cache-Control", b"no-store"),
    (b"X-Content-Type-Options", b"nosniff"),
    (b"Referrer-Policy", b"same-origin"),
    (b"X-Robots-Tag", b"noindex"),
    # No Cross-Origin-Opener-Policy: it would part an application from the window
    # in which it lets people sign in.
    (b"Cross-Origin-Resource-Policy", b"same-origin"),
)


@lru_cache(maxsize=8)
def page_fields(logto_origin: str, *, in_frame: bool) -> tuple[Field, ...]:
    """Return the security fields of a page.

    *logto_origin* is where a form may be redirected to: Chromium applies
    ``form-action`` to every step.  *in_frame* lets pages of the same origin frame it,
    also those that ask for isolation.  Raises ValueError for anything but an origin.
    """
    if not _ORIGIN.fullmatch(logto_origin):
        raise ValueError(f"not an origin: {logto_origin!r}")
    ancestors = "'self'" if in_frame else "'none'"
    policy = (
        "default-src 'none'; style-src 'self'; img-src 'self';"
        f" form-action 'self' {logto_origin};"
        f" frame-ancestors {ancestors}; base-uri 'none';"
        " require-trusted-types-for 'script'; trusted-types 'none'"
    )
    framing: tuple[Field, ...] = ((b"X-Frame-Options", b"DENY"),)
    if in_frame:
        framing = (
            (b"X-Frame-Options", b"SAMEORIGIN"),
            (b"Cross-Origin-Embedder-Policy", b"require-corp"),
        )
    return (
        (b"Content-Security-Policy", policy.encode("ascii")),
        *framing,
        *_ALWAYS,
    )
