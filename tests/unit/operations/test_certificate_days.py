"""When the days of the certificate are worth a word."""

from pathlib import Path

import pytest

from gateway.operations.certificate_days import CertificateDays, days_at_start
from tests.support.certificates import self_signed

DAY = 86_400.0
GOOD = CertificateDays(begins=100 * DAY, ends=190 * DAY)


@pytest.mark.parametrize(
    ("now", "said"),
    [
        pytest.param(100 * DAY, [], id="its first second"),
        pytest.param(176 * DAY, [], id="two weeks left"),
        pytest.param(
            176 * DAY + 1,
            ["tls_certificate expires on 1970-07-10: renew it, and restart"],
            id="less than that",
        ),
        pytest.param(
            190 * DAY,
            ["tls_certificate expires on 1970-07-10: renew it, and restart"],
            id="its last second",
        ),
        pytest.param(
            190 * DAY + 1,
            ["tls_certificate has expired on 1970-07-10: browsers refuse it"],
            id="over",
        ),
        pytest.param(
            100 * DAY - 1,
            ["tls_certificate is good from 1970-04-11 on: is the clock right?"],
            id="not yet",
        ),
    ],
)
def test_what_is_said(now: float, said: list[str]) -> None:
    assert list(GOOD.complaints(now)) == said


def test_the_days_are_those_of_the_first_certificate(tmp_path: Path) -> None:
    for name, ends in (("first", 30), ("second", 60)):
        (tmp_path / name).mkdir()
        self_signed(tmp_path / name, "app.example.com", ends=ends)
    first, second = (
        tmp_path / name / "certificate.pem" for name in ("first", "second")
    )
    chain = tmp_path / "chain.pem"
    chain.write_bytes(first.read_bytes() + second.read_bytes())
    found = days_at_start(str(chain))
    assert found is not None
    assert found == days_at_start(str(first))
    assert found.ends - found.begins == 31 * DAY


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param(
            "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----", id="odd"
        ),
    ],
)
def test_a_file_whose_days_cannot_be_told_stops_nobody(
    tmp_path: Path, text: str
) -> None:
    file = tmp_path / "odd.pem"
    file.write_text(text)
    assert days_at_start(str(file)) is None
    assert days_at_start(str(tmp_path / "none.pem")) is None
    assert days_at_start("") is None
