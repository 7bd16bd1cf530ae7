"""How the scripts set up machines that this one is not."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.programs import program
from tests.support.project import ROOT

TOOLS = ["cat", "cmp", "cp", "dirname", "id", "mkdir", "rm", "sh", "tr"]

# Each is a Python as far as the scripts ask: version, modules, venv, pip.
WORKS = """#!/bin/sh
case "$*" in
"-m venv --clear "*) rm -rf "$4" && mkdir -p "$4/bin" && cp "$0" "$4/bin/python" ;;
"-m pip --version" | *ensurepip*) exit 0 ;;
*) echo 3.13 ;;
esac
"""
# What pyenv leaves on the path for a version that is installed but not chosen.
SHIM = '#!/bin/sh\necho "pyenv: $0: command not found" >&2\nexit 127\n'
# Debian's python3 without python3-venv: it runs, and has no ensurepip.
NO_ENSUREPIP = '#!/bin/sh\ncase "$2" in *ensurepip*) exit 1 ;; *) echo 3.13 ;; esac\n'
# It has all it needs, and then cannot do it (a full disk, a broken installation).
FAILS = '#!/bin/sh\ncase "$*" in "-m venv "*) exit 1 ;; *) echo 3.13 ;; esac\n'
OLD = "#!/bin/sh\necho 3.10\n"


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """The programs of a machine that has no Python yet."""
    programs = tmp_path / "bin"
    programs.mkdir()
    for tool in TOOLS:
        found = shutil.which(tool)
        assert found
        (programs / tool).symlink_to(found)
    return programs


def give(machine: Path, name: str, script: str) -> None:
    (machine / name).write_text(script)
    (machine / name).chmod(0o755)


def run(
    machine: Path, command: str, folder: Path = ROOT, **variables: str
) -> tuple[int, str]:
    done = subprocess.run(
        [machine / "sh", "-euc", f". scripts/environment; {command}"],
        cwd=folder,
        env={"PATH": str(machine), **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout


def make_environment(machine: Path, **variables: str) -> tuple[int, str]:
    return run(machine, f"make_environment {machine.parent}/env", ROOT, **variables)


def made(machine: Path) -> bool:
    return (machine.parent / "env" / "bin" / "python").read_text() == WORKS


def test_the_first_python_that_can_is_taken(machine: Path) -> None:
    give(machine, "python3.14", SHIM)
    give(machine, "python3.13", NO_ENSUREPIP)
    give(machine, "python3.12", FAILS)
    give(machine, "python3.11", WORKS)
    code, said = make_environment(machine)
    assert code == 0
    assert "with python3.12\npython3.12 could not; trying the next\n" in said
    assert said.endswith("with python3.11\n")
    assert made(machine)


def test_an_environment_that_fits_is_kept(machine: Path) -> None:
    give(machine, "python3", WORKS)
    assert make_environment(machine)[0] == 0
    mark = machine.parent / "env" / "mark"
    mark.touch()
    assert make_environment(machine) == (0, "")
    assert mark.exists()


@pytest.mark.parametrize(
    "python",
    [
        pytest.param(OLD, id="of an older Python"),
        pytest.param(SHIM, id="of a Python that is gone"),
    ],
)
def test_an_environment_that_does_not_fit_is_made_anew(
    machine: Path, python: str
) -> None:
    old = machine.parent / "env" / "bin"
    old.mkdir(parents=True)
    give(old, "python", python)
    give(machine, "python3", WORKS)
    code, said = make_environment(machine)
    assert (code, said.count("Making")) == (0, 1)
    assert made(machine)


@pytest.mark.parametrize("only", [NO_ENSUREPIP, SHIM, None])
def test_where_none_can_debian_is_told_the_one_command(
    machine: Path, only: str | None
) -> None:
    if only is not None:
        give(machine, "python3", only)
    give(machine, "apt-get", "#!/bin/sh\nexit 1\n")
    code, said = make_environment(machine)
    assert code == 1
    assert said.rstrip().endswith("apt-get install -y python3-venv")
    assert not (machine.parent / "env").exists()


def test_a_python_that_was_asked_for_is_the_only_one_tried(machine: Path) -> None:
    give(machine, "python3.13", SHIM)
    give(machine, "python3.11", WORKS)
    code, said = make_environment(machine, PYTHON="python3.13")
    assert code == 1
    assert said.startswith("PYTHON=python3.13 cannot make a virtual environment")


APT_GET = '#!/bin/sh\necho "apt-get $*"\n'
WANTED = "install_programs sh:dash no-browser:browser,fonts no-server:server"


def test_root_on_debian_gets_what_is_missing(machine: Path) -> None:
    (machine / "id").unlink()
    give(machine, "id", "#!/bin/sh\necho 0\n")
    give(machine, "apt-get", APT_GET)
    code, said = run(machine, WANTED)
    assert code == 0
    assert said.splitlines() == [
        "Installing with apt-get: browser fonts server",
        "apt-get update -qq",
        "apt-get install -y -qq --no-install-recommends browser fonts server",
    ]


@pytest.mark.parametrize(
    ("user", "apt_get"),
    [
        pytest.param("1000", APT_GET, id="not root"),
        pytest.param("0", None, id="not Debian"),
        pytest.param("0", "#!/bin/sh\nexit 100\n", id="no network"),
    ],
)
def test_elsewhere_a_line_says_what_is_missing(
    machine: Path, user: str, apt_get: str | None
) -> None:
    (machine / "id").unlink()
    give(machine, "id", f"#!/bin/sh\necho {user}\n")
    if apt_get:
        give(machine, "apt-get", apt_get)
    code, said = run(machine, WANTED)
    assert code == 0
    assert said.splitlines()[-1] == (
        "Missing: no-browser no-server. "
        "The tests that need it are skipped (with CI=true they fail)."
    )


# --- Recipes of other languages ------------------------------------------

NPM = '#!/bin/sh\necho "npm $*"\n'
GO = '#!/bin/sh\necho "go $* in $(basename "$PWD") with $GOFLAGS"\n'


@pytest.fixture
def project(machine: Path) -> Path:
    """A project with a recipe for each of them, to which nothing is installed."""
    (machine / "basename").symlink_to(shutil.which("basename") or "")
    folder = machine.parent / "project"
    shutil.copytree(ROOT / "docs/recipes", folder / "docs/recipes")
    shutil.copytree(ROOT / "scripts", folder / "scripts")
    return folder


def test_what_npm_installs_runs_no_code_and_is_installed_once(
    machine: Path, project: Path
) -> None:
    give(machine, "npm", NPM)
    command = "install_node express"
    code, said = run(machine, command, project)
    assert code == 0
    assert "npm ci --prefix .node/express --ignore-scripts" in said
    assert run(machine, command, project) == (0, "")
    (project / "docs/recipes/express/package-lock.json").write_text("{}")
    assert "npm ci" in run(machine, command, project)[1]


def test_what_npm_could_not_install_is_tried_again(
    machine: Path, project: Path
) -> None:
    give(machine, "npm", "#!/bin/sh\nexit 1\n")
    assert run(machine, "install_node express", project)[0] == 1
    give(machine, "npm", NPM)
    assert "npm ci" in run(machine, "install_node express", project)[1]


def test_go_builds_what_is_pinned(machine: Path, project: Path) -> None:
    give(machine, "go", GO)
    code, said = run(machine, "build_go net-http", project)
    assert code == 0
    assert f"go build -o {project}/.go/net-http . in net-http" in said
    assert said.endswith("with -mod=readonly -buildvcs=false\n")


@pytest.mark.parametrize("command", ["install_node express", "build_go net-http"])
def test_without_the_language_nothing_is_done(
    machine: Path, project: Path, command: str
) -> None:
    assert run(machine, command, project) == (0, "")


@pytest.mark.parametrize(
    ("ci", "outcome"),
    [
        pytest.param("", pytest.skip.Exception, id="skipped at a desk"),
        pytest.param("true", pytest.fail.Exception, id="a failure in CI"),
    ],
)
def test_a_missing_program_is(
    monkeypatch: pytest.MonkeyPatch, ci: str, outcome: type[BaseException]
) -> None:
    monkeypatch.setenv("CI", ci)
    with pytest.raises(outcome, match="no-such-program is not installed"):
        program("no-such-program")


@pytest.mark.parametrize(
    "arguments",
    [["--minutes"], ["--minutes", "soon"], ["--seed", "-1"], ["--help"]],
    ids=" ".join,
)
def test_fuzzing_says_how_it_is_asked(machine: Path, arguments: list[str]) -> None:
    done = subprocess.run(
        [machine / "sh", ROOT / "scripts" / "fuzz", *arguments],
        env={"PATH": str(machine)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("usage: scripts/fuzz [--minutes N] [--seed N]")
