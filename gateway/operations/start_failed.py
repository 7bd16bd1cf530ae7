"""Why a gateway cannot start: a sentence each, said before anything is served."""

import ssl
from collections.abc import Iterator

from aiohttp import http_parser

from config.settings import Settings


class StartFailed(Exception):  # noqa: N818 - says what is the case
    """The gateway cannot start; the message says why and what to do."""


def check_parser() -> None:
    """Raise StartFailed where aiohttp has no C parser.

    Clients' requests are read by a parser of ours, but what Logto answers and what
    comes to the admin listener is read by aiohttp's; its fallback in Python differs.
    """
    if http_parser.HttpRequestParser is http_parser.HttpRequestParserPy:
        raise StartFailed(
            "aiohttp is here without its C parser, which is not safe to use. "
            "Install aiohttp from a wheel, and unset AIOHTTP_NO_EXTENSIONS"
        )


def check_authorities(settings: Settings) -> None:
    """Raise StartFailed for a ``ca_file`` that cannot be used (blocking)."""
    for key, path in _ca_files(settings):
        try:
            ssl.create_default_context(cafile=path)
        except (OSError, ssl.SSLError) as error:
            raise StartFailed(
                f"cannot use {key} {path}: {why_unusable(error)}"
            ) from None


def why_unusable(error: OSError) -> str:
    """Return what is wrong with a PEM file, in words."""
    if isinstance(error, ssl.SSLError):
        return f"it holds no usable PEM ({error.reason or error})"
    return (error.strerror or str(error)).lower()


def _ca_files(settings: Settings) -> Iterator[tuple[str, str]]:
    if settings.logto.ca_file:
        yield "logto.ca_file", settings.logto.ca_file
    if settings.session.redis_ca_file:
        yield "session.redis_ca_file", settings.session.redis_ca_file
    for route in settings.routes:
        if route.ca_file:
            yield f"ca_file of the route {route.host}{route.path}", route.ca_file
