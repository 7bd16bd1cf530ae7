"""The files of the project itself."""

import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent


def project_files() -> list[Path]:
    """Return what git tracks, and what it would track: new files count too."""
    # In a container the checkout often belongs to someone else, which git refuses.
    safe = ["-c", "safe.directory=*"]
    listing = subprocess.run(
        ["git", *safe, "ls-files", "-coz", "--exclude-standard"],  # noqa: S607
        cwd=ROOT,
        check=True,
        capture_output=True,
    ).stdout
    files = [ROOT / name for name in listing.decode().split("\0") if name]
    return [file for file in files if file.is_file()]
