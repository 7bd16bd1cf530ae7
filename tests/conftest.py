"""What is collected: tests/external only when asked for."""

from pathlib import Path

import pytest

EXTERNAL = Path(__file__).parent / "external"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--external",
        action="store_true",
        help="also run tests/external, which need a container engine or an account",
    )


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    if collection_path == EXTERNAL and not config.getoption("--external"):
        return True
    return None
