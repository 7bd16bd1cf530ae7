"""Counts sign-ins that ended well while the browser never came back with a session.

A browser that refuses the session's cookie, and a Logto that signs in silently,
chase each other in a circle.  A small cookie of its own counts the rounds.
"""

from collections.abc import Callable

from gateway.authentication.attempt_cookies import crossing_same_site
from gateway.known import Known
from gateway.sessions.codec import NONCE_SIZE, KeyRing, Purpose
from gateway.sessions.cookies import OwnCookies, SetCookies
from gateway.sessions.settings import SessionSettings

LIFETIME = 600  # seconds; a circle takes less than one a round
CLOCK_LEEWAY = 60
MOST_COUNTED = 99


class Arrival:
    """Writes and reads the cookie that counts sign-ins without an arrival.

    *secure* where the public address is https; *random_bytes* returns as many as
    it is asked for.
    """

    def __init__(
        self,
        settings: SessionSettings,
        keys: KeyRing,
        *,
        secure: bool,
        random_bytes: Callable[[int], bytes],
    ) -> None:
        self._own = OwnCookies(settings.cookie_name.encode("ascii"))
        self._name = self._own.arrival
        self._keys = keys
        self._set = SetCookies(secure, crossing_same_site(settings.same_site))
        self._random_bytes = random_bytes
        self._present: Known[bool] = Known()

    def present(self, cookie: bytes) -> bool:
        """Tell whether the Cookie field *cookie* may hold the count; no is sure."""
        found = self._present.get(cookie)
        if found is None:
            found = self._name in cookie
            self._present.add(cookie, found)
        return found

    def read(self, cookie: bytes, host: str, now: float) -> int:
        """Return how many sign-ins on *host* did not arrive lately; 0 where unknown.

        *now* is in unix seconds.
        """
        payload = self._keys.open(
            self._own.only(self._name, cookie) or b"",
            purpose=Purpose.ARRIVAL,
            cookie_name=self._name.decode("ascii"),
            host=host,
        )
        if payload is None:
            return 0
        count, _, at = payload.partition(b" ")
        return int(count) if -CLOCK_LEEWAY <= now - int(at) < LIFETIME else 0

    def write(self, count: int, host: str, now: float) -> bytes:
        """Return the Set-Cookie value that says *count*, at *now* (unix seconds)."""
        text = self._keys.seal(
            b"%d %d" % (min(count, MOST_COUNTED), now),
            purpose=Purpose.ARRIVAL,
            cookie_name=self._name.decode("ascii"),
            host=host,
            nonce=self._random_bytes(NONCE_SIZE),
        )
        return self._set.keep(self._name, text.encode("ascii"), LIFETIME)

    def clear(self) -> bytes:
        """Return the Set-Cookie value that forgets the count: a session arrived."""
        return self._set.expire(self._name)
