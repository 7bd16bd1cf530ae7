"""[[routes]]: which requests go to which upstream, and who may make them."""

import re
from collections.abc import Sequence
from functools import cached_property
from typing import Annotated, Literal

from pydantic import BeforeValidator, PrivateAttr

from config.allow import Allowed
from config.cors import AllowedOrigin, CorsTable
from config.credentials import Audience, Credentials
from config.methods import Method
from config.origin import parse_host
from config.problem import Wrong
from config.require import RequireTable
from config.table import AsString, Many, Reading, Table, key
from config.units import Duration
from config.upstream import EXAMPLE, Upstream, parse_upstream

OWN_PREFIX = "/.gateway"

_PATH = re.compile(r"/[A-Za-z0-9._~!$&'()+,=:@/-]*", re.ASCII)


def parse_route_host(value: object) -> str:
    """Read a route's host: a name, ``*.`` and a name, or "" for any.

    Returns it in lower case. Raises Wrong for anything else, also for a port.
    """
    if value == "":
        return ""
    if not isinstance(value, str):
        raise Wrong('expected a host in quotes, such as "app.example.com"')
    if "/" in value or "@" in value:
        raise Wrong("expected only a host, without a scheme, a path or a user name")
    bare = value.removeprefix("*.")
    if ":" in re.sub(r"^\[[^]]*\]", "", bare):
        raise Wrong("expected a host without a port: it is that of server.public_url")
    if "*" in bare:
        raise Wrong('expected * only as the whole first label, as in "*.example.com"')
    host = parse_host(bare)
    if bare != value and (host.startswith("[") or host[-1].isdigit()):
        raise Wrong("expected a name after *., not an address")
    return host if bare == value else f"*.{host}"


def parse_path(value: object) -> str:
    """Read a route's path. Returns it without a final slash, "/" excepted.

    Raises Wrong for whatever applications could read in more than one way.
    """
    if not isinstance(value, str):
        raise Wrong('expected a path in quotes, such as "/app"')
    if not value.startswith("/"):
        raise Wrong('expected a path that begins with "/"')
    if "*" in value:
        raise Wrong("a path covers everything below it: take the * away")
    for sign, name in (("?", "query"), ("#", "fragment"), ("%", "escape")):
        if sign in value:
            raise Wrong(f"expected a path without a {name} ({sign})")
    if not _PATH.fullmatch(value):
        raise Wrong("expected only letters, digits and -._~!$&'()+,=:@/ in a path")
    segments = [] if value == "/" else value.removesuffix("/").split("/")[1:]
    _check_segments(segments)
    return "/" + "/".join(segments)


def _check_segments(segments: Sequence[str]) -> None:
    if {".", ".."} & set(segments):
        raise Wrong("expected a path without . and .. segments")
    if "" in segments:
        raise Wrong("expected a path without //")
    if segments and segments[0].lower() == OWN_PREFIX.removeprefix("/"):
        raise Wrong(f"{OWN_PREFIX}/ is the gateway's own: choose another path")


class Route(Table):
    """Which requests go to which upstream, and who may make them."""

    _index: int = PrivateAttr(default=0)

    host: Annotated[str, BeforeValidator(parse_route_host), AsString] = key(
        'Host the route is for, `"*.example.com"` for all below it; empty is any.',
        default="",
    )
    path: Annotated[str, BeforeValidator(parse_path), AsString] = key(
        "Path the route is for, with everything below it.", default="/"
    )
    methods: Annotated[frozenset[Method], Many] = key(
        "Methods the route is for (`GET` covers `HEAD`); "
        "empty is all that equal routes leave.",
        default=[],
    )
    upstream: Annotated[Upstream, BeforeValidator(parse_upstream), AsString] = key(
        'The application: `"http://host:port"`, `"https://host"` or `"unix:/path"`; '
        '`"forward-auth"` where another proxy forwards, and only asks.',
        example=EXAMPLE,
    )
    strip_prefix: bool = key(
        "Take `path` off before forwarding, and put it back into redirects.",
        default=False,
    )
    preserve_host: bool = key(
        "Send the client's `Host` to the upstream; false sends the upstream's own.",
        default=True,
    )
    access: Literal["public", "optional", "signed-in"] = key(
        '`"signed-in"`: only people that `allow` lets in; `"optional"`: everybody, '
        "with the identity of those who are signed in (and, where there is an `allow`, "
        'whom it lets in); `"public"`: everybody, no identity.',
        default="signed-in",
    )
    allow: Allowed = key(
        '`"anyone"` (every X account of the world), a table, or a list of tables of '
        "which one must match; without it that of `[policy]` counts.",
        default=None,
    )
    credentials: Credentials = key(
        'What shows who it is: `"session"` (the cookie of a person who signed in), '
        '`"bearer"` (`Authorization: Bearer` with an access token of Logto), or both.',
        default=["session"],
    )
    audience: Audience = key(
        "The one of `logto.resources` that a bearer must be for; empty is any of them.",
        default="",
    )
    pass_bearer: bool = key(
        "Send a client's bearer on to the upstream, which otherwise gets none.",
        default=False,
    )
    require: RequireTable = key(
        "What a request needs beside `allow`: a table.",
        default=None,
    )
    origins: Annotated[tuple[AllowedOrigin, ...], Many] = key(
        "Other origins whose pages may use a session here.", default=[]
    )
    cors: CorsTable = key(
        "Which pages of other origins may read the answers, and how they may ask: "
        "a table.",
        default=None,
    )
    timeout: Duration = key(
        "From the last byte of a request to the head of its response.", default="60s"
    )
    connect_timeout: Duration = key(
        "How long connecting to the upstream may take.", default="5s"
    )
    shared_cache: bool = key(
        "Leave the upstream's `Cache-Control` alone, although the answers are private.",
        default=False,
    )
    ca_file: str = key(
        "PEM file with the authorities to trust for an https upstream; "
        "empty is the system's.",
        default="",
    )

    def model_post_init(self, context: object, /) -> None:
        """Keep the route's place in the file."""
        if isinstance(context, Reading):
            self._index = context.position

    @property
    def index(self) -> int:
        """The route's place in the file, from 0."""
        return self._index

    @cached_property
    def takes_sessions(self) -> bool:
        """Whether a session's cookie shows who it is."""
        return "session" in self.credentials

    @cached_property
    def takes_bearers(self) -> bool:
        """Whether an access token shows who it is."""
        return self.access != "public" and "bearer" in self.credentials

    @cached_property
    def label(self) -> str:
        """What to call the route in logs, metrics and summaries."""
        methods = f" {','.join(sorted(self.methods))}" if self.methods else ""
        return f"{self.host}{self.path}{methods}"
