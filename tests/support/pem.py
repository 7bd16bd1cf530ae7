"""Private keys in PEM, as an operator makes them."""

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)


def p256(password: bytes = b"", form: PrivateFormat = PrivateFormat.PKCS8) -> bytes:
    """Return a new P-256 key, with a pass phrase where one is given."""
    encryption = BestAvailableEncryption(password) if password else NoEncryption()
    key = ec.generate_private_key(ec.SECP256R1())
    return key.private_bytes(Encoding.PEM, form, encryption)


def p384() -> bytes:
    """Return a new key for another curve."""
    return ec.generate_private_key(ec.SECP384R1()).private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    )


def rsa2048() -> bytes:
    """Return a new RSA key."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    )
