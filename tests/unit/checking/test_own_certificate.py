"""What browsers would say of the gateway's own certificate, by its days and names."""

import time
from pathlib import Path

import pytest

from gateway.checking.own_certificate import certificate_hints
from tests.support.certificates import self_signed
from tests.support.configuration import settings

DAY = 86_400.0


def said(
    folder: Path, *names: str, days: float = 0.0, host: str = "app.example.com"
) -> list[str]:
    """Return what is said in *days* of one that is good from yesterday to tomorrow."""
    made = self_signed(folder, *names)
    server = {
        "public_url": f'"https://{host}"',
        "tls_certificate": f'"{made.certificate}"',
        "tls_key": f'"{made.key}"',
    }
    now = time.time() + days * DAY  # noqa: TID251 - the certificate has real dates
    return list(certificate_hints(settings(server=server), now))


def test_without_a_certificate_there_is_nothing_to_say() -> None:
    assert list(certificate_hints(settings(), 0.0)) == []


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        pytest.param(0.0, "expires on ", id="its last day"),
        pytest.param(3.0, "has expired on ", id="too late"),
        pytest.param(-3.0, "is the clock right?", id="too early"),
    ],
)
def test_its_days_are_told(tmp_path: Path, days: float, expected: str) -> None:
    lines = said(tmp_path, "app.example.com", days=days)
    assert any(expected in line for line in lines)
    assert not any("does not name" in line for line in lines)


@pytest.mark.parametrize(
    ("names", "host", "is_named"),
    [
        pytest.param(["app.example.com"], "app.example.com", True, id="the name"),
        pytest.param(["*.example.com"], "app.example.com", True, id="by its star"),
        pytest.param(["APP.example.com"], "app.example.com", True, id="in capitals"),
        pytest.param(["b.example", "app.example.com"], "b.example", True, id="another"),
        pytest.param(["example.com"], "app.example.com", False, id="only the parent"),
        pytest.param(["*.example.com"], "a.b.example.com", False, id="two labels"),
        pytest.param(["*.example.com"], "example.com", False, id="no label"),
    ],
)
def test_a_host_that_it_does_not_name_is_told(
    tmp_path: Path, names: list[str], host: str, *, is_named: bool
) -> None:
    lines = said(tmp_path, *names, host=host)
    assert is_named is not any(f"does not name {host}: " in line for line in lines)
