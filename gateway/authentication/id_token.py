"""May this ID token be believed?

OpenID Connect Core 1.0, section 3.1.3.7; RFC 8725. Signature first, then
every claim, on the CPU only. PyJWT does the cryptography; it is not asked to judge
claims, because it reads its own clock.
"""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from math import isfinite

import jwt

from gateway.authentication.errors import SignInRefused
from gateway.authentication.key_set import SigningKey
from gateway.authentication.strict_json import NotStrictJson, parse_object

LEEWAY = 60  # seconds that a foreign clock may differ
LONGEST_TOKEN = 32 * 1024  # characters
LONGEST_SUBJECT = 255  # ASCII characters (OpenID Connect Core 1.0, section 2)
LONGEST_KEY_ID = 256  # characters
LAST_SECOND = 253_402_300_799  # the end of the year 9999

_COMPACT = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
_SIGNATURES = jwt.PyJWS()
_DIGESTS = {"256": hashlib.sha256, "384": hashlib.sha384, "512": hashlib.sha512}


@dataclass(frozen=True, slots=True)
class Kind:
    """What a token is for: its *name* in a sentence, and the `typ` that says so."""

    name: str
    type: str
    may_be_silent: bool = False  # the header may leave `typ` out


# Logto up to 1.41 says JWT, 1.42 nothing.
ID_TOKEN = Kind("ID token", "JWT", may_be_silent=True)


@dataclass(frozen=True, slots=True)
class Header:
    """The header of a signed token, not verified yet."""

    algorithm: str
    key_id: str | None
    kind: Kind = ID_TOKEN


@dataclass(frozen=True, slots=True)
class Expected:
    """What the ID token of one sign-in must say.

    *nonce* is None for a refresh: its ID token may repeat the first one's or leave it
    out (OpenID Connect Core 1.0, section 12.2).
    """

    issuer: str
    client_id: str
    nonce: str | None = field(repr=False)
    access_token: str = field(repr=False)


def read_header(
    token: str, algorithms: Collection[str], kind: Kind = ID_TOKEN
) -> Header:
    """Return the header of *token*, signed with one of *algorithms*.

    Raises SignInRefused where it is none, or is of another kind than *kind*.
    """
    if len(token) > LONGEST_TOKEN or not _COMPACT.fullmatch(token):
        raise _refused("is not a signed token", kind)
    header = _segment(token, 0, kind)
    algorithm, key_id = header.get("alg"), header.get("kid")
    if not isinstance(algorithm, str) or algorithm not in algorithms:
        raise _refused("is signed with an algorithm that is not allowed", kind)
    if key_id is not None and not (
        isinstance(key_id, str) and 0 < len(key_id) <= LONGEST_KEY_ID
    ):
        raise _refused("names its key in an odd way", kind)
    # One kind of token is never taken for another (RFC 8725 section 3.11), and an
    # extension that we must understand we do not.
    stated = header.get("typ", kind.type if kind.may_be_silent else None)
    known = isinstance(stated, str) and stated.upper() == kind.type.upper()
    if not known or "crit" in header:
        raise _refused("is of another kind", kind)
    return Header(algorithm, key_id, kind)


def verify_signature(
    token: str, key: SigningKey, algorithm: str, kind: Kind = ID_TOKEN
) -> dict[str, object]:
    """Return the claims of *token*, signed by *key* with *algorithm*.

    Raises SignInRefused where the signature is not that key's.
    """
    try:
        _SIGNATURES.decode_complete(token, key.public_key, algorithms=[algorithm])
    except (jwt.PyJWTError, ValueError, TypeError):
        raise _refused("has a signature that does not fit", kind) from None
    return dict(_segment(token, 1, kind))


def check_claims(claims: Mapping[str, object], expected: Expected, now: float) -> None:
    """Raise SignInRefused unless *claims* are about *expected*, at *now* (seconds)."""
    if claims.get("iss") != expected.issuer:
        raise _refused("comes from another issuer")
    _check_audience(claims, expected.client_id)
    _check_times(claims, now)
    if not is_subject(claims.get("sub")):
        raise _refused("names nobody")
    if expected.nonce is not None:
        _check_nonce(claims.get("nonce"), expected.nonce)


def check_access_token(
    claims: Mapping[str, object], access_token: str, algorithm: str
) -> None:
    """Raise SignInRefused where `at_hash` is there and is not *access_token*'s.

    OpenID Connect Core 1.0, section 3.1.3.6: the left half of the hash that the
    signature's *algorithm* uses. Logto 1.42 leaves the claim out.
    """
    if "at_hash" not in claims:
        return
    digest = _DIGESTS[algorithm[-3:]](access_token.encode()).digest()
    half = base64.urlsafe_b64encode(digest[: len(digest) // 2]).rstrip(b"=").decode()
    given = claims["at_hash"]
    if not isinstance(given, str) or not _same(given, half):
        raise _refused("belongs to another access token (at_hash)")


def is_subject(value: object) -> bool:
    """Tell whether *value* can be a `sub`: printable ASCII, 1 to 255 characters."""
    return (
        isinstance(value, str)
        and 0 < len(value) <= LONGEST_SUBJECT
        and value.isascii()
        and value.isprintable()
    )


def seconds(value: object) -> float | None:
    """Return the NumericDate *value* (RFC 7519 section 2); None where it is none."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return value if 0 <= value <= LAST_SECOND and isfinite(value) else None


def expiry(claims: Mapping[str, object]) -> int:
    """Return the second until which checked *claims* hold."""
    return int(seconds(claims.get("exp")) or 0)


def _check_nonce(given: object, expected: str) -> None:
    if not (isinstance(given, str) and expected and _same(given, expected)):
        raise _refused("answers another sign-in (nonce)")


def _check_audience(claims: Mapping[str, object], client_id: str) -> None:
    audience = claims.get("aud")
    audiences = audience if isinstance(audience, list) else [audience]
    if client_id not in audiences:
        raise _refused("is for another application")
    # Section 3.1.3.7, 3 to 5: with others in it, it must have been made for us.
    if claims.get("azp", None if len(audiences) > 1 else client_id) != client_id:
        raise _refused("was made for another application (azp)")


def _check_times(claims: Mapping[str, object], now: float) -> None:
    expires, issued = seconds(claims.get("exp")), seconds(claims.get("iat"))
    if expires is None or issued is None:
        raise _refused("does not say from when or until when it holds")
    if now >= expires + LEEWAY:
        raise _refused("has expired")
    not_before = seconds(claims.get("nbf", issued))
    if not_before is None or max(issued, not_before) > now + LEEWAY:
        raise _refused("comes from the future: compare the clocks")


def _segment(token: str, index: int, kind: Kind) -> Mapping[str, object]:
    segment = token.split(".")[index]
    try:
        data = base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4))
        return parse_object(data)
    except (binascii.Error, NotStrictJson):
        raise _refused("cannot be read", kind) from None


def _same(given: str, expected: str) -> bool:
    return hmac.compare_digest(
        given.encode("utf-8", "surrogatepass"), expected.encode()
    )


def _refused(what: str, kind: Kind = ID_TOKEN) -> SignInRefused:
    code = f"invalid_{kind.name.lower().replace(' ', '_')}"
    return SignInRefused(f"The {kind.name} {what}.", code)
