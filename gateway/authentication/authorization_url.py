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


def with_parameters(url: str, parameters: Mapping[str, str]) -> str:
    """Return *url* with *parameters* set; empty ones are left as they are."""
    address, _, query = url.partition("?")
    given = {name: value for name, value in parameters.items() if value}
    kept = [(n, v) for n, v in parse_qsl(query) if n not in given]
    return f"{address}?{urlencode([*kept, *given.items()])}"


def check_bound(url: str, *, state: str, code_verifier: str) -> None:
    """Raise AuthorizationUrlInvalid unless *url* is bound to this attempt.

    By *state* (RFC 6749 section 10.12) and by PKCE with S256 (RFC 7636 section 4.3,
    which RFC 9700 section 2.1.1 demands).
    """
    digest = hashlib.sha256(code_verifier.encode()).digest()
    wanted = [
        ("response_type", "code"),
        ("state", state),
        ("code_challenge_method", "S256"),
        ("code_challenge", base64.urlsafe_b64encode(digest).rstrip(b"=").decode()),
    ]
    pairs = parse_qsl(url.partition("?")[2])
    for name, value in wanted:
        if [v for n, v in pairs if n == name] != [value]:
            raise AuthorizationUrlInvalid(f"{name} is not what it must be")
