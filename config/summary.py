"""What `gateway check` says about a file without problems: addresses, routes, hints."""

from collections.abc import Iterable, Iterator
from dataclasses import fields, replace
from typing import assert_never

from config.allow import Allow, AnyOf, Anyone, Condition
from config.hints import hints
from config.routes import OWN_PREFIX, Route
from config.settings import Settings

_SHOWN = 3
"""More values of one key than these are counted, not listed."""


def summary(settings: Settings, more: Iterable[str] = ()) -> Iterator[str]:
    """Yield the lines of the summary, with *more* hints. They hold no secret."""
    yield f"The gateway answers at {settings.server.public_url}"
    yield ""
    yield from to_register(settings)
    yield ""
    if settings.assertion.enabled:
        yield f"Applications find the keys of {settings.assertion.header} at"
        yield f"    {settings.server.public_url}{OWN_PREFIX}/jwks.json"
        yield ""
    if any(route.upstream.is_elsewhere for route in settings.routes):
        peers = ", ".join(map(str, settings.server.peers))
        yield f"Other proxies ask {OWN_PREFIX}/auth (forward-auth): {peers}"
        yield ""
    yield "Routes, as they stand in the file:"
    for route in settings.routes:
        yield f"  {_route(route)}"
    found = [*hints(settings), *more]
    if found:
        yield ""
        yield "Good to know:"
        yield from (f"  - {hint}" for hint in found)


def to_register(settings: Settings) -> Iterator[str]:
    """Yield the lines that name the addresses which Logto must know."""
    yield "Register at Logto, in the application's settings:"
    for title, name in (
        ("Redirect URIs", "callback"),
        ("Post sign-out redirect URIs", "signed-out"),
    ):
        yield f"  {title}"
        for origin in sign_in_origins(settings):
            yield f"    {origin}{OWN_PREFIX}/{name}"
    yield "  Back-channel logout URI, for sign-outs elsewhere to count here"
    yield f"    {settings.server.public_url}{OWN_PREFIX}/backchannel-logout"


def sign_in_origins(settings: Settings) -> list[str]:
    """Return the origins where people can sign in: that of each host by name."""
    public = settings.server.public_url
    hosts = [public.host, *(route.host for route in settings.routes)]
    by_name = [host for host in hosts if host and not host.startswith("*.")]
    return [str(replace(public, host=host)) for host in dict.fromkeys(by_name)]


def _route(route: Route) -> str:
    who = "" if route.allow is None else f": {_allow(route.allow)}"
    by = f", by {' or '.join(route.credentials)}" if route.takes_bearers else ""
    return f"{route.label} -> {route.upstream}  {route.access}{by}{who}"


def _allow(allow: Allow) -> str:
    match allow:
        case Anyone():
            return "anyone"
        case AnyOf(conditions):
            return " or ".join(map(in_words, conditions)) or "nobody"
        case _:
            assert_never(allow)


def in_words(condition: Condition) -> str:
    """Return what *condition* asks for; of many values the first few."""
    given = [
        (field.name, getattr(condition, field.name)) for field in fields(condition)
    ]
    return " and ".join(_values(name, of) for name, of in given if of is not None)


def _values(name: str, values: frozenset[str]) -> str:
    listed = sorted(values)[:_SHOWN]
    if len(values) > _SHOWN:
        listed.append(f"and {len(values) - _SHOWN} more")
    return f"{name} {', '.join(listed) or '(none: nobody)'}"
