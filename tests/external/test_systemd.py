"""The unit in deploy/, read by systemd; only with ``scripts/test --external``."""

import subprocess
from pathlib import Path

from tests.support.programs import program
from tests.support.project import ROOT

UNIT = ROOT / "deploy" / "gateway.service"


def test_systemd_understands_the_unit(tmp_path: Path) -> None:
    unit = tmp_path / UNIT.name
    # The command is not installed here, and need not be.
    unit.write_text(UNIT.read_text().replace("/opt/gateway/bin/gateway", "/bin/true"))
    done = subprocess.run(
        [program("systemd-analyze"), "verify", str(unit)],
        check=False,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, "")
