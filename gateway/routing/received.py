"""The first look at a request: what was asked, of which host, by whom.

Everything later stands on these values; a request that does not yield them is
refused here, before any rule reads it (RFC 9112, sections 3.2 and 9.6).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network

from config.origin import Origin
from gateway.fields import Fields, values
from gateway.routing.client_address import (
    ClientAddress,
    client_address,
    effective_host,
)
from gateway.routing.host import canonical_host
from gateway.routing.table import NEVER
from gateway.routing.target import BadTarget, Target, parse_target


@dataclass(frozen=True, slots=True, eq=False)  # each is itself, and found fast
class Publication:
    """What the gateway publishes, and whose word it takes about a client."""

    public_url: Origin
    trusted: Sequence[IPv4Network | IPv6Network]
    trust_unix: bool

    def origin(self, host: str) -> str:
        """Return the public origin of *host*: always our own scheme and port."""
        return str(Origin(self.public_url.scheme, host, self.public_url.port))


@dataclass(frozen=True, slots=True)
class Sender:
    """What a request's fields and its peer say, whatever its target is."""

    fields: Fields
    host: str  # canonical: lower case, no port, no trailing dot
    host_field: bytes  # as the client named it
    origin: str  # the public origin of that host
    client: ClientAddress
    cookie: bytes  # every Cookie field, joined


@dataclass(slots=True)
class Received:
    """A request whose target, host and client are known.

    It would be frozen but for the hot path: freezing costs a microsecond a request.
    """

    method: str
    target: Target
    fields: Fields
    host: str  # this and the rest as the Sender's
    host_field: bytes
    origin: str
    client: ClientAddress
    cookie: bytes


@dataclass(frozen=True, slots=True)
class Malformed:
    """A request that has no single reading: 400, and the connection is closed."""

    reason: str


@dataclass(frozen=True, slots=True)
class MethodRefused:
    """TRACE, TRACK or CONNECT: 405, whatever the route."""


def sender(
    fields: Fields, peer: str | None, publication: Publication
) -> Sender | Malformed:
    """Return what *fields* say that came from *peer*.

    *peer* is the address at the other end of the connection, None for a unix
    socket.  The host is the ``Host`` field, or a trusted peer's
    ``X-Forwarded-Host``.
    """
    client = client_address(
        peer, fields, publication.trusted, trust_unix=publication.trust_unix
    )
    host_field = effective_host(fields, trusted=client.trusted)
    host = canonical_host(host_field) if host_field is not None else None
    if host is None or host_field is None:
        return Malformed("the Host field is missing, repeated or malformed")
    return Sender(
        fields,
        host,
        host_field,
        publication.origin(host),
        client,
        b"; ".join(values(fields, b"cookie")),
    )


def receive(
    method: str, raw_target: bytes, sent_by: Sender | Malformed
) -> Received | Malformed | MethodRefused:
    """Return what *method* and *raw_target* from *sent_by* ask for.

    An absolute-form target must name the same host as the fields do.
    """
    if method.upper() in NEVER:
        return MethodRefused()
    target = parse_target(raw_target)
    if isinstance(target, BadTarget):
        return Malformed(target.reason)
    if isinstance(sent_by, Malformed):
        return sent_by
    if target.authority is not None and canonical_host(target.authority) != (
        sent_by.host
    ):
        return Malformed("the target names another host than the Host field")
    return Received(
        method,
        target,
        sent_by.fields,
        sent_by.host,
        sent_by.host_field,
        sent_by.origin,
        sent_by.client,
        sent_by.cookie,
    )
