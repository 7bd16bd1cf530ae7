"""Reads requirement files: what is pinned, where it counts, and for whom."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
OURS = "logto-gateway"

_PIN = re.compile(
    r"(?P<name>[A-Za-z0-9._-]+)(?:\[[^]]*\])?==(?P<version>[^\s;\\]+)"
    r"(?:\s*;\s*(?P<marker>[^\\]+?))?\s*\\?"
)
_VIA = re.compile(r"\s+# via (?P<names>.+)")


@dataclass(frozen=True, slots=True)
class Pinned:
    """A package at a version; *marker* says on which machines, *via* who asked."""

    name: str
    version: str
    marker: str
    via: tuple[str, ...]


class Unreadable(Exception):  # noqa: N818 - says what is the case
    """A requirement file with a line that is not understood; the message says which."""


def normalised(name: str) -> str:
    """Return the one spelling of a package's *name* (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def read(path: Path) -> list[Pinned]:
    """Return what the requirement file *path* pins, sorted.  Raises Unreadable."""
    return sorted(
        _pins(path.read_text("utf-8").splitlines(), path.name),
        key=lambda pinned: (pinned.name, pinned.version, pinned.marker),
    )


def _pins(lines: Iterable[str], file: str) -> Iterator[Pinned]:
    pinned: re.Match[str] | None = None
    via: list[str] = []
    for number, line in enumerate(lines, 1):
        if asked := _VIA.fullmatch(line):
            via += [normalised(one.split()[0]) for one in asked["names"].split(", ")]
        elif line.lstrip().startswith(("#", "--hash=")) or not line.strip():
            continue
        elif found := _PIN.fullmatch(line):
            if pinned is not None:
                yield _made(pinned, via)
            pinned, via = found, []
        else:
            raise Unreadable(f"{file}:{number}: not understood")
    if pinned is not None:
        yield _made(pinned, via)


def _made(found: re.Match[str], via: list[str]) -> Pinned:
    marker = (found["marker"] or "").strip()
    return Pinned(normalised(found["name"]), found["version"], marker, tuple(via))
