"""What a process loads that serves nobody itself."""

import subprocess
import sys

from tests.support.project import ROOT


def test_a_supervisor_does_not_load_what_makes_a_gateway() -> None:
    program = (
        "import sys, gateway.serving, gateway.operations.workers.supervisor\n"
        "print(*(name for name in ('gateway.app', 'gateway.assembly', 'logto') "
        "if name in sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    assert done.stdout == "\n"
