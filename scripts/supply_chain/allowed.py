"""The findings that may stay: each with a reason, and a day on which that ends."""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Literal

from scripts.supply_chain.pinned import normalised

Kind = Literal["vulnerability", "licence"]


class NotAllowed(Exception):  # noqa: N818 - says what is the case
    """An entry that is no entry; the message says which, and why."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong with a *package*: a licence, or the vulnerability *id*."""

    kind: Kind
    package: str
    version: str
    what: str
    id: str = ""

    def __str__(self) -> str:
        return f"{self.package} {self.version}: {self.what}"


@dataclass(frozen=True, slots=True)
class Allowed:
    """A finding that may stay *until* a day."""

    kind: Kind
    package: str
    id: str
    until: date

    def covers(self, finding: Finding) -> bool:
        """Return whether it is about *finding*."""
        return (self.kind, self.package, self.id) == (
            finding.kind, finding.package, finding.id,
        )  # fmt: skip


def read_allowed(text: str) -> list[Allowed]:
    """Return the entries of *text*, TOML.  Raises NotAllowed where one lacks a part."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise NotAllowed(str(error)) from error
    return [*_entries(document, "vulnerability"), *_entries(document, "licence")]


def _entries(document: dict[str, object], kind: Kind) -> Iterator[Allowed]:
    entries = document.get(kind, [])
    listed = entries if isinstance(entries, list) else [entries]
    for number, entry in enumerate(listed):
        if not isinstance(entry, dict):
            raise NotAllowed(f"{kind}[{number}] is no table")
        needed = ("package", "reason", *(("id",) if kind == "vulnerability" else ()))
        for key in needed:
            if not isinstance(entry.get(key), str) or not entry[key].strip():
                raise NotAllowed(f"{kind}[{number}] has no {key}")
        until = entry.get("until")
        if type(until) is not date:
            raise NotAllowed(f"{kind}[{number}] has no day in until")
        name = normalised(entry["package"])
        yield Allowed(kind, name, entry.get("id", ""), until)


def judged(
    findings: list[Finding], allowed: list[Allowed], today: date
) -> tuple[list[str], list[str]]:
    """Return what is wrong, and what is worth saying, one line each."""
    wrong: list[str] = []
    said: list[str] = []
    for finding in findings:
        entries = [one for one in allowed if one.covers(finding)]
        if not entries:
            wrong.append(str(finding))
        elif all(one.until < today for one in entries):
            until = max(one.until for one in entries)
            wrong.append(f"{finding} (it was allowed until {until})")
        else:
            said.append(f"{finding} (allowed)")
    return wrong, said
