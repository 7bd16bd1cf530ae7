"""Why one route was chosen for a request, and every other was not."""

from collections.abc import Iterator, Sequence
from typing import assert_never

from config.routes import Route
from gateway.explaining.explanation import Considered
from gateway.routing.received import Received
from gateway.routing.table import (
    Ambiguous,
    Choice,
    Matched,
    MethodNotAllowed,
    NoRoute,
    RouteTable,
    UnknownHost,
)

_NO_HOST = "no-host.invalid"  # RFC 6761, section 6.4: nobody's


def considered(
    routes: Sequence[Route], public_host: str, received: Received, choice: Choice
) -> Iterator[Considered]:
    """Yield what became of each of *routes*, of which *choice* was made.

    Each is asked for by itself, by the same table that chooses among all of them.
    """
    for route in routes:
        chosen = isinstance(choice, Matched) and choice.route is route
        why = "chosen" if chosen else _why_not(route, public_host, received, choice)
        yield Considered(named(route), chosen, why)


def named(route: Route) -> str:
    """Return what to call *route*: its place in the file, host, path and methods."""
    return f"routes[{route.index}] {route.label}"


def _why_not(route: Route, public_host: str, received: Received, choice: Choice) -> str:
    # A route of another host must not find the public one, which every table serves.
    table = RouteTable((route,), _NO_HOST if route.host else public_host)
    alone = table.choose(received.host, received.target.path, received.method)
    match alone:
        case UnknownHost():
            return "is for another host"
        case NoRoute():
            return "is for other paths"
        case MethodNotAllowed(allow):
            return f"is for other methods: {', '.join(allow)}"
        case Matched() | Ambiguous():
            return _why_another(choice)
        case _:
            assert_never(alone)


def _why_another(choice: Choice) -> str:
    match choice:
        case Matched(route):
            return f"{named(route)} goes first: its host, path or methods fit closer"
        case MethodNotAllowed():
            return "another host or path fits closer, for other methods"
        case Ambiguous():
            return "the path has a reading that belongs to another route"
        case NoRoute() | UnknownHost():
            return "the host has routes of its own"
        case _:
            assert_never(choice)
