"""Which route is a request for?  By host, then the longest path, then the method."""

from collections.abc import Sequence
from dataclasses import dataclass

from config.routes import Route
from gateway.routing.host import canonical_host
from gateway.routing.paths import Paths

# They echo credentials or open tunnels (RFC 9110, sections 9.3.6 and 9.3.8).
NEVER = frozenset({"TRACE", "TRACK", "CONNECT"})
_LONGEST_REMEMBERED = 256  # bytes of a path
_MOST_REMEMBERED = 2048
_NONE: frozenset[str] = frozenset()
AMBIGUOUS = "the request can be read as being for another route"


@dataclass(frozen=True, slots=True)
class Matched:
    """The request is for *route*."""

    route: Route


@dataclass(frozen=True, slots=True)
class NoRoute:
    """The host is ours, the path is nobody's: 404."""


@dataclass(frozen=True, slots=True)
class MethodNotAllowed:
    """The path is published, not for this method: 405; *allow* lists the others."""

    allow: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class UnknownHost:
    """The host is not one that the gateway answers for: 421."""


@dataclass(frozen=True, slots=True)
class Ambiguous:
    """Applications may take it for another route, with other rules: 400."""


Choice = Matched | NoRoute | MethodNotAllowed | UnknownHost | Ambiguous


class RouteTable:
    """All *routes*, and the hosts that the gateway answers for.

    *public_host* is the host of the public address; routes that name no host are for
    it alone. Raises ValueError for a host that is none, and for two routes with the
    same host, path and method.
    """

    def __init__(self, routes: Sequence[Route], public_host: str) -> None:
        self._public = _canonical(public_host)
        self.names_methods = any(route.methods for route in routes)
        self._known: dict[tuple[str, bytes, str], Matched] = {}
        grouped: dict[str, list[Route]] = {}
        for route in routes:
            grouped.setdefault(_pattern(route.host), []).append(route)
        self.hosts: tuple[str, ...] = tuple(
            dict.fromkeys((self._public, *filter(None, grouped)))
        )
        paths = {pattern: Paths(group) for pattern, group in grouped.items()}
        self._for_any = paths.pop("", None)
        self._below = {
            pattern.removeprefix("*."): paths.pop(pattern)
            for pattern in list(paths)
            if pattern.startswith("*.")
        }
        self._exact = paths

    def serves(self, host: str) -> bool:
        """Return whether the gateway answers for the canonical *host*."""
        return host == self._public or self._published(host) is not None

    def choose(
        self, host: str, path: bytes, method: str, overriding: frozenset[str] = _NONE
    ) -> Choice:
        """Return the route for *method* on *path*, as received, of canonical *host*.

        An application may take the request for one with the *overriding* methods.
        As :meth:`_choose` finds it, and remembered: requests come back to few paths.
        """
        if overriding:
            return self._choose(host, path, method, overriding)
        key = host, path, method
        known = self._known.get(key)
        if known is not None:
            return known
        choice = self._choose(host, path, method, _NONE)
        if len(path) <= _LONGEST_REMEMBERED and isinstance(choice, Matched):
            if len(self._known) >= _MOST_REMEMBERED:
                self._known.clear()
            self._known[key] = choice
        return choice

    def _choose(
        self, host: str, path: bytes, method: str, overriding: frozenset[str]
    ) -> Choice:
        """Return the route for *method* on *path*, as received, of canonical *host*.

        A host that matches is final, and so is a path: another host's or a shorter
        path's routes are not asked. The path's readings are looked at only where the
        host's routes differ in who may use them.
        """
        published = self._published(host)
        if published is None:
            if host != self._public:
                return UnknownHost()
            if self._for_any is None:
                return NoRoute()
            published = self._for_any
        entry = published.find(path)
        if entry is None:
            return NoRoute()
        route = None if method.upper() in NEVER else entry.find(method)
        if route is None:
            return MethodNotAllowed(entry.allow)
        if published.is_ambiguous(path, method, route, overriding):
            return Ambiguous()
        return Matched(route)

    def _published(self, host: str) -> Paths | None:
        """Return what is published for *host*: by its name, else the longest ``*.``."""
        published = self._exact.get(host)
        if published is None and self._below:
            dot = host.find(".")
            while dot >= 0 and published is None:
                published = self._below.get(host[dot + 1 :])
                dot = host.find(".", dot + 1)
        return published


def _pattern(host: str) -> str:
    """Return a route's *host* in the spelling that requests are compared in."""
    if not host:
        return ""
    if host.startswith("*."):
        return "*." + _canonical(host.removeprefix("*."))
    return _canonical(host)


def _canonical(host: str) -> str:
    canonical = canonical_host(host.encode())
    if canonical is None:
        raise ValueError(f"not a host: {host!r}")
    return canonical
