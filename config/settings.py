"""All tables together: what the rest of the gateway is given."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

from pydantic import ValidationError

from config.admin import Admin
from config.agreement import Draft, disagreements
from config.allow import BOTH_LINES
from config.assertion import Assertion
from config.findings import Known, findings
from config.identity import Identity
from config.limits import Limits
from config.logto import Logto
from config.policy import Policy
from config.problem import Finding, Path, Wrong, did_you_mean, nearest
from config.routes import Route
from config.server import Server
from config.session import Session
from config.table import Accepted, Reading, Table

TABLES: Mapping[str, type[Table]] = {
    "server": Server,
    "admin": Admin,
    "limits": Limits,
    "logto": Logto,
    "session": Session,
    "policy": Policy,
    "identity": Identity,
    "identity.assertion": Assertion,
}

_AnyTable = TypeVar("_AnyTable", bound=Table)


@dataclass(frozen=True, slots=True)
class Settings:
    """What the operator wrote, checked, with every default filled in."""

    server: Server
    admin: Admin
    limits: Limits
    logto: Logto
    session: Session
    policy: Policy
    identity: Identity
    assertion: Assertion
    routes: tuple[Route, ...]


def path_of(table: str) -> tuple[str, ...]:
    """Return the path that leads to the table that TABLES calls *table*."""
    return tuple(table.split("."))


def keys_of(model: type[Table]) -> Known:
    """Return the keys of a table as they stand in the file, each with its example."""
    return {
        field.alias or name: field.examples[0] if field.examples else None
        for name, field in model.model_fields.items()
    }


def settle(document: Mapping[str, object]) -> Settings:
    """Return the settings that *document* (a parsed TOML file) holds.

    Raises Wrong with everything that is wrong in any table and between them.
    """
    reader = _Reader(document)
    settings = Settings(
        server=reader.table("server", Server),
        admin=reader.table("admin", Admin),
        limits=reader.table("limits", Limits),
        logto=reader.table("logto", Logto),
        session=reader.table("session", Session),
        policy=reader.table("policy", Policy),
        identity=reader.table("identity", Identity),
        assertion=reader.table("identity.assertion", Assertion),
        routes=reader.routes(),
    )
    reader.refuse()
    return _completed(settings)


def _completed(settings: Settings) -> Settings:
    """Fill in the defaults that depend on another table."""
    origin = settings.server.public_url
    name = "__Host-gateway" if origin.is_https else f"gateway-{origin.port}"
    own_name = settings.session.cookie_name
    return replace(
        settings,
        session=settings.session.model_copy(update={"cookie_name": own_name or name}),
        routes=tuple(_with_allow(one, settings.policy) for one in settings.routes),
    )


def _with_allow(route: Route, policy: Policy) -> Route:
    if route.access == "public" or route.allow is not None:
        return route
    return route.model_copy(update={"allow": policy.allow})


class _Reader:
    """Reads one table after the other and keeps everything that it finds."""

    def __init__(self, document: Mapping[str, object]) -> None:
        self._document = document
        self._tables: dict[str, Accepted] = {}
        self._routes: list[Accepted] = []
        self._doubtful: set[Path] = set()
        self._findings = list(_unknown_tables(document))

    def table(self, name: str, model: type[_AnyTable]) -> _AnyTable:
        """Read the table called *name*; it is only of use if `refuse` passes."""
        reading = Reading()
        self._tables[name] = reading.accepted
        return self._read(model, self._raw(name), path_of(name), reading)

    def _raw(self, name: str) -> object:
        """Return what stands in the table called *name*, but for tables of its own."""
        raw: object = self._document
        for part in path_of(name):
            raw = raw.get(part, {}) if isinstance(raw, Mapping) else {}
        inner = {path_of(one)[-1] for one in TABLES if one.startswith(f"{name}.")}
        if not isinstance(raw, Mapping) or not inner:
            return raw
        return {key: value for key, value in raw.items() if key not in inner}

    def routes(self) -> tuple[Route, ...]:
        """Read the list of routes; it is only of use if `refuse` passes."""
        raw = self._document.get("routes", [])
        if not isinstance(raw, list):
            self._find("expected a list of tables: write [[routes]]")
            return ()
        if not raw:
            self._find(
                f"there is no route: write [[routes]], upstream and {BOTH_LINES}"
            )
        routes = []
        for index, item in enumerate(raw):
            reading = Reading(index)
            self._routes.append(reading.accepted)
            routes.append(self._read(Route, item, ("routes", index), reading))
        return tuple(routes)

    def refuse(self) -> None:
        """Raise Wrong if anything was found, in the tables or between them."""
        draft = Draft(self._tables, self._routes, frozenset(self._doubtful))
        self._findings += disagreements(draft)
        if self._findings:
            raise Wrong(*self._findings)

    def _read(
        self, model: type[_AnyTable], raw: object, path: Path, reading: Reading
    ) -> _AnyTable:
        known = keys_of(model)
        try:
            return model.model_validate(raw, context=reading)
        except ValidationError as error:
            found = findings(error, known, path)
        self._findings += found
        for key in (str(one.path[len(path)]) for one in found if one.path != path):
            meant = key if key in known else nearest(key, known)
            self._doubtful.add((*path, key if meant is None else meant))
            reading.accepted.pop(meant or key, None)
        return model.model_construct()

    def _find(self, sentence: str) -> None:
        self._findings.append(Finding(("routes",), sentence))


def _unknown_tables(document: Mapping[str, object]) -> Iterator[Finding]:
    known = [*(name for name in TABLES if "." not in name), "routes"]
    for name in document:
        if name not in known:
            yield Finding((name,), f"unknown table{did_you_mean(name, known)}")
