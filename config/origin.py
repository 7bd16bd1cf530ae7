"""Origins (RFC 6454): scheme, host and port, and nothing else."""

import re
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address

from config.problem import Wrong

DEFAULT_PORTS = {"http": 80, "https": 443}

_URL = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?P<rest>[^\n]*)", re.ASCII)
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?", re.ASCII)
_PORT = re.compile(r"[0-9]{1,5}", re.ASCII)
_BRACKETS = re.compile(r"\[([0-9a-f:.]+)\]", re.ASCII)
"""Without a zone (``%eth0``), which means something on one machine only."""

_LONGEST_HOST = 253
_HIGHEST_PORT = 65535


@dataclass(frozen=True, slots=True)
class Origin:
    """A scheme (http or https), a host in lower case and a port."""

    scheme: str
    host: str
    port: int

    def __str__(self) -> str:
        if self.port == DEFAULT_PORTS[self.scheme]:
            return f"{self.scheme}://{self.host}"
        return f"{self.scheme}://{self.host}:{self.port}"

    @property
    def is_https(self) -> bool:
        """Whether browsers keep Secure cookies for it."""
        return self.scheme == "https"

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can be meant (RFC 6761 §6.3)."""
        return is_loopback(self.host)


def is_loopback(host: str) -> bool:
    """Tell whether *host*, as parse_host returns it, can only be this machine."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def parse_host(text: str) -> str:
    """Read a host: a name, an IPv4 address, or an IPv6 address in brackets.

    Returns it in lower case, addresses in their shortest form, without the dot of
    a fully qualified name. Raises Wrong for anything else, also for numbers that some
    resolvers take for an address (``127.1``).
    """
    host = text.lower().removesuffix(".")
    if host.startswith("["):
        return _ipv6(host)
    if not host.isascii():
        raise Wrong("expected a host in ASCII: write the name in its xn-- form")
    labels = host.split(".")
    if labels[-1].isdigit() or labels[-1].startswith("0x"):
        return _ipv4(host)
    if len(host) > _LONGEST_HOST or not all(map(_LABEL.fullmatch, labels)):
        raise Wrong("expected a host such as app.example.com")
    return host


def _ipv6(text: str) -> str:
    match = _BRACKETS.fullmatch(text)
    try:
        return f"[{IPv6Address(match[1] if match else '')}]"
    except ValueError:
        raise Wrong("expected an IPv6 address in brackets, such as [::1]") from None


def _ipv4(text: str) -> str:
    try:
        return str(ip_address(text))
    except ValueError:
        raise Wrong("expected an IPv4 address with four numbers") from None


def parse_port(text: str, lowest: int = 1) -> int:
    """Read a port number. Raises Wrong when it is none or below *lowest*."""
    if not _PORT.fullmatch(text) or not lowest <= int(text) <= _HIGHEST_PORT:
        raise Wrong(f"expected a port from {lowest} to {_HIGHEST_PORT}")
    return int(text)


def split_port(authority: str) -> tuple[str, str | None]:
    """Split ``host:port``; the port is None where there is no colon after the host."""
    host, colon, port = authority.rpartition(":")
    if not colon or (authority.startswith("[") and authority.endswith("]")):
        return authority, None
    return host, port


def parse_origin(value: object, example: str = "https://app.example.com") -> Origin:
    """Read an address that is an origin and no more; a lone final slash is left out.

    Raises Wrong for another scheme, user information, a path, a query or a fragment.
    """
    match = _URL.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise Wrong(f'expected an address with its scheme, such as "{example}"')
    scheme = match["scheme"].lower()
    if scheme not in DEFAULT_PORTS:
        raise Wrong(f'expected http:// or https://, such as "{example}"')
    authority = _bare_authority(match["rest"])
    host, port = split_port(authority)
    if not host:
        raise Wrong(f'the host is missing: expected an address such as "{example}"')
    number = DEFAULT_PORTS[scheme] if port is None else parse_port(port)
    return Origin(scheme, parse_host(host), number)


def _bare_authority(rest: str) -> str:
    authority = re.split(r"[/?#\\]", rest, maxsplit=1)[0]
    after = rest[len(authority) :]
    if "@" in authority:
        raise Wrong("expected an address without a user name or password")
    if "#" in after:
        raise Wrong("expected an address without a fragment (#…)")
    if "?" in after:
        raise Wrong("expected an address without a query (?…)")
    if after not in ("", "/"):
        raise Wrong("expected an address without a path")
    return authority
