"""The real image in a container engine; only with ``scripts/test --external``.

Not run in continuous integration here: tests/test_image.py does the same steps without
an engine.
"""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.programs import program
from tests.support.project import ROOT
from tests.test_image import CONFIGURATION

IMAGE = "logto-gateway:test"


def engine(*arguments: str) -> str:
    done = subprocess.run(
        [program("docker"), *arguments], check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


@pytest.fixture(scope="module")
def image() -> str:
    engine("build", "--tag", IMAGE, str(ROOT))
    return IMAGE


@pytest.fixture
def container(image: str, tmp_path: Path) -> Iterator[str]:
    """A gateway as deploy/compose.yaml runs it: read-only, without capabilities."""
    settings = CONFIGURATION.replace('[admin]\nlisten = "127.0.0.1:0"\n', "")
    (tmp_path / "gateway.toml").write_text(settings)
    tmp_path.chmod(0o755)
    identity = engine(
        "run",
        "--detach",
        "--read-only",
        "--cap-drop=ALL",
        "--security-opt=no-new-privileges:true",
        f"--volume={tmp_path}/gateway.toml:/etc/gateway/gateway.toml:ro",
        image,
    )
    yield identity
    engine("rm", "--force", identity)


def test_the_container_gets_healthy_and_stops_on_sigterm(container: str) -> None:
    wait_for(container, "health_status: healthy")
    engine("stop", "--time=20", container)
    assert engine("inspect", "--format={{.State.ExitCode}}", container) == "0"


def test_the_image_is_not_run_by_root(image: str) -> None:
    shown = engine("run", "--rm", "--entrypoint=id", image, "-u")
    assert shown == "10001"


def test_the_example_for_compose_is_valid() -> None:
    engine("compose", "--file", str(ROOT / "deploy" / "compose.yaml"), "config")


def wait_for(container: str, event: str) -> None:
    """Wait a minute at most for *event*, or find it in what has happened so far."""
    filters = [f"--filter=container={container}", f"--filter=event={event}"]
    with subprocess.Popen(
        [program("timeout"), "60", program("docker"), "events", "--since=0", *filters],
        stdout=subprocess.PIPE,
    ) as events:
        assert events.stdout is not None
        happened = events.stdout.readline()
        events.terminate()
    assert happened, f"no {event} within a minute"
