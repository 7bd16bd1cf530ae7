"""One gateway for each module of attacks, quiet in its log to the end."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from gateway.operations import logs
from tests.support.fortress import Fortress, fortress

ALARMING = {"error", "critical", "exception"}


def size(path: Path) -> int:
    """Return how long the log *path* is, with every line so far."""
    logs.flush()
    return path.stat().st_size


def alarms(path: Path, start: int) -> list[str]:
    """Return the lines of the log *path* from byte *start* on that tell of a bug."""
    logs.flush()
    lines = path.read_bytes()[start:].decode("utf-8").splitlines()
    return [line for line in lines if json.loads(line).get("level") in ALARMING]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def castle(log_lines: Path) -> AsyncIterator[Fortress]:
    """Run a gateway for the module; no attack may have raised an exception."""
    start = size(log_lines)
    async with fortress() as running:
        yield running
    assert alarms(log_lines, start) == []


@pytest.fixture
def walls(castle: Fortress) -> Fortress:
    """Return the module's gateway, its upstream without memory."""
    castle.upstream.forget()
    return castle
