"""From when until when `tls_certificate` is good, and whether that is worth a word."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog
from cryptography import x509

SOON = timedelta(days=14).total_seconds()
log = structlog.get_logger("gateway")


@dataclass(frozen=True, slots=True)
class CertificateDays:
    """The first and the last second that a certificate is good, in unix seconds."""

    begins: float
    ends: float

    def complaints(self, now: float) -> Iterator[str]:
        """Yield a sentence for each reason to look at it *now* (unix seconds)."""
        if self.ends < now:
            day = _day(self.ends)
            yield f"tls_certificate has expired on {day}: browsers refuse it"
        elif self.ends < now + SOON:
            day = _day(self.ends)
            yield f"tls_certificate expires on {day}: renew it, and restart"
        if self.begins > now:
            day = _day(self.begins)
            yield f"tls_certificate is good from {day} on: is the clock right?"


def certificate_of(file: str) -> x509.Certificate:
    """Return the server's own certificate, the first in *file* (blocking).

    Raises OSError and ValueError where there is none.
    """
    return x509.load_pem_x509_certificates(Path(file).read_bytes())[0]


def days_of(certificate: x509.Certificate) -> CertificateDays:
    """Return the days of *certificate* (RFC 5280, section 4.1.2.5)."""
    begins, ends = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    return CertificateDays(begins.timestamp(), ends.timestamp())


def days_at_start(file: str) -> CertificateDays | None:
    """Return the days of the certificate in *file* (blocking), which OpenSSL has taken.

    None without a file, or where its days cannot be told.
    """
    try:
        return days_of(certificate_of(file)) if file else None
    except (OSError, ValueError):  # it serves all the same
        return None


def say_days(days: CertificateDays, now: float) -> None:
    """Log what is worth a word about *days* at *now* (unix seconds)."""
    for reason in days.complaints(now):
        log.warning(
            "certificate_days",
            reason=reason,
            hint="The files are read once: a new one takes effect with a restart.",
        )


def _day(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d}"
