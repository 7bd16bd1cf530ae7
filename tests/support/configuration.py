"""Configurations for tests: the smallest file, with lines of a test's own."""

from collections.abc import Mapping

import pytest

from config.loader import load_text
from config.problem import ConfigurationError
from config.settings import Settings

KEY = "MDEyMzQ1Njc4OWFiY2RlZmdoaWprbG1ub3BxcnN0dXY"
OTHER_KEY = "dnV0c3JxcG9ubWxramloZ2ZlZGNiYTk4NzY1NDMyMTA"

SMALLEST: Mapping[str, Mapping[str, str]] = {
    "[server]": {"public_url": '"https://app.example.com"'},
    "[logto]": {
        "endpoint": '"https://tenant.logto.app"',
        "app_id": '"app"',
        "app_secret": '"secret"',
    },
    "[session]": {"keys": f'["{KEY}"]'},
    "[[routes]]": {"upstream": '"http://127.0.0.1:3000"', "allow": '"anyone"'},
}


def written(**changes: Mapping[str, str | None] | None) -> str:
    """Return the smallest file with *changes* by table: key to TOML, None for none."""
    tables = {header: dict(keys) for header, keys in SMALLEST.items()}
    for name, keys in changes.items():
        header = "[[routes]]" if name == "routes" else f"[{name}]"
        if keys is None:
            del tables[header]
            continue
        for key, value in keys.items():
            tables.setdefault(header, {}).pop(key, None)
            if value is not None:
                tables[header][key] = value
    return "\n\n".join(
        "\n".join([header, *(f"{key} = {value}" for key, value in keys.items())])
        for header, keys in tables.items()
    )


def settings(**changes: Mapping[str, str | None] | None) -> Settings:
    return load_text(written(**changes))


def problems(text: str, environ: Mapping[str, str] | None = None) -> list[str]:
    """Return the lines that an operator sees for *text*, which must have some."""
    with pytest.raises(ConfigurationError) as caught:
        load_text(text, environ or {})
    assert str(caught.value) == "\n".join(map(str, caught.value.problems))
    return [str(problem) for problem in caught.value.problems]


def sentence(text: str, environ: Mapping[str, str] | None = None) -> str:
    """Return the one line that an operator sees for *text*, without its place."""
    (line,) = problems(text, environ)
    _, _, rest = line.partition(": ")
    return rest
