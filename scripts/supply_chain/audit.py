"""Are the pinned dependencies known to be vulnerable, and may they be shipped?

Asks the database of OSV (osv.dev) about every pin at once. Where that cannot be reached
it says so, and nothing fails: nobody has looked then. A finding fails, unless
allowed.toml has it, with a reason and a day that has not come.
"""

import argparse
import json
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from pathlib import Path

from scripts.supply_chain import licences
from scripts.supply_chain.allowed import Finding, NotAllowed, judged, read_allowed
from scripts.supply_chain.pinned import ROOT, Pinned, Unreadable, read

DATABASE = "https://api.osv.dev/v1/querybatch"
ALLOWED = Path(__file__).parent / "allowed.toml"
SHIPPED = "runtime"
USED = ("runtime", "build", "test", "check", "lock")  # in .venv
WAIT = 10.0  # seconds
LARGEST = 16 * 1024 * 1024  # bytes


class Unreachable(Exception):  # noqa: N818 - says what is the case
    """The database does not answer, or not what it should; the message says why."""


def vulnerable(pinned: Sequence[Pinned], database: str) -> Iterator[Finding]:
    """Yield what *database* knows of *pinned*.  Raises Unreachable."""
    results = _asked(pinned, database).get("results")
    if not isinstance(results, list) or len(results) != len(pinned):
        raise Unreachable("its answer is not understood")
    for one, result in zip(pinned, results, strict=True):
        for known in (result or {}).get("vulns") or []:
            name = str(known.get("id", "?"))
            what = f"{name}, see https://osv.dev/vulnerability/{name}"
            yield Finding("vulnerability", one.name, one.version, what, name)


def _asked(pinned: Sequence[Pinned], database: str) -> dict[str, object]:
    queries = [
        {"package": {"name": one.name, "ecosystem": "PyPI"}, "version": one.version}
        for one in pinned
    ]
    request = urllib.request.Request(  # noqa: S310 - the address is ours
        database,
        json.dumps({"queries": queries}).encode(),
        {"Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=WAIT) as answer:  # noqa: S310
            found = json.loads(answer.read(LARGEST))
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", None) or error
        raise Unreachable(str(reason)) from error
    return found if isinstance(found, dict) else {}


def audit(database: str, allowed: Path, today: date) -> int:
    """Look, say what was found on standard error, and return the exit code."""
    try:
        known = read_allowed(allowed.read_text("utf-8"))
        files = {name: read(ROOT / "requirements" / f"{name}.txt") for name in USED}
    except (OSError, NotAllowed, Unreadable) as error:
        _say([f"{allowed.name}: {error}"])
        return 1
    findings = list(licences.findings(files[SHIPPED]))
    pinned = sorted(
        {
            (one.name, one.version): one for file in files.values() for one in file
        }.items()
    )
    try:
        findings += vulnerable([one for _, one in pinned], database)
    except Unreachable as error:
        _say([
            f"The database of vulnerabilities could not be reached ({error}):",
            "nobody has looked for known ones. This does not fail; look again where",
            "there is a network.",
        ])  # fmt: skip
    else:
        _say([f"{len(pinned)} packages looked up."])
    wrong, said = judged(findings, known, today)
    _say([*said, *wrong])
    return 1 if wrong else 0


def _say(lines: Sequence[str]) -> None:
    sys.stderr.writelines(f"{line}\n" for line in lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run it from the command line.  Returns the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--database", default=DATABASE)
    parser.add_argument("--allowed", type=Path, default=ALLOWED)
    asked = parser.parse_args(arguments)
    today = datetime.now(UTC).date()  # noqa: TID251 - a day, for allowed.toml
    return audit(asked.database, asked.allowed, today)


if __name__ == "__main__":
    sys.exit(main())
