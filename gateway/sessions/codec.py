"""Seals what a cookie carries, and opens it again: AES-256-GCM with a key ring.

A sealed text is base64url without padding (RFC 4648, section 5) over

    version (1 byte) | key id (4) | nonce (12) | ciphertext and tag (RFC 5116)

What it is for, the name of its cookie and the host it was given on are
authenticated with it: moved to another place it opens as little as if it were
broken.  Each purpose has a key of its own, derived by HKDF (RFC 5869).
"""

import binascii
from base64 import urlsafe_b64encode
from collections.abc import Iterable
from enum import StrEnum

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_SIZE = 32
NONCE_SIZE = 12  # random: one key is good for 2**32 of them (SP 800-38D, 8.3)
LONGEST_TEXT = 16 * 1024  # more than every cookie we write, and the bound of work

_VERSION = b"\x01"
_KEY_ID_SIZE = 4
_PREFIX_SIZE = len(_VERSION) + _KEY_ID_SIZE
_SHORTEST_TEXT = 4 * (_PREFIX_SIZE + NONCE_SIZE + 16) // 3
_STANDARD_ALPHABET = bytes.maketrans(b"-_", b"+/")


class Purpose(StrEnum):
    """What a sealed text is for: one that was sealed for one opens for no other."""

    SESSION = "session"
    REFERENCE = "reference to a session"
    ATTEMPT = "sign-in attempt"
    ARRIVAL = "arrival"


class KeyRing:
    """The keys of the gateway, newest first: the first seals, every one opens.

    *keys* are secrets of 32 bytes.  Raises ValueError where there is none or one
    has another length.
    """

    __slots__ = ("_newest", "_openers", "_sealers")

    def __init__(self, keys: Iterable[bytes]) -> None:
        ring = tuple(keys)
        if not ring or any(len(key) != KEY_SIZE for key in ring):
            raise ValueError(f"a key ring takes one or more keys of {KEY_SIZE} bytes")
        self._newest = _VERSION + _key_id(ring[0])
        self._sealers = {purpose: _cipher(ring[0], purpose) for purpose in Purpose}
        self._openers: dict[tuple[Purpose, bytes], tuple[AESGCM, ...]] = {}
        for key in ring:
            for purpose in Purpose:
                opener = (purpose, _VERSION + _key_id(key))
                others = self._openers.get(opener, ())
                self._openers[opener] = (*others, _cipher(key, purpose))

    def seal(
        self,
        payload: bytes,
        *,
        purpose: Purpose,
        cookie_name: str,
        host: str,
        nonce: bytes,
    ) -> str:
        """Return *payload* sealed with the newest key, as text for a cookie.

        *nonce* is 12 random bytes that are used this once.  Raises ValueError
        where it has another length.
        """
        if len(nonce) != NONCE_SIZE:
            raise ValueError(f"a nonce has {NONCE_SIZE} bytes")
        place = _place(purpose, cookie_name, host)
        sealed = self._sealers[purpose].encrypt(nonce, payload, place)
        return _encode(self._newest + nonce + sealed).decode("ascii")

    def open(
        self, text: bytes | str, *, purpose: Purpose, cookie_name: str, host: str
    ) -> bytes | None:
        """Return what was sealed as *text*, or None where it was not sealed here.

        Every other text gives the same None, whatever is wrong with it: too
        short, too long, not base64url, an unknown key, a flipped bit, another
        purpose, cookie name or host.  Nothing is ever raised.
        """
        raw = _decode(text)
        if raw is None:
            return None
        nonce_end = _PREFIX_SIZE + NONCE_SIZE
        nonce, sealed = raw[_PREFIX_SIZE:nonce_end], raw[nonce_end:]
        place = _place(purpose, cookie_name, host)
        for cipher in self._openers.get((purpose, raw[:_PREFIX_SIZE]), ()):
            try:
                return cipher.decrypt(nonce, sealed, place)
            except InvalidTag:
                continue
        return None

    def is_current(self, text: bytes) -> bool:
        """Tell whether *text*, which opens, was sealed with the newest key."""
        raw = _decode(text)
        return raw is not None and raw.startswith(self._newest)


def _key_id(key: bytes) -> bytes:
    return _derive(key, "key id", _KEY_ID_SIZE)


def _cipher(key: bytes, purpose: Purpose) -> AESGCM:
    return AESGCM(_derive(key, f"seal {purpose}", KEY_SIZE))


def _derive(key: bytes, label: str, length: int) -> bytes:
    info = f"gateway cookie {label}".encode("ascii")
    return HKDF(SHA256(), length, salt=None, info=info).derive(key)


def _place(purpose: Purpose, cookie_name: str, host: str) -> bytes:
    """Return the three values as one that no other three give: lengths in front."""
    parts = (
        part.encode("utf-8", "surrogatepass") for part in (purpose, cookie_name, host)
    )
    return b"".join(len(part).to_bytes(4, "big") + part for part in parts)


def _encode(raw: bytes) -> bytes:
    return urlsafe_b64encode(raw).rstrip(b"=")


def _decode(text: bytes | str) -> bytes | None:
    """Return the bytes that *text* is the one spelling of, or None.

    base64 has several spellings of the same bytes (RFC 4648, section 3.5); all
    but ours are refused, so that no flipped bit of the text goes unnoticed.
    """
    if not _SHORTEST_TEXT <= len(text) <= LONGEST_TEXT:
        return None
    try:
        spelled = text.encode("ascii") if isinstance(text, str) else text
        padding = b"=" * (-len(spelled) % 4)
        raw = binascii.a2b_base64(spelled.translate(_STANDARD_ALPHABET) + padding)
    except (UnicodeEncodeError, binascii.Error):
        return None
    return raw if _encode(raw) == spelled else None
