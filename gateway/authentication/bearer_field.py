"""`Authorization: Bearer`, read in one way or not at all (RFC 6750, section 2.1).

Only the field counts.  A token in a query or in a body (sections 2.2 and 2.3) would
stand in logs and histories, so it is none.
"""

import re
from dataclasses import dataclass, field
from hashlib import sha256

from gateway.fields import Fields, values

LONGEST = 16 * 1024  # characters of a token

# RFC 9110, section 11.2: token68, and a scheme in any case.
_CREDENTIALS = re.compile(rb"[Bb][Ee][Aa][Rr][Ee][Rr] +([A-Za-z0-9._~+/-]+=*)")
_SCHEME = re.compile(rb"[Bb][Ee][Aa][Rr][Ee][Rr](?:[ \t,].*)?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Shown:
    """A token, not verified yet; *id* stands for it and says nothing of it."""

    id: str
    token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class NoBearer:
    """Some other scheme: whoever sent it has not tried to show a bearer."""


@dataclass(frozen=True, slots=True)
class OddBearer:
    """What may be meant as a bearer cannot be read; *reason* is a sentence."""

    reason: str


Reading = Shown | NoBearer | OddBearer | None


def read_bearer(fields: Fields) -> Reading:
    """Return what the ``Authorization`` among *fields* shows; None where it is absent.

    Two of them are odd, whatever they say: another server may read the other one.
    """
    given = values(fields, b"authorization")
    if not given:
        return None
    if len(given) > 1:
        return OddBearer("Authorization came more than once.")
    value = given[0]
    match = _CREDENTIALS.fullmatch(value)
    if match is None:
        if value and not _SCHEME.fullmatch(value):
            return NoBearer()
        return OddBearer("Expected Authorization: Bearer and one token.")
    if len(match[1]) > LONGEST:
        return OddBearer("The token is longer than any of Logto's.")
    return Shown(sha256(match[1]).hexdigest(), match[1].decode("ascii"))
