"""The JSON Schema of the file, for editors that complete and check as one types."""

from collections.abc import Iterator
from typing import Any

from config.routes import Route
from config.settings import TABLES, path_of
from config.table import Table

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schema() -> dict[str, object]:
    """Return a schema that accepts every file that the gateway accepts.

    Only what no environment variable can give is required.
    """
    tables: dict[str, Any] = {}
    for name, model in TABLES.items():
        *outer, last = path_of(name)
        beside = tables
        for table in outer:
            beside = beside[table]["properties"]
        beside[last] = {
            key: value for key, value in _table(model).items() if key != "required"
        }
    routes = {"type": "array", "items": _table(Route), "minItems": 1}
    return {
        "$schema": DIALECT,
        "title": "gateway.toml",
        "type": "object",
        "properties": {**tables, "routes": routes},
        "required": ["routes"],
        "additionalProperties": False,
    }


def properties(model: type[Table]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the keys of a table as they stand in the file, each with its schema."""
    yield from _table(model)["properties"].items()


def _table(model: type[Table]) -> dict[str, Any]:
    """Return the schema of one table, without the None that TOML cannot write."""
    found = model.model_json_schema(by_alias=True)
    for value in found["properties"].values():
        if value.get("default", ...) is None:
            del value["default"]
    return found
