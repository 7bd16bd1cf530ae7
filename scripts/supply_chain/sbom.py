"""Writes what the gateway is made of as CycloneDX 1.6, from requirement files.

The same files give the same bytes: no time, no random number, and no address of where
packages come from. The hashes that pip checks stay in the requirement files.
"""

import argparse
import json
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path

from scripts.supply_chain.pinned import OURS, ROOT, Pinned, Unreadable, read

SCHEMA = "http://cyclonedx.org/schema/bom-1.6.schema.json"


def document(version: str, pinned: Sequence[Pinned]) -> dict[str, object]:
    """Return the document for *version* of the gateway, which stands on *pinned*."""
    own = f"pkg:pypi/{OURS}@{version}"
    return {
        "$schema": SCHEMA,
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "component": {
                "type": "application",
                "bom-ref": own,
                "name": OURS,
                "version": version,
                "purl": own,
                "licenses": [{"license": {"id": "Apache-2.0"}}],
            }
        },
        "components": [_component(each) for each in pinned],
        "dependencies": [
            {"ref": own, "dependsOn": _asked_by(OURS, pinned)},
            *(
                {"ref": _purl(each), "dependsOn": _asked_by(each.name, pinned)}
                for each in pinned
            ),
        ],
    }


def _component(pinned: Pinned) -> dict[str, object]:
    component: dict[str, object] = {
        "type": "library",
        "bom-ref": _purl(pinned),
        "name": pinned.name,
        "version": pinned.version,
        "purl": _purl(pinned),
    }
    if pinned.marker:  # PEP 508: needed on some machines only
        component["scope"] = "optional"
        component["properties"] = [{"name": "python:marker", "value": pinned.marker}]
    return component


def _purl(pinned: Pinned) -> str:
    return f"pkg:pypi/{pinned.name}@{pinned.version}"


def _asked_by(name: str, pinned: Sequence[Pinned]) -> list[str]:
    return [_purl(each) for each in pinned if name in each.via]


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the document, or write it to a file.  Returns the exit code."""
    parser = argparse.ArgumentParser(prog="scripts/sbom", description=__doc__)
    parser.add_argument("--output", type=Path, help="a file, instead of printing it")
    parser.add_argument(
        "requirements",
        nargs="*",
        type=Path,
        default=[ROOT / "requirements" / "runtime.txt"],
        help="requirement files; the image's (requirements/runtime.txt) if none",
    )
    asked = parser.parse_args(arguments)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    try:
        pinned = {one: None for file in asked.requirements for one in read(file)}
    except (OSError, Unreadable) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    text = json.dumps(document(project["version"], list(pinned)), indent=2) + "\n"
    if asked.output is None:
        sys.stdout.write(text)
    else:
        asked.output.write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
