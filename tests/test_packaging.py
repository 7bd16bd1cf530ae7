"""What people install: the package and its pinned requirements."""

import json
import re
import shutil
import subprocess
import sys
import sysconfig
import tomllib
import venv
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.support.project import ROOT, project_files

PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
REQUIREMENTS = sorted((ROOT / "requirements").glob("*.txt"))


# --- Requirements --------------------------------------------------------


def pinned(name: str) -> dict[str, list[Requirement]]:
    found: dict[str, list[Requirement]] = {}
    for line in (ROOT / "requirements" / f"{name}.txt").read_text().splitlines():
        if line[:1].isalnum():
            requirement = Requirement(line.rstrip(" \\"))
            found.setdefault(canonicalize_name(requirement.name), []).append(
                requirement
            )
    return found


@pytest.mark.parametrize("file", REQUIREMENTS, ids=lambda file: file.stem)
def test_every_requirement_is_pinned_with_hashes(file: Path) -> None:
    entries = re.split(r"^(?=\w)", file.read_text(), flags=re.MULTILINE)[1:]
    assert entries
    for entry in entries:
        assert re.match(r"[\w.-]+==[\w.]+", entry)
        assert "--hash=sha256:" in entry


@pytest.mark.parametrize("file", REQUIREMENTS, ids=lambda file: file.stem)
def test_no_requirement_says_where_it_comes_from(file: Path) -> None:
    assert not re.search(
        r"://|--index|--extra-index|--find-links|^-i ", file.read_text()
    )


def wanted() -> Iterator[tuple[str, str]]:
    for requirement in PYPROJECT["project"]["dependencies"]:
        yield "runtime", requirement
    for requirements in PYPROJECT["project"]["optional-dependencies"].values():
        for requirement in requirements:
            yield "runtime", requirement
    for group, requirements in PYPROJECT["dependency-groups"].items():
        for requirement in requirements:
            if isinstance(requirement, str):
                yield group, requirement


@pytest.mark.parametrize(("file", "requirement"), list(wanted()))
def test_what_pyproject_asks_for_is_pinned(file: str, requirement: str) -> None:
    asked = Requirement(requirement)
    pins = pinned(file)[canonicalize_name(asked.name)]
    for pin in pins:
        (version,) = pin.specifier
        assert version.version in asked.specifier, "run scripts/lock"


def test_what_shares_an_environment_agrees() -> None:
    seen: dict[tuple[str, str], str] = {}
    for name in ("runtime", "build", "test", "check"):
        for package, pins in pinned(name).items():
            for pin in pins:
                known = seen.setdefault((package, str(pin.marker)), str(pin.specifier))
                assert known == str(pin.specifier), package


def test_the_express_recipe_is_pinned_with_hashes_and_no_address() -> None:
    text = (ROOT / "docs/recipes/express/package-lock.json").read_text()
    packages = json.loads(text)["packages"]
    assert set(packages[""]["dependencies"]) == {"express", "jose"}
    assert all("integrity" in each for name, each in packages.items() if name)
    assert "://" not in text


def test_the_go_recipe_is_pinned_with_hashes() -> None:
    folder = ROOT / "docs/recipes/net-http"
    wanted = re.findall(
        r"^\t(\S+ v\S+)$", (folder / "go.mod").read_text(), re.MULTILINE
    )
    pins = re.findall(r"^(\S+ v\S+) h1:", (folder / "go.sum").read_text(), re.MULTILINE)
    assert wanted
    assert set(wanted) <= set(pins)


# --- The package ---------------------------------------------------------


def wheel(into: Path) -> Path:
    """Build the wheel from a copy of the project's files; the backend is our own."""
    source = into / "source"
    for file in project_files():
        copy = source / file.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, copy)
    pip(sys.executable, "wheel", "--wheel-dir", str(into), str(source))
    (built,) = into.glob("*.whl")
    return built


def pip(python: str | Path, *arguments: str) -> None:
    """Run our pip on *python*'s environment; without a network, or it fails."""
    command = [sys.executable, "-m", "pip", "--python", str(python), arguments[0]]
    offline = ["--quiet", "--no-index", "--no-deps"]
    isolation = ["--no-build-isolation"] if arguments[0] == "wheel" else []
    subprocess.run([*command, *offline, *isolation, *arguments[1:]], check=True)


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh environment with the package; the dependencies are lent by ours."""
    folder = tmp_path_factory.mktemp("installed")
    venv.create(folder / "venv", with_pip=False)
    python = folder / "venv" / "bin" / "python"
    pip(python, "install", str(wheel(folder)))
    paths = {"base": str(folder / "venv"), "platbase": str(folder / "venv")}
    packages = Path(sysconfig.get_path("purelib", scheme="venv", vars=paths))
    (packages / "lent.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return folder / "venv"


def test_the_wheel_carries_pages_and_styles(installed: Path) -> None:
    (packages,) = (installed / "lib").glob("python*/site-packages")
    files = [file.relative_to(ROOT) for file in project_files()]
    ours = [file for file in files if file.parts[0] in {"config", "gateway"}]
    assert any(file.suffix == ".html" for file in ours)
    assert [str(file) for file in ours if not (packages / file).is_file()] == []


def test_a_foreign_config_in_the_working_directory_is_not_ours(
    installed: Path, tmp_path: Path
) -> None:
    (tmp_path / "config.py").write_text("raise SystemExit('the wrong config')\n")
    (tmp_path / "gateway.py").write_text("raise SystemExit('the wrong gateway')\n")
    done = subprocess.run(
        [installed / "bin" / "gateway", "keygen"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.strip()
