"""What Logto sends along when it comes back (RFC 6749 section 4.1.2, RFC 9207).

The order of the checks is the point: `state` before anything else, because without it
the rest may be anybody's; then `iss`; only then is an error or a code believed.
"""

import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from gateway.authentication.errors import (
    ProviderUnavailable,
    SignInRefused,
    error_code,
)

LONGEST_QUERY = 8192  # characters
MOST_PARAMETERS = 32
LONGEST_CODE = 2048  # characters

_PRINTABLE = re.compile(r"[\x21-\x7e]*")
_OUTAGES = frozenset({"server_error", "temporarily_unavailable"})


@dataclass(frozen=True, slots=True)
class CallbackParameters:
    """The parameters of a callback whose `state` is that of the attempt."""

    values: Mapping[str, str] = field(repr=False)

    def code(self, issuer: str, *, issuer_required: bool) -> str:
        """Return the authorization code.

        *issuer* is the provider that was asked; with *issuer_required* its name must
        be there (RFC 9207 section 2.4). Raises SignInRefused where another provider
        answers, or this one says no; ProviderUnavailable where it says that it is
        away, which a redirect cannot say with a 503 (RFC 6749 section 4.1.2.1).
        """
        self._check_issuer(issuer, required=issuer_required)
        code, error = self.values.get("code"), self.values.get("error")
        if error is not None and code is None:
            raise self._refusal(error)
        if error is not None or code is None:
            raise SignInRefused(
                "The answer holds neither exactly a code nor exactly an error.",
                "malformed_callback",
            )
        if not 0 < len(code) <= LONGEST_CODE or not _PRINTABLE.fullmatch(code):
            raise SignInRefused("The code is not one.", "malformed_callback")
        return code

    def _check_issuer(self, issuer: str, *, required: bool) -> None:
        named = self.values.get("iss")
        if named is None and not required:
            return
        if named != issuer:
            raise SignInRefused(
                "The answer does not come from the provider that was asked.",
                "issuer_mismatch",
            )

    def _refusal(self, error: str) -> Exception:
        code = error_code(error)
        if code in _OUTAGES:
            return ProviderUnavailable(f"Logto came back with {code}.")
        return SignInRefused(
            f"Logto ended the sign-in: {code}.",
            code,
            self.values.get("error_description", ""),
        )


def state_of(query: str) -> str | None:
    """Return the `state` of a callback's raw *query*; None where it is not clear.

    Good for finding the attempt; :func:`parse_callback` then checks it.
    """
    try:
        states = [value for name, value in _pairs(query) if name == "state"]
    except ValueError:
        return None
    return states[0] if len(states) == 1 and states[0] else None


def parse_callback(query: str, state: str) -> CallbackParameters:
    """Return the parameters of the raw *query* of a callback for attempt *state*.

    Raises SignInRefused for a state that is missing, twice or another's, and for any
    parameter that is there twice (RFC 6749 section 3.1).
    """
    try:
        pairs = _pairs(query)
    except ValueError:
        raise SignInRefused(
            "The answer's parameters cannot be read.", "malformed_callback"
        ) from None
    states = [value.encode() for name, value in pairs if name == "state"]
    if len(states) != 1 or not hmac.compare_digest(states[0], state.encode()):
        raise SignInRefused("The answer belongs to another sign-in.", "state_mismatch")
    values = dict(pairs)
    if len(values) != len(pairs):
        raise SignInRefused("The answer holds a parameter twice.", "malformed_callback")
    return CallbackParameters(values)


def _pairs(query: str) -> list[tuple[str, str]]:
    """Return the decoded (name, value) pairs; raises ValueError for broken ones."""
    if len(query) > LONGEST_QUERY or not _PRINTABLE.fullmatch(query):
        raise ValueError("too long, or not a query")
    if not query:
        return []
    return parse_qsl(
        query,
        keep_blank_values=True,
        strict_parsing=True,
        errors="strict",
        max_num_fields=MOST_PARAMETERS,
    )
