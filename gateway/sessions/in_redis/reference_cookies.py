"""The cookies that refer to sessions: opened once, sealed with the newest key.

What somebody made up does not open, so it never reaches Redis.
"""

from collections import OrderedDict
from collections.abc import Callable

from gateway.known import Known
from gateway.sessions import chunks
from gateway.sessions.codec import NONCE_SIZE, KeyRing, Purpose
from gateway.sessions.cookies import OwnCookies, SetCookies
from gateway.sessions.in_redis.reference import (
    Reference,
    decode_reference,
    encode_reference,
)
from gateway.sessions.left_overs import LeftOvers

MOST_OPENED = 8192  # references kept open, a few hundred bytes each


class ReferenceCookies:
    """Reads references from Cookie fields, and writes them as Set-Cookie values.

    *random_bytes* returns as many as it is asked for.
    """

    def __init__(
        self,
        own: OwnCookies,
        set_cookies: SetCookies,
        keys: KeyRing,
        random_bytes: Callable[[int], bytes],
    ) -> None:
        self._own = own
        self._set = set_cookies
        self._keys = keys
        self._random_bytes = random_bytes
        self._left_overs = LeftOvers(own, set_cookies)
        self._texts: Known[bytes] = Known()
        self._opened: OrderedDict[tuple[str, bytes], Reference] = OrderedDict()

    def read(self, cookie: bytes, host: str) -> Reference | None:
        """Return the reference that *cookie* holds for *host*; None without one."""
        text = self._texts.get(cookie)
        if text is None:
            text = chunks.carried(self._own, cookie)
            if text is None:
                return None
            self._texts.add(cookie, text)
        known = self._opened.get((host, text))
        return known if known is not None else self._open(text, host)

    def write(
        self, reference: Reference, host: str, cookie: bytes, seconds: int
    ) -> list[bytes]:
        """Return the Set-Cookie values that give *reference* out for *seconds*.

        They also expire what else of a session is in *cookie*.
        """
        name = self._own.name
        text = self._keys.seal(
            encode_reference(reference),
            purpose=Purpose.REFERENCE,
            cookie_name=name.decode("ascii"),
            host=host,
            nonce=self._random_bytes(NONCE_SIZE),
        )
        kept = self._set.keep(name, text.encode("ascii"), seconds)
        return [kept, *self._left_overs.expire(cookie, but={name})]

    def clear(self, cookie: bytes) -> list[bytes]:
        """Return the Set-Cookie values that leave nothing of a session."""
        return self._left_overs.expire(cookie, all_possible=True)

    def _open(self, text: bytes, host: str) -> Reference | None:
        payload = self._keys.open(
            text,
            purpose=Purpose.REFERENCE,
            cookie_name=self._own.name.decode("ascii"),
            host=host,
        )
        if payload is None:
            return None
        reference = decode_reference(payload, current=self._keys.is_current(text))
        if reference is not None:
            self._opened[host, text] = reference
            if len(self._opened) > MOST_OPENED:
                self._opened.popitem(last=False)
        return reference
