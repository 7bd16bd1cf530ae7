"""Where to listen: a TCP address or a Unix socket."""

from dataclasses import dataclass

from config.origin import parse_host, parse_port, split_port
from config.problem import Wrong

EXPECTED = 'expected "host:port" or "unix:/path", such as "127.0.0.1:8080"'


@dataclass(frozen=True, slots=True)
class TcpAddress:
    """A host (IPv6 without brackets) and a port; 0 lets the system choose one."""

    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


@dataclass(frozen=True, slots=True)
class UnixAddress:
    """The absolute path of a socket."""

    path: str

    def __str__(self) -> str:
        return f"unix:{self.path}"


Address = TcpAddress | UnixAddress


def parse_address(value: object) -> Address:
    """Read ``host:port`` or ``unix:/path``. Raises Wrong for anything else."""
    if not isinstance(value, str):
        raise Wrong(EXPECTED)
    if value.startswith("unix:"):
        return UnixAddress(parse_socket_path(value))
    host, port = split_port(value)
    if port is None or "/" in value:
        raise Wrong(EXPECTED)
    if host in ("", "*"):
        raise Wrong('the host is missing: "0.0.0.0:…" or "[::]:…" is every interface')
    return TcpAddress(parse_host(host).strip("[]"), parse_port(port, lowest=0))


def parse_socket_path(text: str) -> str:
    """Return the path in ``unix:/path``. Raises Wrong unless it is absolute."""
    path = text.removeprefix("unix:")
    if not path.startswith("/") or path.endswith("/") or "\0" in path:
        raise Wrong(
            'expected the absolute path of a socket, such as "unix:/run/x.sock"'
        )
    return path
