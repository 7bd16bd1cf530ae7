"""The address that sends a person to Logto (OpenID Connect Core 1.0, section 3.1.2.1).

The SDK builds it; what the SDK cannot say is added here, and what it must have said is
checked, PKCE above all.
"""

import base64
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlencode

SCOPES = ("email", "identities")  # the X handle and id are in `identities`
SDK_SCOPES = frozenset({"openid", "offline_access", "profile"})


class AuthorizationUrlInvalid(Exception):  # noqa: N818 - says what is the case
    """The SDK built an authorization request that must not be sent."""


@dataclass(frozen=True, slots=True)
class AuthorizationRequest:
    """Where to send the person, and what to keep until they come back.

    *sign_in_session* is the SDK's own record (it holds the PKCE verifier): opaque,
    secret, and to be given back to ``complete``.
    """

    url: str = field(repr=False)
    state: str = field(repr=False)
    sign_in_session: str = field(repr=False)


def scopes_beside_the_sdk(configured: Iterable[str]) -> list[str]:
    """Return the scopes to ask for, each once, without those that the SDK adds."""
    wanted = dict.fromkeys((*SCOPES, *configured))
    return [scope for scope in wanted if scope not in SDK_SCOPES]


def complete_url(
    url: str, parameters: Mapping[str, str], *, state: str, code_verifier: str
) -> str:
    """Return *url* with *parameters* set; those that are empty are left as they are.

    Raises AuthorizationUrlInvalid unless the result is bound to this attempt: by
    *state* (RFC 6749 section 10.12) and by PKCE with S256 (RFC 7636 section 4.3,
    which RFC 9700 section 2.1.1 demands).
    """
    address, _, query = url.partition("?")
    given = {name: value for name, value in parameters.items() if value}
    kept = [(n, v) for n, v in parse_qsl(query) if n not in given]
    pairs = [*kept, *given.items()]
    for name, value in _binding(state, code_verifier):
        if [v for n, v in pairs if n == name] != [value]:
            raise AuthorizationUrlInvalid(f"{name} is not what it must be")
    return f"{address}?{urlencode(pairs)}"


def _binding(state: str, code_verifier: str) -> list[tuple[str, str]]:
    digest = hashlib.sha256(code_verifier.encode()).digest()
    return [
        ("response_type", "code"),
        ("state", state),
        ("code_challenge_method", "S256"),
        ("code_challenge", base64.urlsafe_b64encode(digest).rstrip(b"=").decode()),
    ]
