"""What browsers would say of `tls_certificate`: its days and its names. This blocks."""

from collections.abc import Iterator

from cryptography import x509

from config.settings import Settings
from gateway.operations.certificate_days import certificate_of, days_of


def certificate_hints(settings: Settings, now: float) -> Iterator[str]:
    """Yield a sentence for each reason to refuse it; *now* is in unix seconds.

    The file is in order: `pem_problems` found nothing.
    """
    file = settings.server.tls_certificate
    if not file:
        return
    own = certificate_of(file)
    yield from days_of(own).complaints(now)
    for host in _unnamed(settings, own):
        yield f"tls_certificate does not name {host}: browsers refuse it there"


def _unnamed(settings: Settings, own: x509.Certificate) -> Iterator[str]:
    try:
        names = own.extensions.get_extension_for_class(
            x509.SubjectAlternativeName
        ).value
    except x509.ExtensionNotFound:  # RFC 9525, section 2: the subject does not count
        names = x509.SubjectAlternativeName([])
    known = {name.lower() for name in names.get_values_for_type(x509.DNSName)}
    addresses = {str(one) for one in names.get_values_for_type(x509.IPAddress)}
    hosts = [settings.server.public_url.host, *(one.host for one in settings.routes)]
    for host in dict.fromkeys(filter(None, hosts)):
        # * stands for one label, the first (RFC 9525, section 6.3).
        enough = {host, f"*.{host.partition('.')[2]}"}
        if known.isdisjoint(enough) and host.strip("[]") not in addresses:
            yield host
