"""A certificate that ends soon, or is no good, is said at start and in the metrics."""

from pathlib import Path
from typing import Any

import pytest
from cryptography import x509

from tests.support.certificates import Certificate, self_signed
from tests.support.gateway_process import (
    gateway_process,
    public,
    write_configuration,
)
from tests.support.raw_client import exchange
from tests.support.running_workers import running_workers

NOWHERE = "http://127.0.0.1:9"
NAME = "gateway_tls_certificate_not_after_seconds"


def keys(made: Certificate) -> str:
    return f'tls_certificate = "{made.certificate}"\ntls_key = "{made.key}"'


def end_of(made: Certificate) -> float:
    """Return the last second of *made*, read anew."""
    pem = made.certificate.read_bytes()
    return x509.load_pem_x509_certificate(pem).not_valid_after_utc.timestamp()


async def shown(admin: int) -> list[float]:
    """Return the values of the metric at the port *admin*."""
    answer = await exchange(admin, b"GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n")
    lines = answer.body.decode().splitlines()
    return [float(line.split()[-1]) for line in lines if line.startswith(NAME)]


def reasons(lines: list[dict[str, Any]]) -> list[str]:
    found = [line for line in lines if line["event"] == "certificate_days"]
    assert all(line["level"] == "warning" for line in found)
    return [line["reason"] for line in found]


@pytest.mark.parametrize(
    ("begins", "ends", "said"),
    [
        pytest.param(-90, -1, "has expired on", id="expired"),
        pytest.param(-80, 10, "expires on", id="soon"),
        pytest.param(1, 90, "is the clock right?", id="not yet"),
        pytest.param(-10, 80, "", id="good"),
    ],
)
async def test_serve_says_it_once_and_serves(
    tmp_path: Path, begins: float, ends: float, said: str
) -> None:
    made = self_signed(tmp_path, "localhost", begins=begins, ends=ends)
    file = write_configuration(
        tmp_path,
        public(NOWHERE),
        public_url="https://localhost:8443",
        server=keys(made),
    )
    async with gateway_process(file) as gateway:
        _, admin = await gateway.listening()
        told = reasons(gateway.lines)
        assert len(told) == bool(said)
        assert all(said in reason for reason in told)
        assert await shown(admin) == [end_of(made)]


async def test_without_a_certificate_there_is_no_such_metric(tmp_path: Path) -> None:
    async with gateway_process(write_configuration(tmp_path, public(NOWHERE))) as it:
        _, admin = await it.listening()
        assert await shown(admin) == []
        assert reasons(it.lines) == []


async def test_of_several_workers_one_says_it_and_they_show_one_end(
    tmp_path: Path,
) -> None:
    made = self_signed(tmp_path, "localhost", ends=10)
    async with running_workers(
        tmp_path, url="https://localhost:8443", server=keys(made)
    ) as workers:
        await workers.log.line("certificate_days", worker=1)
        assert len(reasons(workers.log.lines)) == 1
        assert await shown(workers.admin) == [end_of(made)]
