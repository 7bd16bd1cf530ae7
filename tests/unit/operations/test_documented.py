"""docs/how-to/operate.md explains every line that the gateway can log."""

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.support.project import ROOT

DOCUMENTATION = (ROOT / "docs" / "how-to" / "operate.md").read_text("utf-8")
LEVELS = {"debug", "info", "warning", "error", "exception", "critical"}


def events(module: Path) -> Iterator[str]:
    """Yield the events that *module* logs: ``log.info("this", …)``."""
    for node in ast.walk(ast.parse(module.read_text("utf-8"))):
        match node:
            case ast.Call(
                func=ast.Attribute(value=logger, attr=level),
                args=[ast.Constant(value=str(event)), *_],
            ) if level in LEVELS and "log" in ast.unparse(logger):
                yield event
            case _:
                pass


def test_every_event_is_explained() -> None:
    modules = (
        module
        for module in (ROOT / "gateway").rglob("*.py")
        if "demo" not in module.parts
    )
    found = {event for module in modules for event in events(module)}
    assert {"request", "refused", "listening", "logto_away"} <= found
    assert {event for event in found if f"`{event}`" not in DOCUMENTATION} == set()
