"""The request that somebody asks about: a method and an URL, as they typed them."""

import re
from dataclasses import dataclass

from config.origin import DEFAULT_PORTS, Origin

_METHOD = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}", re.ASCII)
_URL = re.compile(r"(?:(https?)://([^/?#]+))?((?:[/?#].*)?)", re.DOTALL)


class CannotBeAsked(Exception):  # noqa: N818 -- says what is the case
    """No browser and no program would send that."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as it would arrive: nothing in *target* is put right."""

    method: str
    url: str
    host: bytes
    target: bytes


def asked(method: str, url: str, public: Origin) -> Asked:
    """Return what *method* and *url* ask for; a path alone is one of *public*.

    Raises CannotBeAsked for what is no method or URL, for a fragment, which browsers
    keep to themselves, and for a scheme or port where the gateway is not reached.
    """
    if not _METHOD.fullmatch(method):
        raise CannotBeAsked("METHOD is not a token (RFC 9110 §9.1)")
    match = _URL.fullmatch(url)
    if match is None or not url:
        raise CannotBeAsked("URL: expected http://…, https://… or a path")
    scheme, authority, target = match.groups()
    if "#" in target:
        raise CannotBeAsked("URL: browsers do not send what follows #; leave it out")
    if scheme is None:
        authority = str(public).partition("://")[2]
    elif (scheme, _port(authority, scheme)) != (public.scheme, public.port):
        raise CannotBeAsked(
            f"URL: the gateway is reached at the scheme and port of {public} only"
        )
    if not target.startswith("/"):
        target = f"/{target}"  # RFC 9112, section 3.2.1
    return Asked(
        method,
        f"{public.scheme}://{authority}{target}",
        authority.encode(),
        target.encode(),
    )


def _port(authority: str, scheme: str) -> int | None:
    """Return the port that *authority* names; None for one that is no number."""
    match = re.search(r":([^:\]]*)$", authority)
    if match is None:
        return DEFAULT_PORTS[scheme]
    return int(match[1]) if re.fullmatch("[0-9]{1,5}", match[1]) else None
