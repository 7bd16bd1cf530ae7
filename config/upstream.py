"""The application behind a route: over http, https, a Unix socket, or not through us.

Where another proxy forwards the requests and only asks whether they may pass
(forward-auth), that is written down: an upstream that is forgotten is an error.
"""

from dataclasses import dataclass

from config.listen import parse_socket_path
from config.origin import parse_origin
from config.problem import Wrong

EXAMPLE = "http://127.0.0.1:3000"
FORWARD_AUTH = "forward-auth"


@dataclass(frozen=True, slots=True)
class Upstream:
    """Where requests go: *host* and *port*, or *socket_path* for scheme "unix".

    With scheme "forward-auth" none of these: another proxy forwards.
    """

    scheme: str
    host: str
    port: int
    socket_path: str

    @property
    def is_elsewhere(self) -> bool:
        """Whether another proxy forwards: nothing of it may be forwarded here."""
        return self.scheme == FORWARD_AUTH

    def __str__(self) -> str:
        if self.is_elsewhere:
            return FORWARD_AUTH
        if self.scheme == "unix":
            return f"unix:{self.socket_path}"
        return f"{self.scheme}://{self.host}:{self.port}"


def parse_upstream(value: object) -> Upstream:
    """Read ``http://host:port``, ``https://host``, ``unix:/path`` or ``forward-auth``.

    Raises Wrong for anything else; credentials, paths and queries are refused, since
    the target of a request is forwarded as it came.
    """
    if value == FORWARD_AUTH:
        return Upstream(FORWARD_AUTH, "", 0, "")
    if isinstance(value, str) and value.startswith("unix:"):
        return Upstream("unix", "", 0, parse_socket_path(value))
    if not isinstance(value, str) or "://" not in value:
        raise Wrong(
            'expected "http://host:port", "https://host" or "unix:/path", '
            f'such as "{EXAMPLE}"; or "{FORWARD_AUTH}" where another proxy forwards'
        )
    origin = parse_origin(value, EXAMPLE)
    return Upstream(origin.scheme, origin.host, origin.port, "")
