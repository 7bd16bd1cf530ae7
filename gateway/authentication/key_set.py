"""The provider's published keys, and which of them may have signed (RFC 7517)."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from gateway.authentication.errors import ProviderUnavailable

MOST_KEYS = 64
SMALLEST_RSA = 2048  # bits (RFC 7518 section 3.3)

_CURVES = {"ES256": "secp256r1", "ES384": "secp384r1", "ES512": "secp521r1"}

_ODD_VALUES = (ValueError, TypeError, AttributeError, OverflowError)

PublicKey = RSAPublicKey | EllipticCurvePublicKey


@dataclass(frozen=True, slots=True)
class SigningKey:
    """One published key: *algorithms* are those that it may sign with."""

    key_id: str | None
    algorithms: frozenset[str]
    public_key: PublicKey


def parse_keys(
    document: Mapping[str, object], known: Collection[str]
) -> tuple[SigningKey, ...]:
    """Return the keys of a JWK set that can verify one of the *known* algorithms.

    Others (symmetric, private, for encryption, weak, broken) are left out (RFC 7517
    section 5). Raises ProviderUnavailable where *document* is no JWK set.
    """
    keys = document.get("keys")
    if not isinstance(keys, list) or len(keys) > MOST_KEYS:
        raise ProviderUnavailable("Logto's key set is not one.")
    parsed = (_parse(key, known) for key in keys if isinstance(key, dict))
    return tuple(key for key in parsed if key is not None)


def choose(
    keys: Iterable[SigningKey], key_id: str | None, algorithm: str
) -> SigningKey | None:
    """Return the one key that a token with this header can have been signed with.

    None where no key fits, or where more than one does: a token that does not say
    which key is its own is good only where there is no choice.
    """
    fitting = {
        key.public_key.public_numbers(): key
        for key in keys
        if algorithm in key.algorithms and key_id in (None, key.key_id)
    }
    return next(iter(fitting.values())) if len(fitting) == 1 else None


def _parse(jwk: Mapping[str, object], known: Collection[str]) -> SigningKey | None:
    key_id, stated = jwk.get("kid"), jwk.get("alg")
    if jwk.get("use", "sig") != "sig" or jwk.get("kty") not in ("EC", "RSA"):
        return None
    if "d" in jwk or not isinstance(key_id, str | None):
        return None
    try:
        # Without `alg`: PyJWT shall go by the kind of key, we judge the rest.
        public_key = jwt.PyJWK({**jwk, "alg": None}).key
    except (jwt.PyJWTError, UnsupportedAlgorithm, *_ODD_VALUES):
        return None
    algorithms = frozenset(
        name for name in known if stated in (None, name) and _can_sign(public_key, name)
    )
    return SigningKey(key_id, algorithms, public_key) if algorithms else None


def _can_sign(key: object, algorithm: str) -> bool:
    match key:
        case EllipticCurvePublicKey():
            return _CURVES.get(algorithm) == key.curve.name
        case RSAPublicKey():
            return algorithm[:2] in {"RS", "PS"} and key.key_size >= SMALLEST_RSA
        case _:
            return False
