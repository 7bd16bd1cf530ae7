"""The container image: what its Dockerfile says, and its steps as they are written.

No container engine is needed: the steps run below a fresh folder, where root runs the
tests as a user who exists on no machine. tests/external builds the real image.
"""

import asyncio
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from asyncio.subprocess import PIPE
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.dockerfile import Builder, give, ignored, stages
from tests.support.project import ROOT, project_files

DOCKERFILE = stages((ROOT / "Dockerfile").read_text())
DOCKERIGNORE = (ROOT / ".dockerignore").read_text()

# The image's user exists on no machine; only root can become somebody else.
IMAGE_USER = int(DOCKERFILE[-1].last("USER").arguments.partition(":")[0])
USER = IMAGE_USER if os.geteuid() == 0 else None

# --- What it says --------------------------------------------------------


def test_the_image_is_built_in_two_stages_on_slim_python() -> None:
    assert [bool(re.fullmatch(r"python:3\.\d+-slim", s.base)) for s in DOCKERFILE] == [
        True,
        True,
    ]
    assert DOCKERFILE[0].base == DOCKERFILE[1].base, "the environment needs its Python"
    assert not DOCKERFILE[1].all("RUN")


def test_the_images_python_has_the_allocator_that_it_is_told_to_use() -> None:
    final = DOCKERFILE[-1]
    (variables,) = (instruction.arguments for instruction in final.all("ENV"))
    assert re.search(r"\bPYTHONMALLOC=mimalloc\b", variables)
    version = re.fullmatch(r"python:3\.(\d+)-slim", final.base)
    assert version is not None
    assert int(version[1]) >= 13, "an older one refuses to start"


def test_the_image_runs_as_a_numeric_user_who_is_not_root() -> None:
    user = DOCKERFILE[-1].last("USER").arguments
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", user)


def test_the_gateway_is_process_one() -> None:
    final = DOCKERFILE[-1]
    assert final.last("ENTRYPOINT").command == ["gateway"]
    expected = ["serve", "--config", "/etc/gateway/gateway.toml"]
    assert final.last("CMD").command == expected


def test_everything_installed_in_the_image_is_pinned() -> None:
    for stage in DOCKERFILE:
        for run in stage.all("RUN"):
            for part in re.findall(r"(?<!-)\bpip .*?(?=&&|$)", run.arguments):
                assert "--require-hashes" in part or "--no-index" in part
            assert not re.search(r"\b(?:apt|apt-get|curl|wget)\b", run.arguments)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        pytest.param("gateway/handler.py", False, id="code"),
        pytest.param("requirements/runtime.txt", False, id="pins"),
        pytest.param("gateway.toml", True, id="an operator's secrets"),
        pytest.param(".git/config", True, id="history"),
        pytest.param("gateway/__pycache__/app.pyc", True, id="bytecode"),
        pytest.param("tests/conftest.py", True, id="tests"),
    ],
)
def test_the_image_sees_what_it_needs_only(path: str, *, expected: bool) -> None:
    assert ignored(DOCKERIGNORE, Path(path)) is expected


# --- What it does --------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Image:
    """What the last stage left: its files below *root*, and its environment."""

    root: Path
    builder: Builder

    def environment(self) -> dict[str, str]:
        """Return the variables that the last stage sets."""
        variables = {}
        for instruction in DOCKERFILE[-1].all("ENV"):
            for name, value in re.findall(r'(\w+)="?([^\s"]+)', instruction.arguments):
                path = self.builder.environment["PATH"]
                variables[name] = self.builder.moved(value).replace("$PATH", path)
        if not _starts_with(variables):  # this machine's Python is older
            del variables["PYTHONMALLOC"]
        return variables


def _starts_with(variables: Mapping[str, str]) -> bool:
    """Return whether the Python that stands for the image's takes *variables*."""
    command = [python_for_everybody(), "-c", ""]
    done = subprocess.run(
        command, check=False, cwd="/", user=USER, env=variables, capture_output=True
    )
    return done.returncode == 0


@pytest.fixture(scope="module")
def image() -> Iterator[Image]:
    """Carry out the Dockerfile, and leave the result unwritable to its user."""
    folder = Path(tempfile.mkdtemp(prefix="image-"))
    try:
        folder.chmod(0o755)
        builder = Builder(
            root=folder / "root",
            context=context(folder / "context"),
            environment=build_environment(folder),
            user=USER,
        )
        built: dict[str, Path] = {}
        for stage in DOCKERFILE:
            builder.root.mkdir()
            if USER is not None:
                give(builder.root, USER)
            builder.folder = "/"
            builder.build(stage, built)
            if stage.name:
                built[stage.name] = builder.root.rename(folder / stage.name)
        if USER is not None:
            give(builder.root, 0)
        yield Image(builder.root, builder)
    finally:
        shutil.rmtree(folder)


