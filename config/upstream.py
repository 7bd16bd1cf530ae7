"""The application behind a route: over http, https or a Unix socket."""

from dataclasses import dataclass

from config.listen import parse_socket_path
from config.origin import parse_origin
from config.problem import Wrong

EXAMPLE = "http://127.0.0.1:3000"


@dataclass(frozen=True, slots=True)
class Upstream:
    """Where requests go: *host* and *port*, or *socket_path* for scheme "unix"."""

    scheme: str
    host: str
    port: int
    socket_path: str

    def __str__(self) -> str:
        if self.scheme == "unix":
            return f"unix:{self.socket_path}"
        return f"{self.scheme}://{self.host}:{self.port}"


def parse_upstream(value: object) -> Upstream:
    """Read ``http://host:port``, ``https://host`` or ``unix:/path``.

    Raises Wrong for anything else; credentials, paths and queries are refused, since
    the target of a request is forwarded as it came.
    """
    if isinstance(value, str) and value.startswith("unix:"):
        return Upstream("unix", "", 0, parse_socket_path(value))
    if not isinstance(value, str) or "://" not in value:
        raise Wrong(
            'expected "http://host:port", "https://host" or "unix:/path", '
            f'such as "{EXAMPLE}"'
        )
    origin = parse_origin(value, EXAMPLE)
    return Upstream(origin.scheme, origin.host, origin.port, "")
