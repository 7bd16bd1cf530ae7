"""What people met with during a soak, and whether any of it was wrong."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from statistics import quantiles
from typing import Any

EXAMPLES = 10  # of what is wrong, that are told
LINES = 3  # of the log of one event, that are told
LONGEST = 1000  # characters of such a line
OK, FAULT = "200", "500"
# Levels of the log that nobody should see while nothing is wrong.
TROUBLE = ("warning", "error", "critical")
# Events that say that the gateway is at fault, but for the exceptions that say that
# Logto or Redis was away, or that the supervisor had no time.
FAULTS = frozenset(
    {"internal_error", "loop_error", "owned_work_failed", "worker_channel_broken"}
)
AWAY = frozenset({"ProviderUnavailable", "StoreAway", "SharingAway"})
# What must not happen, ever.
WRONG = {
    "signed out": "wrong sign-outs",
    "someone else": "answers for somebody else",
    "still in": "answers after a sign-out",
    "late": "WebSockets that outlived a sign-out by more than two seconds",
    "fault": "faults of the gateway, as answers of 500 or in its log",
}


@dataclass(slots=True)
class Figures:
    """Counted as it happens; times in seconds, memory in KiB."""

    seconds: float = 0.0
    sessions: int = 0
    requests: Counter[str] = field(default_factory=Counter)  # by status
    took: list[float] = field(default_factory=list)
    wrong: Counter[str] = field(default_factory=Counter)
    examples: list[str] = field(default_factory=list)
    wanted: int = 0  # sign-outs
    sockets: Counter[str] = field(default_factory=Counter)
    logto: Counter[str] = field(default_factory=Counter)
    log: Counter[str] = field(default_factory=Counter)  # of the gateway, by event
    trouble: dict[str, list[str]] = field(default_factory=dict)  # its first lines
    memory: tuple[int, int] = (0, 0)

    def met(self, what: str, about: str) -> None:
        """Count something that is wrong, and keep the first few of them."""
        self.wrong[what] += 1
        if len(self.examples) < EXAMPLES:
            self.examples.append(f"{WRONG[what]}: {about}")

    def answered(self, status: int, about: str) -> None:
        """Count an answer of the gateway; one of 500 is wrong."""
        self.requests[str(status)] += 1
        if str(status) == FAULT:
            self.met("fault", f"{about}, {status}")

    def read_log(self, lines: Iterable[str]) -> None:
        """Count what the gateway said by events, and keep what tells of trouble."""
        for line in lines:
            with suppress(ValueError):  # cut where it was killed
                self._read(line.strip(), json.loads(line))

    def read_errors(self, text: str) -> None:
        """Take in what the gateway said on standard error: nothing, as a rule."""
        if text.strip():
            self.met("fault", text.strip()[-LONGEST:])

    def _read(self, line: str, told: dict[str, Any]) -> None:
        event, reason = told["event"], told.get("reason") or told.get("message", "")
        raised = {one["type"] for one in told.get("exception", ())}
        if event == "request":
            return
        self.log[f"{event}: {reason}" if reason else event] += 1
        if event in FAULTS and not raised & AWAY:
            self.met("fault", line[:LONGEST])
        elif told["level"] in TROUBLE:
            kept = self.trouble.setdefault(event, [])
            if len(kept) < LINES:
                kept.append(line[:LONGEST])

    @property
    def is_right(self) -> bool:
        """Whether nothing that is wrong was met with, and something was done."""
        return not self.wrong and self.requests[OK] > 0

    def lines(self) -> Iterator[str]:
        """Yield the lines of the report."""
        for name, value in self._rows():
            yield f"{name:<58} {value}"
        yield from self.examples
        for lines in self.trouble.values():
            yield from lines

    def _rows(self) -> Iterator[tuple[str, object]]:
        total = self.requests.total()
        yield "requests", f"{total}, {total / self.seconds:.0f} a second"
        others = Counter({k: n for k, n in self.requests.items() if k != OK})
        for status, count in sorted(others.items()):
            yield f"  that were no 200: {status}", count
        if len(self.took) > 1:
            p50, p99 = (quantiles(self.took, n=100)[place] * 1e3 for place in (49, 98))
            yield "p50, p99", f"{p50:.1f} ms, {p99:.1f} ms"
        yield "sign-ins", self.logto["sign_ins"]
        yield "sign-outs wanted", self.wanted
        refreshes, minutes = self.logto["refreshes"], self.seconds / 60
        each = refreshes / max(self.sessions, 1) / minutes
        yield "refreshes at Logto", f"{refreshes}, {each:.1f} a session and minute"
        yield "  refresh tokens that Logto replaced", self.logto["rotations"]
        refusals = {name for name in self.logto if name.startswith("refused: ")}
        for name in sorted(refusals):
            yield f"  {name}", self.logto[name]
        for what, count in sorted(self.sockets.items()):
            yield f"WebSockets {what}", count
        for what, words in WRONG.items():
            yield words, self.wrong[what]
        for event, count in sorted(self.log.items()):
            yield f"in the log, {event}"[:58], count
        before, after = (kib / 1024 for kib in self.memory)
        yield "memory (PSS)", f"{before:.1f} MiB, at the end {after:.1f} MiB"