def context(into: Path) -> Path:
    """Copy what a container engine would be sent: what is not ignored."""
    for file in project_files():
        name = file.relative_to(ROOT)
        if not ignored(DOCKERIGNORE, name):
            (into / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, into / name)
    return into


def build_environment(folder: Path) -> dict[str, str]:
    """Return the variables of a build: ``python``, ``pip``, and how pip is set up."""
    python = python_for_everybody()
    programs = folder / "bin"
    programs.mkdir()
    (programs / "python").symlink_to(python)
    import pip  # noqa: PLC0415 - where it lives is asked for, nothing of it is used

    shutil.copytree(Path(pip.__file__).parent, folder / "pip")
    (programs / "pip").write_text(f'#!/bin/sh\nexec {python} {folder}/pip "$@"\n')
    (programs / "pip").chmod(0o755)
    home = folder / "home"
    home.mkdir()
    if USER is not None:
        give(home, USER)
    passed = re.compile(r"PIP_|SSL_CERT_|https?_proxy|no_proxy", re.IGNORECASE)
    variables = {k: v for k, v in os.environ.items() if passed.match(k)}  # noqa: TID251
    path = f"{programs}:/usr/bin:/bin"
    return {**variables, "PATH": path, "HOME": str(home)}


def python_for_everybody() -> str:
    """Return a Python that the image's user may run: root's own may be out of reach."""
    probe = "import sys, venv; sys.exit(sys.version_info < (3, 11))"
    base = os.path.realpath(sys.executable)
    for candidate in (base, "/usr/local/bin/python3", "/usr/bin/python3"):
        try:
            done = subprocess.run(
                [candidate, "-c", probe],
                check=False,
                cwd="/",
                user=USER,
                capture_output=True,
            )
        except OSError:
            continue
        if done.returncode == 0:
            return candidate
    pytest.skip("no Python from 3.11 on that a fresh user may run")


def test_the_image_has_the_command(image: Image) -> None:
    environment = image.environment()
    done = subprocess.run(
        [*DOCKERFILE[-1].last("ENTRYPOINT").command, "keygen"],
        env=environment,
        cwd="/",
        user=USER,
        group=USER,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


CONFIGURATION = """
[server]
listen = "127.0.0.1:0"
public_url = "http://127.0.0.1:8080"

[admin]
listen = "127.0.0.1:0"

[logto]
endpoint = "http://127.0.0.1:9"
app_id = "app"
app_secret = "secret"

[session]
keys = ["AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"]

[[routes]]
upstream = "http://127.0.0.1:9"
allow = "anyone"
"""


async def test_the_image_starts_is_healthy_and_stops_on_sigterm(image: Image) -> None:
    (image.root / "etc" / "gateway").mkdir(parents=True)
    (image.root / "etc" / "gateway" / "gateway.toml").write_text(CONFIGURATION)
    final = DOCKERFILE[-1]
    command = [*final.last("ENTRYPOINT").command, *final.last("CMD").command]
    gateway = await asyncio.create_subprocess_exec(
        *map(image.builder.moved, command),
        env=image.environment(),
        cwd="/",
        user=USER,
        group=USER,
        stdout=PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        async with asyncio.timeout(30):
            assert gateway.stdout is not None
            admin = await admin_port(gateway.stdout)
            assert await health(image, admin) == 0
            gateway.send_signal(signal.SIGTERM)
            last_words = await gateway.stdout.read()
            assert await gateway.wait() == 0, last_words.decode()
            assert await health(image, admin) != 0
    finally:
        if gateway.returncode is None:
            gateway.kill()
            await gateway.wait()


async def admin_port(log: asyncio.StreamReader) -> str:
    printed = []
    async for line in log:
        printed.append(line.decode())
        if line.startswith(b"{") and json.loads(line)["event"] == "listening":
            (address,) = json.loads(line)["admin"]
            return str(address).rpartition(":")[2]
    raise AssertionError("".join(printed))


async def health(image: Image, port: str) -> int:
    """Run the HEALTHCHECK, with *port* for the one that it names."""
    check = DOCKERFILE[-1].last("HEALTHCHECK").arguments
    words = json.loads(check[check.index("[") :])
    assert "9901" in words[-1]
    process = await asyncio.create_subprocess_exec(
        *(word.replace("9901", port) for word in words),
        env=image.environment(),
        cwd="/",
        user=USER,
        group=USER,
        stderr=asyncio.subprocess.DEVNULL,
    )
    return await process.wait()
