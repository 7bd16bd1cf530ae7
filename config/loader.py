"""Reads the file, the environment and the files that hold secrets.

Nothing else in this package touches the file system.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path as FilePath
from types import MappingProxyType

from config.document import parse_document
from config.environment import Variables, read_environment
from config.places import Places
from config.problem import ConfigurationError, Finding, Path, Problem, Wrong
from config.secret_files import fill, given_twice, table_of
from config.settings import Settings, settle

_NO_VARIABLES: Mapping[str, str] = MappingProxyType({})
_LARGEST_FILE = 1024 * 1024

_PEM_FILES = frozenset({"tls_certificate", "tls_key", "ca_file"})


@dataclass(frozen=True, slots=True)
class Loaded:
    """The settings, and where each of their values was written."""

    settings: Settings
    places: Places


def load(path: str, environ: Mapping[str, str]) -> Settings:
    """Return the settings that :func:`read` finds. Raises as it does."""
    return read(path, environ).settings


def read(path: str, environ: Mapping[str, str]) -> Loaded:
    """Read the configuration file at *path*, with the variables in *environ*.

    Raises ConfigurationError with every problem of both.
    """
    try:
        text = _text(path)
    except Wrong as wrong:
        raise ConfigurationError(
            Problem(path, None, "", one.sentence) for one in wrong.findings
        ) from None
    return _loaded(text, environ, path)


def load_text(
    text: str, environ: Mapping[str, str] = _NO_VARIABLES, *, name: str = "gateway.toml"
) -> Settings:
    """Read a configuration from *text*, which messages call *name*.

    Raises ConfigurationError with every problem of the text and of *environ*.
    """
    return _loaded(text, environ, name).settings


def _loaded(text: str, environ: Mapping[str, str], name: str) -> Loaded:
    document, index = parse_document(text, name)
    places = Places(name, index.lines)
    variables = read_environment(environ)
    found = [*variables.findings, *given_twice(document, variables, places)]
    _overlay(document, variables, places)
    found += fill(document, places, _text)
    found += _unreadable_pem_files(document)
    explained = {one.path for one in found} | _without_file(found)
    try:
        settings = settle(document)
    except Wrong as wrong:
        found += [one for one in wrong.findings if one.path not in explained]
        raise ConfigurationError(places.problems(found)) from None
    if found:
        raise ConfigurationError(places.problems(found))
    return Loaded(settings, places)


def _overlay(document: dict[str, object], variables: Variables, places: Places) -> None:
    """Lay the values of the environment over those of the file."""
    for (*tables, key), value in variables.values.items():
        values: object = document
        for table in tables:
            values = values.setdefault(table, {}) if isinstance(values, dict) else None
        if isinstance(values, dict):
            values[key] = value
    for path, place in variables.places.items():
        places.put(path, place)


def _without_file(found: Iterable[Finding]) -> set[Path]:
    """Return the keys that are missing only because their `_file` is wrong."""
    return {(*one.path[:-1], str(one.path[-1]).removesuffix("_file")) for one in found}


def _unreadable_pem_files(document: dict[str, object]) -> Iterator[Finding]:
    tables: list[tuple[Path, dict[str, object]]] = [
        ((table,), table_of(document, table)) for table in ("server", "logto")
    ]
    routes = document.get("routes")
    if isinstance(routes, list):
        tables += [
            (("routes", index), route)
            for index, route in enumerate(routes)
            if isinstance(route, dict)
        ]
    for path, values in tables:
        for key in _PEM_FILES & values.keys():
            file = values[key]
            if isinstance(file, str) and file:
                try:
                    _text(file)
                except Wrong as wrong:
                    yield from wrong.within((*path, key))


def _text(path: str) -> str:
    """Return what the file at *path* holds. Raises Wrong, without naming *path*."""
    try:
        with FilePath(path).open("rb") as file:
            content = file.read(_LARGEST_FILE + 1)
    except OSError as error:
        raise Wrong(f"the file cannot be read: {error.strerror}") from None
    except ValueError:
        raise Wrong("the file cannot be read: its name holds a NUL") from None
    if len(content) > _LARGEST_FILE:
        raise Wrong("the file cannot be read: it is larger than 1MiB")
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise Wrong(f"the file is not UTF-8 on line {line}: save it as UTF-8") from None
