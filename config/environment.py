"""Values from GATEWAY_* variables, laid over those of the file."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from config.places import ENVIRONMENT, Place
from config.problem import Finding, Path, Wrong, nearest
from config.schema import properties
from config.settings import TABLES, path_of

PREFIX = "GATEWAY_"
CONFIG_PATH = "GATEWAY_CONFIG"
"""Names the file itself, so it is no setting."""

_KUBERNETES = re.compile(
    r"GATEWAY_(?:.*_)?(?:SERVICE_HOST|SERVICE_PORT.*|PORT|PORT_.*)"
)
"""What Kubernetes sets for each service in the namespace (its legacy links)."""

Key = tuple[str, ...]

_INTEGER = re.compile(r"-?[0-9]{1,18}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Variables:
    """The settings in an environment, by path, and what is wrong with them."""

    values: dict[Key, object] = field(default_factory=dict)
    places: dict[Path, Place] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)


def read_environment(environ: Mapping[str, str]) -> Variables:
    """Return the settings that *environ* holds.

    A variable that is neither a setting nor one of Kubernetes' is a finding, since a
    misspelt setting would otherwise do nothing.
    """
    known = _known()
    variables = Variables()
    for name in sorted(environ):
        if not name.startswith(PREFIX) or name == CONFIG_PATH:
            continue
        if name not in known:
            if not _KUBERNETES.fullmatch(name):
                sentence = f"unknown variable{_guess(name, known)}"
                variables.places[(name,)] = Place(ENVIRONMENT, None, (name,))
                variables.findings.append(Finding((name,), sentence))
            continue
        path, schema = known[name]
        variables.places[path] = Place(ENVIRONMENT, None, (name,))
        try:
            variables.values[path] = _converted(environ[name], schema)
        except Wrong as wrong:
            variables.findings.extend(wrong.within(path))
    return variables


def _guess(name: str, known: Iterable[str]) -> str:
    """Return a hint at what *name* was meant to be, apart from what all begin with."""
    bare = [one.removeprefix(PREFIX) for one in known]
    close = nearest(name.removeprefix(PREFIX), bare)
    if close is None and name.startswith(f"{PREFIX}ROUTES"):
        return ": routes can be written in the file only"
    return "" if close is None else f" (did you mean {PREFIX}{close}?)"


def variable(path: Path) -> str:
    """Return the name of the variable for the key that *path* leads to."""
    return PREFIX + "_".join(map(str, path)).upper()


@cache
def _known() -> Mapping[str, tuple[Key, Mapping[str, Any]]]:
    """Return the path and the schema of each setting, by its variable."""
    return {
        variable((*path_of(table), key)): ((*path_of(table), key), schema)
        for table, model in TABLES.items()
        for key, schema in properties(model)
    }


def _converted(text: str, schema: Mapping[str, Any]) -> object:
    match _kind(schema):
        case "boolean":
            if text not in ("true", "false"):
                raise Wrong("expected true or false")
            return text == "true"
        case "integer" | "integer or word" as kind:
            return _integer(text, or_word=kind != "integer")
        case "array":
            return [item.strip() for item in text.split(",") if item.strip()]
        case "object":
            raise Wrong("is a table: write it in the file")
        case _:
            return text


def _integer(text: str, *, or_word: bool) -> int | str:
    if _INTEGER.fullmatch(text):
        return int(text)
    if or_word:
        return text
    raise Wrong("expected a whole number")


def _kind(schema: Mapping[str, Any]) -> str:
    if "type" in schema:
        return str(schema["type"])
    kinds = [one.get("type") for one in schema.get("anyOf", ())]
    if "integer" in kinds:
        return "integer or word"
    return "array" if "array" in kinds and "string" in kinds else "string"
