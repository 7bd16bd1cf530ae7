"""Programs that tests need from the system, and what happens where they are missing.

``scripts/test`` installs them where it can.  Elsewhere a test that needs one is
skipped with a line that says so; with ``CI=true`` it fails, so that nothing goes
untested without anybody noticing.
"""

import os
import shutil
from pathlib import Path
from typing import NoReturn

import pytest

from tests.support.project import ROOT

SYSTEM_PATH = "/usr/sbin:/usr/local/sbin:/sbin"  # servers; not on everybody's path


def program(name: str) -> str:
    """Return the path of the program *name*; skip or fail the test without it."""
    searched = f"{os.environ.get('PATH', os.defpath)}:{SYSTEM_PATH}"  # noqa: TID251
    found = shutil.which(name, path=searched)
    if found is None:
        missing(f"{name} is not installed")
    return found


def application_python(name: str) -> Path:
    """Return the Python of the environment that real application *name* lives in."""
    python = ROOT / ".venvs" / name / "bin" / "python"
    if not python.exists():
        missing(f"{name} is not installed: scripts/test does it")
    return python


def missing(what: str) -> NoReturn:
    """Skip the test for want of *what*; fail it in continuous integration."""
    if os.environ.get("CI") == "true":  # noqa: TID251
        pytest.fail(f"{what} (a failure because CI=true)", pytrace=False)
    pytest.skip(what)
