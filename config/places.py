"""Where a value was written: a line of the file, or a variable of the environment."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from config.problem import Finding, Path, Problem, dotted

ENVIRONMENT = "environment"


@dataclass(frozen=True, slots=True)
class Place:
    """A source, its line if it has lines, and how the value is called there.

    *part* says which part of that value is meant, in words.
    """

    source: str
    line: int | None
    name: Path
    part: str = ""


class Places:
    """The places of all values, so that a finding can say where it stands."""

    def __init__(self, source: str, lines: Mapping[Path, int]) -> None:
        self._source = source
        self._places = {path: Place(source, line, path) for path, line in lines.items()}

    def put(self, path: Path, place: Place) -> None:
        """Say that the value of *path*, with all in it, was written at *place*."""
        for inner in [one for one in self._places if one[: len(path)] == path]:
            del self._places[inner]
        self._places[path] = place

    def move(self, path: Path, to: Path, part: str = "") -> None:
        """Say that the value of *path* was written where *to* was, in its *part*."""
        place, rest = self._nearest(to)
        self.put(path, replace(place, name=(*place.name, *rest), part=part))

    def line(self, path: Path) -> int | None:
        """Return the line on which the value of *path* stands, if it has one."""
        return self._nearest(path)[0].line

    def problems(self, findings: Iterable[Finding]) -> list[Problem]:
        """Return the problems to show, those of the file first, in its order."""
        problems = map(self._problem, dict.fromkeys(findings))
        return sorted(problems, key=self._order)

    def _order(self, problem: Problem) -> tuple[bool, int]:
        return problem.source != self._source, problem.line or 0

    def _problem(self, finding: Finding) -> Problem:
        place, rest = self._nearest(finding.path)
        sentence = finding.sentence
        if finding.see is not None:
            sentence += f" ({self._where(finding.see)})"
        key = dotted((*place.name, *rest)) + place.part
        return Problem(place.source, place.line, key, sentence)

    def _where(self, path: Path) -> str:
        place, rest = self._nearest(path)
        if place.source == ENVIRONMENT:
            return f"in {dotted(place.name)}"
        return "by default" if rest else f"line {place.line}"

    def _nearest(self, path: Path) -> tuple[Place, Path]:
        for length in range(len(path), 0, -1):
            place = self._places.get(path[:length])
            if place is not None:
                return place, path[length:]
        return Place(self._source, None, ()), path
