"""Metrics of several processes as one.

Counters and histograms are added up, also those of workers that are gone: what was
counted once never grows less.  Gauges are added up, but for those that say whether
something is so, or when something comes: the soonest counts.  What belongs to a
process (memory, descriptors, garbage collection) stays apart, with the worker as a
label.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from math import isfinite

from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

GROWING = frozenset({"counter", "histogram"})
OF_A_PROCESS = ("process_", "python_gc_")
YES_OR_NO = frozenset({"gateway_build", "gateway_logto_away", "gateway_redis_away"})
SOONEST = frozenset({"gateway_tls_certificate_not_after_seconds"})
LABEL = "worker"

Labels = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Sample:
    """One value; *labels* are names and values in the metric's order."""

    name: str
    labels: Labels
    value: float


@dataclass(frozen=True, slots=True)
class Family:
    """A metric with all its samples; *kind* is Prometheus' type."""

    name: str
    kind: str
    text: str
    samples: tuple[Sample, ...]


def families(metrics: Iterable[Metric]) -> tuple[Family, ...]:
    """Return *metrics* as they are now."""
    return tuple(
        Family(
            metric.name,
            metric.type,
            metric.documentation,
            tuple(
                Sample(sample.name, tuple(sample.labels.items()), float(sample.value))
                for sample in metric.samples
                if isfinite(sample.value)
            ),
        )
        for metric in metrics
    )


def growing(told: Iterable[Family]) -> tuple[Family, ...]:
    """Return what of *told* must not grow less, though its process is gone."""
    return tuple(
        family
        for family in told
        if family.kind in GROWING and not family.name.startswith(OF_A_PROCESS)
    )


def summed(told: Mapping[str, Iterable[Family]]) -> list[Family]:
    """Return the families of all processes, by their names, as one set."""
    first: dict[str, Family] = {}
    values: dict[str, dict[tuple[str, Labels], float]] = {}
    for process, its in told.items():
        for family in its:
            first.setdefault(family.name, family)
            known = values.setdefault(family.name, {})
            of_a_process = family.name.startswith(OF_A_PROCESS)
            for sample in family.samples:
                more: Labels = ((LABEL, process),) if of_a_process else ()
                key = sample.name, (*sample.labels, *more)
                if family.name in YES_OR_NO:
                    known[key] = max(known.get(key, sample.value), sample.value)
                elif family.name in SOONEST:
                    known[key] = min(known.get(key, sample.value), sample.value)
                else:
                    known[key] = known.get(key, 0.0) + sample.value
    return [
        Family(
            name,
            family.kind,
            family.text,
            tuple(Sample(*key, value) for key, value in values[name].items()),
        )
        for name, family in first.items()
    ]


class Collected(Collector):
    """Families as a collector, for writing them in Prometheus' text format."""

    def __init__(self, told: Iterable[Family]) -> None:
        self._told = told

    def collect(self) -> Iterator[Metric]:
        """Yield each."""
        for family in self._told:
            metric = Metric(family.name, family.text, family.kind)
            for sample in family.samples:
                metric.add_sample(sample.name, dict(sample.labels), sample.value)
            yield metric
