"""What is wrong with a configuration: where it stands, and one sentence.

No sentence ever repeats a value of the file or of the environment, since any value
may be a secret that was written in the wrong place.
"""

import difflib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass

Path = tuple[str | int, ...]

_BARE = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)


@dataclass(frozen=True, slots=True)
class Finding:
    """A sentence about the value that *path* leads to; *see* leads to its rival."""

    path: Path
    sentence: str
    see: Path | None = None


class Wrong(ValueError):  # noqa: N818 - reads as a sentence where it is raised
    """A value is not what its key takes; raised by the parsers of single values."""

    def __init__(self, *found: str | Finding) -> None:
        super().__init__("the value is not what its key takes")
        self.findings = tuple(
            Finding((), one) if isinstance(one, str) else one for one in found
        )

    def within(self, path: Path) -> tuple[Finding, ...]:
        """Return the findings as those of the value that *path* leads to."""
        return tuple(
            Finding((*path, *one.path), one.sentence, one.see) for one in self.findings
        )


@dataclass(frozen=True, slots=True)
class Problem:
    """One line for the operator: where, which key, what was expected."""

    source: str
    line: int | None
    key: str
    sentence: str

    def __str__(self) -> str:
        where = self.source if self.line is None else f"{self.source}:{self.line}"
        return ": ".join(part for part in (where, self.key, self.sentence) if part)


class ConfigurationError(Exception):
    """The configuration cannot be used; *problems* holds every reason, in order."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))


def dotted(path: Path) -> str:
    """Return *path* as the operator reads it, such as ``routes[1].allow.x_ids``."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += f".{_readable(part)}" if text else _readable(part)
    return text


def _readable(part: str) -> str:
    """Return *part* as TOML would write it, so that a key cannot pose as a line."""
    if _BARE.fullmatch(part):
        return part
    return json.dumps(part, ensure_ascii=not part.isprintable())


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the one of *known* that *name* was probably meant to be, or None."""
    by_lower = {one.lower(): one for one in known}
    close = difflib.get_close_matches(name.lower(), by_lower, n=1, cutoff=0.6)
    return by_lower[close[0]] if close else None


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return " (did you mean …?)" for the nearest of *known*, or nothing."""
    close = nearest(name, known)
    return "" if close is None else f" (did you mean {close}?)"
