"""What is collected, and what many tests begin with."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from gateway.demo.run import Demo, running_demo
from gateway.operations import logs
from tests.support.redis_server import RedisServer, redis_server
from tests.support.secrets_in_logs import secrets_in

EXTERNAL = Path(__file__).parent / "external"

# How long an example takes tells how busy the machine is, not what the code does.
settings.register_profile(
    "whatever the machine does",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("whatever the machine does")


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


@pytest.fixture(scope="session", autouse=True)
def log_lines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Keep every log line of the run, at debug level, and find no secret in them."""
    path = tmp_path_factory.mktemp("logs") / "all.jsonl"
    with path.open("w", encoding="utf-8") as stream:
        logs.configure(stream, level="debug")
        yield path
        logs.close()
        assert not secrets_in(path.read_text("utf-8"))


@pytest.fixture
async def redis() -> AsyncIterator[RedisServer]:
    """Run an empty Redis for the test."""
    async with redis_server() as server:
        yield server


@pytest.fixture
async def demo() -> AsyncIterator[Demo]:
    """Run the demo."""
    async with running_demo() as running:
        yield running
