"""What Logto's answers mean: tokens, a refusal, or a mistake in the configuration."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from gateway.authentication.errors import (
    ProviderMisconfigured,
    ProviderUnavailable,
    SignInRefused,
    error_code,
)
from gateway.authentication.provider_call import Answer

LONGEST_TOKEN = 16 * 1024  # characters of an opaque token
LONGEST_LIFETIME = 10 * 365 * 86400  # seconds

_OK = 200
_OUR_MISTAKES = frozenset({"invalid_client", "unauthorized_client"})
_OUTAGES = frozenset({"server_error", "temporarily_unavailable"})


@dataclass(frozen=True, slots=True)
class Tokens:
    """What the token endpoint hands out (RFC 6749 section 5.1)."""

    access_token: str = field(repr=False)
    expires_in: int  # seconds
    id_token: str = field(repr=False)
    refresh_token: str | None = field(repr=False)


def read_document(answer: Answer, name: str) -> Mapping[str, object]:
    """Return the public document *name*; raises ProviderUnavailable without one."""
    if answer.status != _OK:
        raise ProviderUnavailable(
            f"Logto's {name} answers with status {answer.status}."
        )
    return answer.document


def read_tokens(answer: Answer) -> Tokens:
    """Return the tokens in the *answer* of the token endpoint.

    Raises SignInRefused for a refusal or an answer that is not one,
    ProviderMisconfigured where Logto does not know the application.
    """
    if answer.status != _OK:
        raise _refusal(answer, "token endpoint")
    document = answer.document
    kind, lifetime = document.get("token_type"), document.get("expires_in")
    if not isinstance(kind, str) or kind.lower() != "bearer":
        raise _malformed("another type of token than Bearer")
    if type(lifetime) is not int or not 0 < lifetime <= LONGEST_LIFETIME:
        raise _malformed("no lifetime of the access token")
    access_token = _token(document, "access_token")
    id_token = _token(document, "id_token", longest=2 * LONGEST_TOKEN)
    if access_token is None or id_token is None:
        raise _malformed("no access token or no ID token")
    return Tokens(access_token, lifetime, id_token, _token(document, "refresh_token"))


def read_access_token(answer: Answer) -> tuple[str, str | None]:
    """Return the access token in *answer*, and the refresh token where one came along.

    Raises as :func:`read_tokens`, but asks for no ID token.
    """
    if answer.status != _OK:
        raise _refusal(answer, "token endpoint")
    document = answer.document
    access_token = _token(document, "access_token", longest=2 * LONGEST_TOKEN)
    if access_token is None:
        raise _malformed("no access token")
    return access_token, _token(document, "refresh_token")


def read_userinfo(answer: Answer, subject: str) -> Mapping[str, object]:
    """Return the claims in the userinfo *answer*, which must be about *subject*.

    OpenID Connect Core 1.0, section 5.3.2. Raises SignInRefused where they are not.
    """
    if answer.status != _OK:
        raise _refusal(answer, "userinfo endpoint")
    if answer.document.get("sub") != subject:
        raise SignInRefused(
            "Userinfo is about someone else than the ID token.", "invalid_userinfo"
        )
    return answer.document


def check_revoked(answer: Answer) -> None:
    """Raise ProviderUnavailable unless the token is revoked (RFC 7009 section 2.2)."""
    if answer.status != _OK:
        refusal = _refusal(answer, "revocation endpoint")
        if isinstance(refusal, ProviderUnavailable):
            raise refusal
        raise ProviderUnavailable(str(refusal))


def _refusal(answer: Answer, name: str) -> ProviderUnavailable | SignInRefused:
    code = error_code(answer.document.get("error"))
    if code in _OUR_MISTAKES:
        return ProviderMisconfigured(
            "Logto does not accept logto.app_id and logto.app_secret "
            f"({code} from its {name})."
        )
    if code in _OUTAGES:
        return ProviderUnavailable(f"Logto's {name} answers with {code}.")
    return SignInRefused(
        f"Logto's {name} refuses with status {answer.status}: {code}.", code
    )


def _token(
    document: Mapping[str, object], name: str, longest: int = LONGEST_TOKEN
) -> str | None:
    """Return the token *name*; None where there is none."""
    value = document.get(name)
    if value is None:
        return None
    plain = isinstance(value, str) and value.isascii() and value.isprintable()
    if not plain or not 0 < len(str(value)) <= longest or " " in str(value):
        raise _malformed(f"an odd {name.replace('_', ' ')}")
    return str(value)


def _malformed(what: str) -> SignInRefused:
    return SignInRefused(f"Logto's token endpoint sent {what}.", "malformed_answer")
