"""The routes of one host, found by the longest path on segment borders."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from config.routes import Route
from gateway.routing.readings import folded, readings, without_format

Rules = tuple[object, ...]
Keyed = Mapping[bytes, tuple["Entry", ...]]


@dataclass(slots=True)
class Entry:
    """The routes of one host and path, by method; *rest* is for all other methods."""

    path: bytes
    listed: dict[str, Route] = field(default_factory=dict)
    rest: Route | None = None

    def add(self, route: Route) -> None:
        """Add *route*. Raises ValueError when another one has its methods."""
        if not route.methods and self.rest is None:
            self.rest = route
        elif route.methods and self.listed.keys().isdisjoint(route.methods):
            self.listed.update(dict.fromkeys(route.methods, route))
        else:
            raise ValueError(f"two routes for {route.host}{route.path}")

    def find(self, method: str) -> Route | None:
        """Return the route for *method*; that of GET is for HEAD too."""
        found = self.listed.get(method)
        if found is None and method == "HEAD":
            found = self.listed.get("GET")
        return found or self.rest

    @property
    def allow(self) -> tuple[str, ...]:
        """The methods that are listed, as the field ``Allow`` names them."""
        heads = {"HEAD"} if "GET" in self.listed else set()
        return tuple(sorted(self.listed.keys() | heads))


class Paths:
    """The entries of one host; building it costs, asking it does not."""

    def __init__(self, routes: Iterable[Route]) -> None:
        entries: dict[bytes, Entry] = {}
        numbers: dict[Rules, int] = {}
        self._rules: dict[int, int] = {}  # the number of each route's rules
        for route in routes:
            path = _key(route.path.encode())
            entries.setdefault(path, Entry(path)).add(route)
            number = numbers.setdefault(_rules(route), len(numbers))
            self._rules[id(route)] = number
        self._exact: Keyed = {path: (entry,) for path, entry in entries.items()}
        # A route's own path has readings too: /a;v=1 is /a for some.
        self._read = _by_reading(entries.values(), bytes)
        by_folded = _by_reading(entries.values(), folded)
        self._is_folded = by_folded == self._read  # all paths are in lower case
        self._folded = self._read if self._is_folded else by_folded
        self._longest = max(map(len, (*self._exact, *self._read, *self._folded)))
        self._is_uniform = len(numbers) == 1

    def find(self, path: bytes) -> Entry | None:
        """Return the entry of the longest path that *path*, as received, is below."""
        found = self._below(self._exact, path)
        return found[0] if found else None

    def is_ambiguous(
        self, path: bytes, method: str, route: Route, overriding: frozenset[str]
    ) -> bool:
        """Return whether a reading of the request has other rules than *route*.

        Also when a reading is below no route, or there are too many readings. An
        application may take ``get`` for GET as well, and any method for those that
        are *overriding* it.
        """
        if self._is_uniform and not overriding:
            return False
        found = readings(path)
        if found is None:
            return True
        rules = self._rules[id(route)]
        methods = {method, method.upper(), *overriding}
        meant = {  # nearly all readings are below the same
            id(entries): entries
            for reading in found
            for entries in self._meant_by(reading)
        }
        return not all(
            self._has_rules(entries, methods, rules) for entries in meant.values()
        )

    def _meant_by(self, reading: bytes) -> Iterator[tuple[Entry, ...]]:
        """Yield the entries that *reading* may be below."""
        yield self._below(self._read, reading)
        lower = folded(reading)
        if not self._is_folded or lower != reading:
            yield self._below(self._folded, lower)
        if b"." in reading and reading not in self._read:  # which names its format
            without = without_format(reading)
            if without:
                for keyed, path in (
                    (self._read, without),
                    (self._folded, folded(without)),
                ):
                    if path in keyed:
                        yield keyed[path]

    def _has_rules(
        self, entries: tuple[Entry, ...], methods: set[str], rules: int
    ) -> bool:
        """Return whether there are entries, and all have *rules* for all *methods*."""
        routes = [entry.find(method) for entry in entries for method in methods]
        return bool(routes) and all(
            route is not None and self._rules[id(route)] == rules for route in routes
        )

    def _below(self, keyed: Keyed, path: bytes) -> tuple[Entry, ...]:
        """Return what has the longest key that *path* equals or is below."""
        end = len(path)
        if end > self._longest:
            end = path.rfind(b"/", 0, self._longest + 1)
        while end >= 0:
            found = keyed.get(path[:end])
            if found is not None:
                return found
            end = path.rfind(b"/", 0, end)
        return ()


def _rules(route: Route) -> Rules:
    """Return what must not depend on how a path is read: who may use *route*, whence.

    On a public route nobody is asked.
    """
    if route.access == "public":
        return (route.access, route.cors)
    shown = (frozenset(route.credentials), route.audience, route.pass_bearer)
    return (
        *(route.access, route.allow, route.require),
        *(route.origins, route.cors),
        *shown,
    )


def _key(path: bytes) -> bytes:
    """Return *path* without final slashes: ``/`` is everything, the empty key."""
    return path.rstrip(b"/")


def _by_reading(entries: Iterable[Entry], form: Callable[[bytes], bytes]) -> Keyed:
    """Return the *entries* by each *form* of each reading of their paths."""
    found: dict[bytes, tuple[Entry, ...]] = {}
    for entry in entries:
        spellings = {entry.path, *(readings(entry.path) or ())}
        for key in {_key(form(spelling)) for spelling in spellings}:
            found[key] = (*found.get(key, ()), entry)
    return found
