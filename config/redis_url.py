"""The address of a Redis or Valkey server, with who signs in there.

The form is that of redis-py, without options in the query but ``db`` of a socket:
``redis://user:password@host:6379/0``, ``rediss://…`` over TLS, and
``unix://user:password@/path?db=0``.
"""

import re
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import unquote

from config.origin import is_loopback, parse_host, parse_port, split_port
from config.problem import Wrong

DEFAULT_PORT = 6379
EXAMPLE = "redis://127.0.0.1:6379/0"

_URL = re.compile(r"(?P<scheme>[a-z]+)://(?P<rest>[!-~]*)", re.ASCII)
_DATABASE = re.compile(r"[0-9]{1,5}", re.ASCII)
_EXPECTED = (
    f'expected "{EXAMPLE}", "rediss://user:password@host:6379/0" '
    'or "unix:///run/redis.sock?db=0"'
)


@dataclass(frozen=True, slots=True)
class RedisAddress:
    """Where a server is: a host and port, over TLS or not, or a socket's *path*.

    *username* and *password* are empty where nobody signs in.  The text of it shows
    neither.
    """

    scheme: Literal["redis", "rediss", "unix"]
    host: str = ""
    port: int = 0
    path: str = ""
    database: int = 0
    username: str = field(default="", repr=False)
    password: str = field(default="", repr=False)

    def __str__(self) -> str:
        if self.scheme == "unix":
            return f"unix://{self.path}?db={self.database}"
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}/{self.database}"

    @property
    def is_local(self) -> bool:
        """Whether what is sent there stays on this machine."""
        return self.scheme == "unix" or is_loopback(self.host)


def parse_redis_url(value: object) -> RedisAddress | None:
    """Read the address of a server; None for the empty text.

    Raises Wrong for anything else, in words that repeat nothing of it.
    """
    if value == "":
        return None
    match = _URL.fullmatch(value) if isinstance(value, str) else None
    if match is None or "#" in match["rest"]:
        raise Wrong(_EXPECTED)
    user_information, _, place = match["rest"].rpartition("@")
    username, password = _who(user_information)
    match match["scheme"]:
        case "redis" | "rediss" as scheme:
            host, port, database = _server(place)
            return RedisAddress(
                scheme, host, port, "", database, username=username, password=password
            )
        case "unix":
            path, database = _socket(place)
            return RedisAddress(
                "unix", "", 0, path, database, username=username, password=password
            )
        case _:
            raise Wrong(_EXPECTED)


def _who(text: str) -> tuple[str, str]:
    name, colon, password = text.partition(":")
    if name and not password:
        raise Wrong("the user has no password: expected user:password@")
    if colon and not password:
        raise Wrong("the password is empty: expected user:password@ or :password@")
    return unquote(name), unquote(password)


def _server(place: str) -> tuple[str, int, int]:
    authority, _, path = place.partition("/")
    if "?" in place:
        raise Wrong("expected an address without options (?…)")
    host, port = split_port(authority)
    if not host:
        raise Wrong(f"the host is missing: {_EXPECTED}")
    number = DEFAULT_PORT if port is None else parse_port(port)
    return parse_host(host).strip("[]"), number, _database(path)


def _socket(place: str) -> tuple[str, int]:
    path, _, query = place.partition("?")
    if not path.startswith("/") or path.endswith("/"):
        raise Wrong(f"the path of the socket must be absolute: {_EXPECTED}")
    if query and not query.startswith("db="):
        raise Wrong("expected no option but the database, such as ?db=0")
    return unquote(path), _database(query.removeprefix("db="))


def _database(text: str) -> int:
    if text and not _DATABASE.fullmatch(text):
        raise Wrong("expected the number of a database after the address, such as /0")
    return int(text or 0)
