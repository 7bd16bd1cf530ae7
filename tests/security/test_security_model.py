"""The document about security names tests that are there."""

import re

from tests.support.project import ROOT

DOCUMENT = ROOT / "docs" / "explanation" / "security-model.md"


def test_every_test_that_the_security_model_names_exists() -> None:
    named = set(re.findall(r"`(tests/[^`]+)`", DOCUMENT.read_text("utf-8")))
    assert len(named) > 15
    assert {name for name in named if not (ROOT / name).is_file()} == set()


def test_every_table_of_attacks_stands_in_the_security_model() -> None:
    text = DOCUMENT.read_text("utf-8")
    tables = (ROOT / "tests" / "security").glob("test_*.py")
    here = {f"tests/security/{table.name}" for table in tables}
    here.discard("tests/security/test_security_model.py")
    assert {name for name in here if f"`{name}`" not in text} == set()


def test_every_module_that_the_security_model_names_exists() -> None:
    named = re.findall(r"`(gateway/[^`]+\.py)`", DOCUMENT.read_text("utf-8"))
    assert [name for name in named if not (ROOT / name).is_file()] == []
