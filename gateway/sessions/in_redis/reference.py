"""The reference to a session: which one it is, and the key that opens it.

Redis holds the session sealed with that key, which only the browser's cookie has, and
the cookie is sealed with a key that only the gateway has.
"""

import json
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from gateway.sessions.session import Session, decode, encode

KEY_SIZE = 32
NONCE_SIZE = 12  # random: one session is written a few thousand times at the most
LONGEST_ID = 64

_PLACE = b"gateway session in redis 1 "


@dataclass(frozen=True, slots=True)
class Reference:
    """The *id* of a session, and the *key* that it is sealed with.

    *current* says whether the cookie that it came in is the one to be written now.
    """

    id: str
    key: bytes = field(repr=False)
    current: bool = field(default=True, compare=False)


def encode_reference(reference: Reference) -> bytes:
    """Return *reference* as the bytes that are sealed into a cookie."""
    return reference.key + reference.id.encode("ascii")


def decode_reference(payload: bytes, *, current: bool) -> Reference | None:
    """Return the reference in *payload*; None where it holds no such thing."""
    key, name = payload[:KEY_SIZE], payload[KEY_SIZE:]
    if not 0 < len(name) <= LONGEST_ID or not name.isascii():
        return None
    return Reference(name.decode("ascii"), key, current)


def seal_session(session: Session, key: bytes, nonce: bytes) -> bytes:
    """Return *session* sealed with *key*; *nonce* is 12 bytes used this once."""
    place = _PLACE + session.id.encode("ascii")
    return nonce + AESGCM(key).encrypt(nonce, encode(session), place)


def open_session(sealed: bytes, reference: Reference) -> Session | None:
    """Return the session that *reference* names; None where *sealed* is not that.

    Whoever can write to Redis can neither make a session nor put one in the place of
    another: the id is authenticated with it.
    """
    place = _PLACE + reference.id.encode("ascii")
    nonce, rest = sealed[:NONCE_SIZE], sealed[NONCE_SIZE:]
    try:
        payload = AESGCM(reference.key).decrypt(nonce, rest, place)
    except (InvalidTag, ValueError):
        return None
    session = decode(payload)
    return session if session is not None and session.id == reference.id else None


def as_text(*values: object) -> bytes:
    """Return *values* as the bytes of a message or a note, before they are sealed."""
    return json.dumps(values, separators=(",", ":")).encode("ascii")
