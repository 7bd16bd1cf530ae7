"""The example file and the reference name every key, as the code has it."""

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from config.allow import SCHEMA as CONDITION
from config.cors import SCHEMA as CORS
from config.identity import CLAIMS
from config.loader import load_text
from config.require import SCHEMA as REQUIRE
from config.routes import Route
from config.schema import properties
from config.settings import TABLES
from config.table import Table
from tests.support.configuration import KEY, problems

ROOT = Path(__file__).parents[3]
EXAMPLE = (ROOT / "gateway.example.toml").read_text()
REFERENCE = (ROOT / "docs/reference/configuration.md").read_text()
MODELS = [*TABLES.items(), ("routes", Route)]


def filled_in(text: str) -> str:
    """Return the example *text* with what only the operator knows."""
    for key, value in (
        ('keys = ["..."]', f'keys = ["{KEY}"]'),
        ('app_id = "..."', 'app_id = "app"'),
        ('app_secret = "..."', 'app_secret = "secret"'),
    ):
        assert key in text
        text = text.replace(key, value)
    return text


def header(table: str) -> str:
    return "[[routes]]" if table == "routes" else f"[{table}]"


# --- gateway.example.toml ------------------------------------------------


def test_the_example_loads_once_it_is_filled_in() -> None:
    load_text(filled_in(EXAMPLE))


def test_the_example_asks_for_nothing_else() -> None:
    app_id, app_secret, key = problems(EXAMPLE)
    assert "logto.app_id: is still the example's: copy yours" in app_id
    assert "logto.app_secret: is still the example's: copy yours" in app_secret
    assert "`gateway keygen` makes a new one" in key


def test_the_example_without_its_comment_signs_loads() -> None:
    """All defaults written out mean the same as none of them."""
    text = filled_in(EXAMPLE)
    written_out = re.sub(r"^#(?=\w)", "", text, flags=re.MULTILINE)
    written_out = written_out.replace('app_secret_file = ""', "")
    assert load_text(written_out) == load_text(text)


def sections(text: str) -> dict[str, str]:
    """Return what stands below each table's header."""
    parts = re.split(r"^(\[+[\w.]+\]+)$", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


@pytest.mark.parametrize(("table", "model"), MODELS)
def test_the_example_names_every_key_with_its_default(
    table: str, model: type[Table]
) -> None:
    section = sections(EXAMPLE)[header(table)]
    defaults = tomllib.loads("\n".join(re.findall(r"^#(\w.*)$", section, re.MULTILINE)))
    given = tomllib.loads(section)
    shown = set(re.findall(r"^# +(\w+) = ", section, re.MULTILINE))
    for key, schema in properties(model):
        if "default" in schema:
            assert defaults.pop(key) == schema["default"], key
        else:
            assert key in given or key in shown, key
    assert defaults == {}


@pytest.mark.parametrize(("table", "model"), MODELS)
def test_the_example_explains_every_key(table: str, model: type[Table]) -> None:
    section = sections(EXAMPLE)[header(table)]
    prose = " ".join(re.findall(r"^# (.*)$", section, re.MULTILINE))
    for key, schema in properties(model):
        assert schema["description"] in prose, key


# --- docs/reference/configuration.md -------------------------------------


def kind(schema: Mapping[str, Any]) -> str:
    if "enum" in schema:
        return ", ".join(f"`{json.dumps(one)}`" for one in schema["enum"])
    if schema.get("title") in ("duration", "size"):
        return str(schema["title"])
    if {"const": "auto"} in schema.get("anyOf", ()):
        return 'whole number, or `"auto"`'
    if "properties" in schema:
        return "see below"
    if "anyOf" in schema:
        return "see below" if "const" in str(schema) else "address, or a list of them"
    return {
        "array": "list of strings",
        "boolean": "true or false",
        "integer": "whole number",
        "object": "table of strings",
        "string": "string",
    }[str(schema["type"])]


def default(schema: Mapping[str, Any]) -> str:
    if "default" in schema:
        return f"`{json.dumps(schema['default'])}`"
    return "must be given" if "examples" in schema else "none"


def rows(model: type[Table]) -> Iterator[str]:
    for key, schema in properties(model):
        yield (
            f"| `{key}` | {kind(schema)} | {default(schema)} "
            f"| {schema['description']} |"
        )


def condition_rows() -> Iterator[str]:
    for key, schema in CONDITION["properties"].items():
        yield f"| `{key}` | {schema['description']} |"


@pytest.mark.parametrize(("table", "model"), MODELS)
def test_the_reference_says_what_every_key_is(table: str, model: type[Table]) -> None:
    sections = re.split(r"^## ", REFERENCE, flags=re.MULTILINE)
    (section,) = [one for one in sections if one.startswith(f"`{header(table)}`")]
    written = re.findall(r"^\| `.*", section, re.MULTILINE)
    assert written == list(rows(model))


def test_the_reference_says_what_every_condition_is() -> None:
    section = REFERENCE.partition("\n## `allow`")[2].partition("\n## ")[0]
    assert re.findall(r"^\| `.*", section, re.MULTILINE) == list(condition_rows())


def test_the_reference_says_what_every_key_of_cors_is() -> None:
    section = REFERENCE.partition("\n## `cors`")[2].partition("\n## ")[0]
    rows = [
        f"| `{key}` | {schema['description']} |"
        for key, schema in CORS["properties"].items()
    ]
    assert re.findall(r"^\| `.*", section, re.MULTILINE) == rows


def test_the_reference_says_what_every_key_of_require_is() -> None:
    section = REFERENCE.partition("\n## `require`")[2].partition("\n## ")[0]
    rows = [
        f"| `{key}` | {schema['description']} |"
        for key, schema in REQUIRE["properties"].items()
    ]
    assert re.findall(r"^\| `.*", section, re.MULTILINE) == rows


def test_the_reference_names_every_claim() -> None:
    for claim in CLAIMS:
        assert f"`{claim}`" in REFERENCE.partition("\n## Headers of one's own")[2]


def test_the_smallest_file_of_the_reference_loads() -> None:
    (smallest,) = re.findall(r"```toml\n(\[server\].*?)```", REFERENCE, re.DOTALL)
    load_text(filled_in(smallest))
