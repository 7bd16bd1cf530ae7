"""The rules that the how-to shows are rules."""

import re
import tomllib

import pytest

from config.loader import load_text
from tests.support.configuration import written
from tests.support.project import ROOT

HOW_TO = (ROOT / "docs/how-to/decide-who-may-enter.md").read_text("utf-8")
SHOWN = re.findall(r"^```toml\n(.*?)^```", HOW_TO, re.DOTALL | re.MULTILINE)


def test_there_are_examples() -> None:
    assert len(SHOWN) > 5


@pytest.mark.parametrize("shown", SHOWN)
def test_every_example_is_a_part_of_a_file(shown: str) -> None:
    tables = tomllib.loads(shown)
    whole = written(routes=None if "routes" in tables else {})
    for key, value in tables.pop("logto", {}).items():
        line = f"{key} = {value!r}"
        assert f"{key} = " in shown
        whole = whole.replace("[logto]\n", f"[logto]\n{line}\n")
    rest = re.sub(r"^\[logto\]\n(?:\w.*\n)*", "", shown)
    settings = load_text(f"{whole}\n{rest}")
    assert len(settings.routes) == len(tables.get("routes", [{}]))
