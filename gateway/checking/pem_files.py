"""Opens the PEM files that the configuration names, as the gateway does at start.

Everything here blocks.
"""

import ssl
from collections.abc import Iterator
from pathlib import Path

from config.problem import Finding, Path as Place
from config.settings import Settings
from gateway.operations.assertion_key_file import NAME, read_kept, read_keys
from gateway.operations.listening import tls_context
from gateway.operations.start_failed import StartFailed, why_unusable


def pem_problems(settings: Settings) -> Iterator[Finding]:
    """Yield what is wrong with each file; nothing is written, no key is made."""
    yield from _assertion_keys(settings)
    yield from _certificate(settings)
    yield from _authorities(settings)


def _assertion_keys(settings: Settings) -> Iterator[Finding]:
    assertion, directory = settings.assertion, settings.server.state_directory
    if not assertion.enabled:
        return
    for number, name in enumerate(assertion.keys):
        try:
            read_keys(Path(name))
        except StartFailed as error:
            yield Finding(("identity", "assertion", "keys", number), str(error))
    kept = Path(directory) / NAME
    try:
        if not assertion.keys and kept.exists():
            read_kept(kept)
    except (StartFailed, OSError) as error:
        yield Finding(("server", "state_directory"), str(error))


def _certificate(settings: Settings) -> Iterator[Finding]:
    server = settings.server
    try:
        tls_context(server.tls_certificate, server.tls_key)
    except StartFailed as error:
        yield Finding(("server", "tls_certificate"), str(error))


def _authorities(settings: Settings) -> Iterator[Finding]:
    files: list[tuple[Place, str]] = [(("logto", "ca_file"), settings.logto.ca_file)]
    files += [
        (("routes", route.index, "ca_file"), route.ca_file) for route in settings.routes
    ]
    for place, file in files:
        try:
            if file:
                ssl.create_default_context(cafile=file)
        except OSError as error:  # ssl.SSLError is one
            yield Finding(place, f"cannot use {file}: {why_unusable(error)}")
