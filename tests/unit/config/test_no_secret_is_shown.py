"""No message repeats a value: any of them may be a secret in the wrong place."""

import json
from collections.abc import Mapping
from pathlib import Path
from traceback import format_exception

import pytest

from config.loader import load_text
from config.problem import ConfigurationError
from config.routes import Route
from config.settings import TABLES, keys_of
from config.summary import summary
from tests.support.configuration import KEY, OTHER_KEY, written

SECRET = "S3CRET-do-not-show"

VALUES = [
    SECRET,
    f"http://user:{SECRET}@host/{SECRET}?{SECRET}#{SECRET}",
    f"unix:{SECRET}",
    f"{SECRET}:80",
    f"127.0.0.1:{SECRET}",
    f"https://{SECRET}:x",
    f"10.0.0.0/{SECRET}",
    f"/{SECRET}/../x",
    f"*.{SECRET}:1",
    f"{SECRET}\n\x1b[2J\x00",
    [SECRET],
    [[SECRET]],
    {"x_ids": [SECRET], "emails": [f"a@{SECRET}@b"], "roles": [SECRET]},
    [{"x_ids": SECRET}, {"x_usernames": [SECRET, 1]}, SECRET],
    {"X-Name": SECRET, "Host": SECRET},
]

KEYS = [
    *((table, key) for table, model in TABLES.items() for key in keys_of(model)),
    *(("routes", key) for key in keys_of(Route)),
]


def toml(value: object) -> str:
    if isinstance(value, dict):
        return f"{{ {', '.join(f'{key} = {toml(of)}' for key, of in value.items())} }}"
    if isinstance(value, list):
        return f"[{', '.join(map(toml, value))}]"
    return json.dumps(value)


def shown(text: str, environ: Mapping[str, str]) -> str:
    """Return all that anybody could print of what loading *text* gives."""
    try:
        settings = load_text(text, environ)
    except ConfigurationError as error:
        return "".join(
            (str(error), repr(error), repr(error.problems), *format_exception(error))
        )
    return f"{settings!r}{settings}{settings.logto}{settings.session}"


@pytest.mark.parametrize(("table", "key"), KEYS, ids=".".join)
def test_no_value_is_repeated_by_a_problem(table: str, key: str) -> None:
    for value in VALUES:
        text = written(**{table: {key: toml(value)}}) + "\n[unknown]"
        message = shown(text, {})
        assert "unknown table" in message
        assert SECRET.lower() not in message.lower()


@pytest.mark.parametrize(("table", "key"), KEYS, ids=".".join)
def test_no_variable_is_repeated_by_a_problem(table: str, key: str) -> None:
    name = f"GATEWAY_{table}_{key}".upper()
    for value in VALUES:
        if isinstance(value, str):
            message = shown(written() + "\n[unknown]", {name: value})
            assert "unknown table" in message
            assert SECRET.lower() not in message.lower()


BROKEN = [
    f"app_secret = {SECRET}",
    f'app_secret = "{SECRET}',
    f"app_secret = '{SECRET}\n'",
    f'app_secret = "{SECRET}" x',
    f'app_secret = "\\{SECRET}"',
    f'app_secret "{SECRET}"',
    f'app_secret = ["{SECRET}"',
    f'app_secret = "{SECRET}"\napp_secret = "{SECRET}"',
    f'app_secret = {{ a = "{SECRET}", a = "{SECRET}" }}',
    f'app_secret = """{SECRET}',
]


@pytest.mark.parametrize("line", BROKEN, ids=range(len(BROKEN)))
def test_broken_toml_is_not_repeated(line: str) -> None:
    assert SECRET not in shown(f"[logto]\n{line}\n", {})


def test_the_contents_of_a_secret_file_are_not_repeated(tmp_path: Path) -> None:
    file = tmp_path / SECRET
    file.write_text(f"{SECRET} {SECRET}\n\x00")
    text = written(
        logto={"app_secret": None, "app_secret_file": f'"{file}"'},
        session={"keys": None, "keys_file": f'"{file}"'},
    )
    assert SECRET not in shown(text, {})


def test_settings_and_the_summary_hold_no_secret() -> None:
    text = written(
        logto={"app_secret": f'"{SECRET}"'},
        session={
            "keys": f'["{KEY}", "{OTHER_KEY}"]',
            "store": '"redis"',
            "redis_url": f'"redis://{SECRET}:{SECRET}@redis.internal"',
        },
    )
    message = shown(text, {}) + "\n".join(summary(load_text(text)))
    for secret in (SECRET, KEY, OTHER_KEY, "0123456789abcdef", "vutsrqponmlkjihg"):
        assert secret not in message
