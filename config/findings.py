"""From pydantic's errors to findings: what was expected, never what was found."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from config.problem import Finding, Path, Wrong, did_you_mean, nearest

Known = Mapping[str, object]
"""The keys of a table, each with an example of its value, or None."""

_UNKNOWN = ("extra_forbidden", "unexpected_keyword_argument")

_EXPECTED = {
    "bool_type": "expected true or false, without quotes",
    "dataclass_type": "expected a table",
    "dict_type": "expected a table",
    "frozen_set_type": "expected a list",
    "int_from_float": "expected a whole number",
    "int_type": "expected a whole number, without quotes",
    "mapping_type": "expected a table",
    "model_type": "expected a table",
    "string_type": "expected a string in quotes",
    "tuple_type": "expected a list",
}


def findings(error: ValidationError, known: Known, path: Path = ()) -> list[Finding]:
    """Return what *error* says about the table at *path* whose keys are *known*.

    A key that is missing only because it is misspelt is not reported twice.
    """
    details = error.errors(include_url=False)
    misspelt = {
        nearest(str(detail["loc"][-1]), known)
        for detail in details
        if detail["type"] in _UNKNOWN
    }
    return [
        finding
        for detail in details
        if not (detail["type"] == "missing" and detail["loc"][-1] in misspelt)
        for finding in _findings(detail, known, path)
    ]


def _findings(detail: Any, known: Known, path: Path) -> Iterator[Finding]:  # noqa: ANN401 - pydantic's own dict
    where = (*path, *(part for part in detail["loc"] if part != "[key]"))
    cause = detail.get("ctx", {}).get("error")
    if isinstance(cause, Wrong):
        yield from cause.within(where)
    else:
        yield Finding(where, _sentence(detail, known))


def _sentence(detail: Any, known: Known) -> str:  # noqa: ANN401 - as above
    context = detail.get("ctx", {})
    match detail["type"]:
        case kind if kind in _UNKNOWN:
            return f"unknown key{did_you_mean(str(detail['loc'][-1]), known)}"
        case "missing":
            return _missing(str(detail["loc"][-1]), known)
        case "literal_error":
            return _one_of(context["expected"], detail["input"])
        case "greater_than_equal":
            return f"expected {context['ge']} or more"
        case "less_than_equal":
            return f"expected {context['le']} or less"
        case other:
            return _EXPECTED.get(other, "is not what this key takes")


def _missing(key: str, known: Known) -> str:
    """Say how to write a key that has no default, and where else it may stand."""
    line = f"is missing: write {key} = {json.dumps(known[key])}"
    return f"{line}, or {key}_file" if f"{key}_file" in known else line


def _one_of(expected: str, found: object) -> str:
    sentence = expected.replace("'", '"')
    choices = sentence.split('"')[1::2]
    guess = did_you_mean(found, choices) if isinstance(found, str) else ""
    return f"expected {sentence}{guess}"
