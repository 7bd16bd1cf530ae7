"""What a check found: problems, each at its place in the file, and notes."""

from collections.abc import Iterable
from dataclasses import dataclass

from config.problem import Finding


@dataclass(frozen=True, slots=True)
class Report:
    """*problems* are to be mended; *notes* say what is well, or could not be told."""

    problems: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()


def joined(reports: Iterable[Report]) -> Report:
    """Return all *reports* as one, in their order."""
    each = list(reports)
    return Report(
        tuple(problem for report in each for problem in report.problems),
        tuple(note for report in each for note in report.notes),
    )
