"""The keys that sign assertions, and what is published of them (RFC 7517)."""

import base64
import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key

_BLOCK = re.compile(
    rb"-----BEGIN ([A-Z ]*PRIVATE KEY)-----.+?-----END \1-----", re.DOTALL
)
_COORDINATE = 32  # bytes of one in P-256 (RFC 7518, section 6.2.1.2)


@dataclass(frozen=True, slots=True)
class AssertionKey:
    """A private P-256 key, and its name: the thumbprint of its public half."""

    private: ec.EllipticCurvePrivateKey = field(repr=False)
    kid: str

    @classmethod
    def of(cls, private: ec.EllipticCurvePrivateKey) -> "AssertionKey":
        """Return *private* with its name (RFC 7638, section 3)."""
        # The required members, in order, without white space: what is hashed.
        members = json.dumps(_members(private), separators=(",", ":"), sort_keys=True)
        return cls(private, _base64url(hashlib.sha256(members.encode()).digest()))

    def jwk(self) -> dict[str, str]:
        """Return the public half as a JSON Web Key."""
        return {
            **_members(self.private),
            "kid": self.kid,
            "use": "sig",
            "alg": "ES256",
        }


def keys_in(pem: bytes) -> list[AssertionKey]:
    """Return the private keys in *pem*, in order.

    Raises ValueError, in words, where there is none, or one that is no P-256 key
    without a pass phrase.
    """
    keys = [_key(match[0]) for match in _BLOCK.finditer(pem)]
    if not keys:
        raise ValueError("holds no private key in PEM")
    return keys


def key_set(keys: Iterable[AssertionKey]) -> bytes:
    """Return the JSON Web Key Set of *keys* (RFC 7517, section 5)."""
    return json.dumps({"keys": [key.jwk() for key in keys]}).encode("ascii")


def _key(block: bytes) -> AssertionKey:
    try:
        private = load_pem_private_key(block, password=None)
    except TypeError:
        raise ValueError("holds a key with a pass phrase") from None
    except Exception:  # noqa: BLE001 -- the library names no type, and may show bytes
        raise ValueError("holds a key that cannot be read") from None
    if not isinstance(private, ec.EllipticCurvePrivateKey) or not isinstance(
        private.curve, ec.SECP256R1
    ):
        raise ValueError("holds a key that is not for P-256")  # noqa: TRY004
    return AssertionKey.of(private)


def _members(private: ec.EllipticCurvePrivateKey) -> dict[str, str]:
    numbers = private.public_key().public_numbers()
    return {
        "crv": "P-256",
        "kty": "EC",
        "x": _base64url(numbers.x.to_bytes(_COORDINATE, "big")),
        "y": _base64url(numbers.y.to_bytes(_COORDINATE, "big")),
    }


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")
