"""What the gateway's own keys are for in Redis: names that tell nothing, and seals.

A person's sessions are found under an HMAC of who they are, and what is shown to them
or told to other gateways is sealed.  Each of the session keys gives keys of its own for
that (HKDF, RFC 5869); as with cookies, the newest seals and names, and all open.
"""

import hmac
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from gateway.sessions.in_redis.reference import NONCE_SIZE

_NAME_SIZE = 20  # bytes of an HMAC: nobody finds two of the same name


@dataclass(frozen=True, slots=True)
class _Own:
    """What one session key gives."""

    names: bytes = field(repr=False)
    seals: AESGCM = field(repr=False)


class OwnKeys:
    """The names and seals of the gateway whose session *keys*, newest first, these are.

    Gateways with other keys may use the same Redis: they find nothing of one another.
    """

    __slots__ = ("_own",)

    def __init__(self, keys: Iterable[bytes]) -> None:
        self._own = [
            _Own(_derive(key, b"names"), AESGCM(_derive(key, b"seals"))) for key in keys
        ]

    def names(self, kind: str, value: str) -> list[str]:
        """Return what *value* of a *kind* is called in Redis, by the newest key first.

        Nobody without the keys can tell which value that is.
        """
        text = f"{kind}\0{value}".encode("utf-8", "surrogatepass")
        digests = (hmac.digest(own.names, text, sha256) for own in self._own)
        return [digest[:_NAME_SIZE].hex() for digest in digests]

    def seal(self, payload: bytes, place: str, nonce: bytes) -> bytes:
        """Return *payload* sealed for *place*; *nonce* is 12 bytes used this once."""
        return nonce + self._own[0].seals.encrypt(nonce, payload, place.encode())

    def open(self, sealed: bytes, place: str) -> bytes | None:
        """Return what was sealed for *place*, or None where it was not sealed by us."""
        nonce, rest = sealed[:NONCE_SIZE], sealed[NONCE_SIZE:]
        for own in self._own:
            try:
                return own.seals.decrypt(nonce, rest, place.encode())
            except (InvalidTag, ValueError):
                continue
        return None


def _derive(key: bytes, label: bytes) -> bytes:
    return HKDF(SHA256(), 32, salt=None, info=b"gateway redis " + label).derive(key)


def all_names(own: OwnKeys, pairs: Sequence[tuple[str, str]]) -> list[str]:
    """Return the names of each of *pairs* (kind, value) by each key."""
    return [name for kind, value in pairs for name in own.names(kind, value)]
