"""Metrics of several processes as one."""

import pytest
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.exposition import generate_latest

from gateway.operations.workers.figures import (
    Collected,
    Family,
    Sample,
    families,
    growing,
    summed,
)


def process(requests: int, seconds: float, memory: float) -> tuple[Family, ...]:
    registry = CollectorRegistry()
    counter = Counter("gateway_requests", "Requests.", ["route"], registry=registry)
    counter.labels("/").inc(requests)
    Histogram("gateway_seconds", "Time.", buckets=[1], registry=registry).observe(
        seconds
    )
    Gauge("gateway_open", "Open.", registry=registry).set(requests)
    Gauge("gateway_logto_away", "Away.", registry=registry).set(seconds > 1)
    Gauge("process_memory_bytes", "Memory.", registry=registry).set(memory)
    Gauge("gateway_odd", "No number.", registry=registry).set(float("nan"))
    return families(registry.collect())


def value(told: list[Family], name: str, **labels: str) -> float | None:
    found = [
        sample.value
        for family in told
        for sample in family.samples
        if sample.name == name and dict(sample.labels) == labels
    ]
    assert len(found) <= 1
    return found[0] if found else None


def test_what_counts_is_added_up_and_what_is_of_a_process_stays_apart() -> None:
    told = summed({"1": process(3, 0.5, 100), "2": process(4, 2.0, 200)})
    assert value(told, "gateway_requests_total", route="/") == 7
    assert value(told, "gateway_seconds_count") == 2
    assert value(told, "gateway_seconds_sum") == 2.5
    assert value(told, "gateway_seconds_bucket", le="1.0") == 1
    assert value(told, "gateway_seconds_bucket", le="+Inf") == 2
    assert value(told, "gateway_open") == 7
    assert value(told, "gateway_logto_away") == 1
    assert value(told, "process_memory_bytes", worker="1") == 100
    assert value(told, "process_memory_bytes", worker="2") == 200
    assert value(told, "gateway_odd") is None


@pytest.mark.parametrize("name", ["gateway_logto_away", "gateway_redis_away"])
def test_what_is_so_for_several_workers_is_one(name: str) -> None:
    so = Family(name, "gauge", "Away.", (Sample(name, (), 1.0),))
    assert value(summed({"1": (so,), "2": (so,)}), name) == 1


def test_of_several_certificates_the_first_to_end_counts() -> None:
    name = "gateway_tls_certificate_not_after_seconds"
    ends = [
        (Family(name, "gauge", "End.", (Sample(name, (), at),)),)
        for at in (1.8e9, 1.7e9, 1.9e9)  # one worker started before the file was new
    ]
    assert value(summed(dict(zip("123", ends, strict=True))), name) == 1.7e9


def test_what_a_worker_that_ended_had_counted_stays() -> None:
    past = growing(process(3, 2.0, 100))
    told = summed({"past": past, "1": process(4, 0.5, 200)})
    assert value(told, "gateway_requests_total", route="/") == 7
    assert value(told, "gateway_seconds_count") == 2
    assert value(told, "gateway_open") == 4
    assert value(told, "gateway_logto_away") == 0
    assert value(told, "process_memory_bytes", worker="past") is None


def test_prometheus_reads_it_as_it_reads_those_of_one_process() -> None:
    registry = CollectorRegistry()
    counter = Counter("gateway_requests", "Requests.", ["route"], registry=registry)
    counter.labels('a"\\\n').inc(3)
    Histogram("gateway_seconds", "Time.", buckets=[1], registry=registry).observe(0.5)
    again = CollectorRegistry()
    again.register(Collected(families(registry.collect())))
    created = [b"_created" in line for line in generate_latest(registry).split(b"\n")]
    assert generate_latest(again) == generate_latest(registry), created


def test_a_family_that_only_some_have_is_told() -> None:
    only = Family("gateway_x", "gauge", "X.", (Sample("gateway_x", (), 1.0),))
    assert summed({"1": (), "2": (only,)}) == [only]
