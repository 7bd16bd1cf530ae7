"""[server]: where the gateway listens and how it is reached."""

from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from config.distinct import read_distinct
from config.listen import Address, parse_address
from config.origin import Origin, parse_origin
from config.problem import Wrong
from config.table import AsString, Many, Table, key
from config.units import Duration, Size, between

Network = IPv4Network | IPv6Network

_WIDEST = {4: 8, 6: 16}
"""The shortest prefix that can still be somebody's network, by IP version."""

_MAPPED = IPv6Network("::ffff:0:0/96")

AUTO, MOST_WORKERS = "auto", 64


def parse_addresses(value: object) -> tuple[Address, ...]:
    """Read one address or a list of addresses. Raises Wrong for each that is wrong."""
    if not isinstance(value, list):
        return (parse_address(value),)
    if not value:
        raise Wrong("the list is empty: expected at least one address")
    return read_distinct(
        enumerate(value),
        parse_address,
        lambda place: f"is the same address as listen[{place}]",
    )


def parse_public_url(value: object) -> Origin:
    """Read the public address. Raises Wrong for plain http off loopback."""
    origin = parse_origin(value)
    if not origin.is_https and not origin.is_loopback:
        raise Wrong(
            "expected https: over plain http only a loopback address "
            '(such as "http://127.0.0.1:8080") keeps the session secret'
        )
    return origin


def parse_peer(value: object) -> object:
    """Read one trusted peer: a network, an address, or "unix".

    Returns IPv4-mapped networks as IPv4. Raises Wrong for anything else, and for
    networks that are as wide as the internet.
    """
    if value == "unix":
        return value
    try:
        network = _unmapped(_network(value, strict=True))
    except ValueError:
        raise Wrong(_why_not_a_network(value)) from None
    if network.prefixlen < _WIDEST[network.version] and not network.is_private:
        raise Wrong(
            "trusts everyone: whoever connects could choose the client's address; "
            "list only the networks of your own proxies"
        )
    return network


def parse_workers(value: object) -> object:
    """Read how many processes serve: a number or "auto". Raises Wrong."""
    if value != AUTO and not (type(value) is int and 1 <= value <= MOST_WORKERS):
        raise Wrong(f'expected a whole number from 1 to {MOST_WORKERS}, or "{AUTO}"')
    return value


def _network(value: object, *, strict: bool) -> Network:
    """Return the network that *value* names. Raises ValueError where it names none."""
    if not isinstance(value, str) or "%" in value:  # a zone is this machine's own
        raise ValueError
    return ip_network(value, strict=strict)


def _unmapped(network: Network) -> Network:
    """Return ``::ffff:192.0.2.0/120`` as ``192.0.2.0/24`` (RFC 4291 §2.5.5.2)."""
    if isinstance(network, IPv4Network) or not network.subnet_of(_MAPPED):
        return network
    address = int(network.network_address) & 0xFFFFFFFF
    return IPv4Network((address, network.prefixlen - _MAPPED.prefixlen))


def _why_not_a_network(value: object) -> str:
    try:
        network = _network(value, strict=False)
    except ValueError:
        return 'expected a network such as "10.0.0.0/8", an address, or "unix"'
    return f"has bits after its prefix of /{network.prefixlen}: write its first address"


def _absolute(path: str) -> str:
    if path and not path.startswith("/"):
        raise Wrong("expected an absolute path")
    return path


Peer = Annotated[Network | Literal["unix"], BeforeValidator(parse_peer), AsString]
Addresses = Annotated[
    tuple[Address, ...],
    BeforeValidator(parse_addresses),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string"},
                {"type": "array", "items": {"type": "string"}, "minItems": 1},
            ]
        }
    ),
]


Workers = Annotated[
    int | Literal["auto"],
    BeforeValidator(parse_workers),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "integer", "minimum": 1, "maximum": MOST_WORKERS},
                {"const": AUTO},
            ]
        }
    ),
]


class Server(Table):
    """Where the gateway listens, how it is reached, and its limits."""

    listen: Addresses = key(
        'Where to listen: `"host:port"` or `"unix:/path"`, one or a list.',
        default="127.0.0.1:8080",
    )
    public_url: Annotated[Origin, BeforeValidator(parse_public_url), AsString] = key(
        "The address people type, without a path; https, except on loopback.",
        example="https://app.example.com",
    )
    workers: Workers = key(
        "How many processes serve: a number, or "
        '`"auto"` for one for each CPU that they may use.',
        default=1,
    )
    peers: Annotated[tuple[Peer, ...], Many, Field(alias="trusted_proxies")] = key(
        "Proxies in front whose `X-Forwarded-*` headers count: networks, "
        'or `"unix"` for whoever connects over a Unix socket.',
        default=[],
    )
    tls_certificate: str = key(
        "PEM file with the certificate chain, to speak https directly.", default=""
    )
    tls_key: str = key(
        "PEM file with the private key of `tls_certificate`.", default=""
    )
    max_header_size: Annotated[Size, between("8KiB", "1MiB")] = key(
        "Longest head of a request or response, all fields together.",
        default="64KiB",
    )
    max_header_count: Annotated[int, Field(ge=20, le=10_000)] = key(
        "Most header fields in a request or response.", default=200
    )
    keep_alive: Duration = key(
        "How long an idle client connection stays open.", default="75s"
    )
    shutdown_timeout: Duration = key(
        "How long open requests get to finish at shutdown; "
        "then streams and WebSockets are cut.",
        default="25s",
    )
    upstream_connections: Annotated[int, Field(ge=1, le=100_000)] = key(
        "Most connections to one upstream at a time.", default=1000
    )
    log_level: Literal["debug", "info", "warning", "error"] = key(
        "The least important log lines to write.", default="info"
    )
    explain_denials: bool = key(
        "Say on the page for a person who may not open something which rules they do "
        "not meet; the log says it anyway.",
        default=False,
    )
    state_directory: Annotated[str, AfterValidator(_absolute)] = key(
        "Directory for what should outlive a restart; empty keeps nothing.",
        default="",
    )

    @property
    def trusted_proxies(self) -> tuple[Network, ...]:
        """The networks whose members are trusted proxies."""
        return tuple(peer for peer in self.peers if peer != "unix")

    @property
    def trust_unix(self) -> bool:
        """Whether peers on a Unix socket are trusted proxies."""
        return "unix" in self.peers
