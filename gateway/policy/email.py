"""E-mail addresses as policy compares them: the plain ones, or none (RFC 5321, 4.1.2).

Much more is an address by the RFCs: quoted local parts, comments, other alphabets.
Programs disagree on where the domain of such an address begins, so it matches nothing.
"""

import re
from dataclasses import dataclass

_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_ADDRESS = re.compile(
    r"([a-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*)"
    rf"@({_LABEL}(?:\.{_LABEL})*)"
)
_LONGEST = 254  # RFC 3696, erratum 1690


@dataclass(frozen=True, slots=True)
class Email:
    """An address in lower case, and its domain."""

    address: str
    domain: str


def parse_email(text: str) -> Email | None:
    """Return *text* as a plain ASCII address, None when it is anything else."""
    if len(text) > _LONGEST or not text.isascii():
        return None
    match = _ADDRESS.fullmatch(text.lower())
    return None if match is None else Email(match[0], match[2])
