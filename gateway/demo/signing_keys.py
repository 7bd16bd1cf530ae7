"""The keys that sign the emulated Logto's ID tokens (RFC 7517, RFC 7518)."""

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
Claims = dict[str, object]
Header = dict[str, object]


def base64url(data: bytes) -> str:
    """Return *data* in base64url without padding (RFC 7515 section 2)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key with its name; ``algorithm`` is "ES384" or "RS256"."""

    algorithm: str
    private: PrivateKey
    kid: str

    @classmethod
    def generate(cls, algorithm: str = "ES384") -> "SigningKey":
        """Make a key: ES384 is Logto's default, RS256 that of older tenants."""
        private: PrivateKey
        if algorithm == "ES384":
            private = ec.generate_private_key(ec.SECP384R1())
        else:
            private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        modulus = json.dumps(_public_members(private), sort_keys=True)
        return cls(
            algorithm, private, base64url(hashlib.sha256(modulus.encode()).digest())
        )

    def jwk(self) -> Mapping[str, object]:
        """Return the public half as a JSON Web Key."""
        return _public_members(self.private) | {
            "alg": self.algorithm,
            "kid": self.kid,
            "use": "sig",
        }

    def sign(self, claims: Claims, header: Header) -> str:
        """Return the compact JWS of *claims*; ``alg`` comes from this key."""
        return jwt.encode(
            claims, self.private, algorithm=self.algorithm, headers=header
        )


def _public_members(private: PrivateKey) -> dict[str, object]:
    if isinstance(private, ec.EllipticCurvePrivateKey):
        members = ECAlgorithm.to_jwk(private.public_key(), as_dict=True)
    else:
        members = RSAAlgorithm.to_jwk(private.public_key(), as_dict=True)
    return {name: members[name] for name in members if name != "key_ops"}


def unsigned(claims: Claims, header: Header) -> str:
    """Return an unsecured token (``alg: none``, RFC 7519 section 6): an attack."""
    parts = (header | {"alg": "none"}, claims)
    return ".".join(base64url(json.dumps(part).encode()) for part in parts) + "."


class KeyRing:
    """The keys that Logto lists, newest first; the newest signs."""

    def __init__(self) -> None:
        self.keys = [SigningKey.generate()]

    @property
    def current(self) -> SigningKey:
        """The key that signs."""
        return self.keys[0]

    def rotate(self, algorithm: str = "ES384", *, forget: bool = False) -> SigningKey:
        """Sign with a new key at once; the old ones stay listed unless *forget*."""
        self.keys = [SigningKey.generate(algorithm), *([] if forget else self.keys)]
        return self.current

    def jwks(self) -> bytes:
        """Return the JSON Web Key Set."""
        return json.dumps({"keys": [key.jwk() for key in self.keys]}).encode()
