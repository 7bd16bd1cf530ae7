"""Does the client want JSON rather than a page?"""

import re
from collections.abc import Iterator
from typing import Final

from gateway.fields import Fields, first, values

_WEIGHT: Final = re.compile(rb"0(\.[0-9]{0,3})?|1(\.0{0,3})?")  # section 12.4.2
_LONGEST: Final = 4096  # bytes of Accept that are looked at
_HTML: Final = (b"text/html", b"application/xhtml+xml", b"text/*", b"*/*")
_JSON: Final = (b"application/json", b"application/*", b"*/*")


def wants_json(fields: Fields) -> bool:
    """Return whether the client of *fields* is better served with JSON.

    It is where ``Accept`` prefers ``application/json`` to ``text/html``, where it
    names neither (what a program sends), and for scripts that say so with
    ``X-Requested-With``; a navigation that names neither gets the page.
    RFC 9110, section 12.5.1.
    """
    if first(fields, b"x-requested-with") is not None:
        return True
    accepted = dict(_ranges(b",".join(values(fields, b"accept"))[:_LONGEST]))
    html, json = _quality(accepted, _HTML), _quality(accepted, _JSON)
    if html != json:
        return json > html
    if any(accepted.get(name, 0) > 0 for name in _HTML[:-1]):
        return False
    return first(fields, b"sec-fetch-mode") != b"navigate"


def _ranges(accept: bytes) -> Iterator[tuple[bytes, float]]:
    for item in accept.split(b","):
        media, *parameters = (part.strip().lower() for part in item.split(b";"))
        if media:
            yield media, _weight(parameters)


def _weight(parameters: list[bytes]) -> float:
    for parameter in parameters:
        if parameter.startswith(b"q="):
            return float(parameter[2:]) if _WEIGHT.fullmatch(parameter[2:]) else 0.0
    return 1.0


def _quality(accepted: dict[bytes, float], names: tuple[bytes, ...]) -> float:
    """Return the weight of the first, most specific, of *names* that is accepted."""
    return next((accepted[name] for name in names if name in accepted), 0.0)
