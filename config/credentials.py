"""`credentials`: what a route takes as proof of who somebody is, and who issued it."""

import re
from collections.abc import Iterator, Sequence
from typing import Annotated, Literal

from pydantic import AfterValidator

from config.problem import Finding, Path, Wrong
from config.table import Accepted, Many

RESOURCE = "https://api.example.com"

# RFC 8707, section 2: an absolute URI without a fragment.
_RESOURCE = re.compile(
    r"[A-Za-z][A-Za-z0-9+.-]*:[A-Za-z0-9._~:/?\[\]@!$&'()*+,;=%-]+", re.ASCII
)
_LONGEST = 512  # characters

Credential = Literal["session", "bearer"]


def check_resource(text: str) -> str:
    """Return *text*, the indicator of an API resource in Logto.  Raises Wrong."""
    if not _RESOURCE.fullmatch(text) or len(text) > _LONGEST:
        raise Wrong(
            "expected the indicator of an API resource, an absolute URI without a "
            f"fragment, such as {RESOURCE}"
        )
    return text


def _check_credentials(given: Sequence[Credential]) -> tuple[Credential, ...]:
    if not given:
        raise Wrong('is empty: write "session", "bearer" or both')
    if len(set(given)) < len(given):
        raise Wrong("names one twice")
    return tuple(given)


def _check_audience(text: str) -> str:
    return check_resource(text) if text else text


Resource = Annotated[str, AfterValidator(check_resource)]
Audience = Annotated[str, AfterValidator(_check_audience)]
Credentials = Annotated[
    tuple[Credential, ...], AfterValidator(_check_credentials), Many
]


def disagreements(
    index: int, route: Accepted, resources: Sequence[str] | None
) -> Iterator[Finding]:
    """Return what the credentials of *route*, the one at *index*, contradict.

    *resources* are those of ``[logto]``, None where they are wrong.
    """
    path: Path = ("routes", index)
    given = route.get("credentials")
    if not isinstance(given, tuple):
        return
    if route.get("access") == "public" and given != ("session",):
        sentence = "has no effect: a public route asks nobody who it is"
        yield Finding((*path, "credentials"), sentence, (*path, "access"))
    if "bearer" not in given:
        yield from _without_bearer(path, route)
    elif resources is not None:
        yield from _audience(path, route, resources)


def _without_bearer(path: Path, route: Accepted) -> Iterator[Finding]:
    for key in ("audience", "pass_bearer"):
        if route.get(key):
            sentence = 'has no effect: write credentials = ["session", "bearer"] too'
            yield Finding((*path, key), sentence)


def _audience(
    path: Path, route: Accepted, resources: Sequence[str]
) -> Iterator[Finding]:
    audience = route.get("audience")
    if not resources:
        yield Finding(
            (*path, "credentials"),
            "takes bearers, and nothing says whom they must be for: write "
            f'[logto] resources = ["{audience or RESOURCE}"], '
            "an API resource that is registered in Logto",
        )
    elif audience and audience not in resources:
        sentence = "is none of logto.resources"
        yield Finding((*path, "audience"), sentence, ("logto", "resources"))
