"""`python -m gateway`: the command, also from a directory with a foreign config.py."""

import sys
from pathlib import Path

# `-m` looks for modules in the working directory first. Nothing of ours is there,
# unless it is the checkout itself; a file of the operator must not stand in for ours.
_HOME = Path(__file__).resolve().parent.parent
if not sys.flags.safe_path and Path(sys.path[0]).resolve() != _HOME:
    del sys.path[0]

from gateway.cli import main  # noqa: E402 - only now is the path in order

if __name__ == "__main__":
    main(prog_name="gateway")
