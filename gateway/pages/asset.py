"""Stylesheet and icon of our pages, each at an address that names its content."""

from dataclasses import dataclass
from hashlib import sha256
from importlib.resources import files
from typing import Final

from gateway.pages.addresses import ASSETS
from gateway.pages.rendered import Rendered

_TYPES: Final = {
    "style.css": b"text/css; charset=utf-8",
    "icon.svg": b"image/svg+xml; charset=utf-8",
}


@dataclass(frozen=True, slots=True)
class _Asset:
    hashed_name: str
    rendered: Rendered


def _load(name: str) -> _Asset:
    body = files("gateway.pages").joinpath("assets", name).read_bytes()
    stem, _, suffix = name.rpartition(".")
    fields = (
        (b"Content-Type", _TYPES[name]),
        (b"Cache-Control", b"public, max-age=31536000, immutable"),
        (b"Content-Security-Policy", b"default-src 'none'; style-src 'unsafe-inline'"),
        (b"X-Content-Type-Options", b"nosniff"),
        (b"Cross-Origin-Resource-Policy", b"same-origin"),
    )
    return _Asset(
        f"{stem}.{sha256(body).hexdigest()[:16]}.{suffix}", Rendered(200, fields, body)
    )


_ASSETS: Final = {name: _load(name) for name in _TYPES}
_BY_HASHED_NAME: Final = {
    found.hashed_name: found.rendered for found in _ASSETS.values()
}


def asset(name: str) -> Rendered | None:
    """Return the asset at *name*, what follows ``/.gateway/assets/``; else None.

    The answer may be kept for ever: other content has another name (RFC 8246).
    """
    return _BY_HASHED_NAME.get(name)


def asset_path(name: str) -> str:
    """Return the address of the asset *name*, such as ``style.css``."""
    return ASSETS + _ASSETS[name].hashed_name
