"""Medians and ratios, as a table for a terminal or for a document."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from benchmarks.cases import Case, Sample

HEAD = ("", "a second", "a CPU second", "CPU µs each", "p50 ms", "p99 ms", "PSS MiB")
PEERS = ("nginx", "nginx, https", "mod_auth_openidc")
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
    last_names, last = _last_columns(results, rates, peers)
    rows = tuple(
        (name, *_figures(samples), *last(name)) for name, samples in results.items()
    )
    return Table(f"{case.title} ({case.unit})", (*HEAD, *last_names), rows)


def _last_columns(
    results: Results, rates: Mapping[str, float], peers: Sequence[str]
) -> tuple[Row, Callable[[str], Row]]:
    """Return what the case is about, by name: ratios, or memory of one kind."""
    sample = next(iter(results.values()))[0]
    if sample.each is not None:
        return ("KiB each",), lambda name: _median([s.each for s in results[name]], 1)
    if sample.grown is not None:
        return ("MiB more",), lambda name: _median(
            [s.grown for s in results[name]], 1024
        )
    return tuple(f"x {peer}" for peer in peers), lambda name: tuple(
        f"{rates[name] / rates[peer]:.2f}" for peer in peers
    )


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


def _median(values: Iterable[float | None], divisor: float) -> Row:
    return (f"{median(value or 0 for value in values) / divisor:.1f}",)


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
