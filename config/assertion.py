"""[identity.assertion]: a signed statement of who it is."""

from typing import Annotated

from pydantic import AfterValidator

from config.identity import parse_header, reduced
from config.problem import Wrong
from config.table import Many, Table, key
from config.units import Duration

SHORTEST, LONGEST = 10.0, 120.0  # seconds: what is stolen is soon of no use

_OWN = "X-Gateway-Assertion"
_OTHERS = ("xforwarded", "remote")
"""What headers of other meanings begin with."""


def _check_header(name: str) -> str:
    bare = reduced(name)
    if bare == reduced(_OWN) and name.lower() != _OWN.lower():
        raise Wrong(f"is read as {_OWN} by many applications: write that")
    if bare != reduced(_OWN):
        parse_header(name)
    if bare.startswith(_OTHERS):
        raise Wrong("has a meaning of its own here: choose another name")
    return name


def _check_lifetime(seconds: float) -> float:
    if not SHORTEST <= seconds <= LONGEST:
        raise Wrong("expected a duration from 10s to 2m")
    return seconds


def _check_audience(audience: str) -> str:
    if not audience.isprintable():
        raise Wrong("expected printable characters only")
    return audience


def _check_key_file(path: str) -> str:
    if not path:
        raise Wrong("expected the path of a PEM file")
    if "-----BEGIN" in path or "\n" in path:
        raise Wrong(
            "expected the path of a PEM file, not the key itself: "
            "save it in a file that only the gateway can read"
        )
    return path


KeyFile = Annotated[str, AfterValidator(_check_key_file)]


class Assertion(Table):
    """A signed statement of who it is, for upstreams that check it."""

    enabled: bool = key(
        "Send it with every request of somebody whom the upstream is told about.",
        default=False,
    )
    header: Annotated[str, AfterValidator(_check_header)] = key(
        "Header it is sent in; clients cannot send it, enabled or not.",
        default=_OWN,
    )
    audience: Annotated[str, AfterValidator(_check_audience)] = key(
        "Whom it is for (`aud`); empty is the public origin that the request is for, "
        "such as `https://app.example.com`.",
        default="",
    )
    lifetime: Annotated[Duration, AfterValidator(_check_lifetime)] = key(
        "How long it is good, from 10s to 2m.", default="2m"
    )
    keys: Annotated[tuple[KeyFile, ...], Many] = key(
        "PEM files with private P-256 keys: the first one signs, all are published; "
        "without any, one is made and kept in `server.state_directory`.",
        default=[],
    )
