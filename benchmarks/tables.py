"""Medians and ratios, as a table for a terminal or for a document."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from benchmarks.cases import Case, Sample

HEAD = ("", "a second", "a CPU second", "CPU µs each", "p50 ms", "p99 ms", "PSS MiB")
PEERS = ("nginx", "mod_auth_openidc")
Results = Mapping[str, Sequence[Sample]]  # by the proxy's name
Row = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A title, the names of its columns, and its rows."""

    title: str
    head: Row
    rows: tuple[Row, ...]


def table(case: Case, results: Results) -> Table:
    """Return the table of *case*: medians, and ratios by CPU second to the peers."""
    rates = {name: _per_cpu(samples) for name, samples in results.items()}
    peers = [name for name in PEERS if name in rates]
    lies_idle = any(
        sample.each is not None for each in results.values() for sample in each
    )
    more = ("KiB each",) if lies_idle else tuple(f"x {peer}" for peer in peers)
    rows = []
    for name, samples in results.items():
        last = (
            _each(samples)
            if lies_idle
            else tuple(f"{rates[name] / rates[peer]:.2f}" for peer in peers)
        )
        rows.append((name, *_figures(samples), *last))
    return Table(f"{case.title} ({case.unit})", (*HEAD, *more), tuple(rows))


def memory_table(memory: Mapping[str, tuple[int, int, int]]) -> Table:
    """Return the PSS in KiB of each proxy: at its start, warm, and after all cases."""
    rows = tuple(
        (name, *(f"{kib / 1024:.1f}" for kib in kibs), f"{kibs[2] / kibs[1]:.2f}")
        for name, kibs in memory.items()
    )
    head = ("", "after start", "warm", "after all cases", "x warm")
    return Table("Memory (PSS in MiB, all processes)", head, rows)


def _per_cpu(samples: Sequence[Sample]) -> float:
    return median(sample.amount / max(sample.cpu, 0.01) for sample in samples)


def _each(samples: Sequence[Sample]) -> Row:
    return (f"{median(sample.each or 0 for sample in samples):.1f}",)


def _figures(samples: Sequence[Sample]) -> Row:
    rate = _per_cpu(samples)
    return (
        f"{median(sample.amount / sample.seconds for sample in samples):.0f}",
        f"{rate:.0f}",
        f"{1e6 / rate:.1f}",
        _milliseconds([sample.p50 for sample in samples]),
        _milliseconds([sample.p99 for sample in samples]),
        f"{max(sample.memory for sample in samples) / 1024:.1f}",
    )


def _milliseconds(seconds: Iterable[float | None]) -> str:
    known = [value for value in seconds if value is not None]
    return f"{median(known) * 1000:.2f}" if known else "-"


def as_text(shown: Table) -> str:
    """Return *shown* for a terminal."""
    widths = [
        max(len(row[column]) for row in (shown.head, *shown.rows))
        for column in range(len(shown.head))
    ]
    lines = [f"== {shown.title}"]
    for row in (shown.head, *shown.rows):
        cells = [row[0].ljust(widths[0])]
        cells += (
            cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)
        )
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines) + "\n"


def as_markdown(shown: Table) -> str:
    """Return *shown* for a document."""
    marks = ["---", *("---:" for _ in shown.head[1:])]
    rows = [shown.head, marks, *shown.rows]
    lines = [f"| {' | '.join(row)} |" for row in rows]
    return f"**{shown.title}**\n\n" + "\n".join(lines) + "\n"
