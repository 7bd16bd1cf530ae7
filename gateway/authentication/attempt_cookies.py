"""A sealed cookie for each sign-in attempt, so that tabs do not disturb each other.

Its name ends in a digest of the attempt's ``state``; its value is the start time,
in the clear to find the oldest without opening any, a point, and the sealed
attempt.  Seven at most and 4 KiB together: the oldest go first.
"""

from collections.abc import Callable
from hashlib import sha256
from hmac import compare_digest
from itertools import accumulate

from gateway.authentication.attempt import (
    CLOCK_LEEWAY,
    LIFETIME,
    Attempt,
    decode,
    encode,
)
from gateway.sessions.codec import NONCE_SIZE, KeyRing, Purpose
from gateway.sessions.cookies import Cookie, OwnCookies, SetCookies, is_expirable
from gateway.sessions.settings import SessionSettings

MOST_ATTEMPTS = 7
MOST_BYTES = 4096
LONGEST_REMEMBERED = 256  # characters of a return-to; an answer's head has its limits
MOST_EXPIRED_AT_ONCE = 8  # per answer, against a flood of names; the next goes on
MOST_CLEARED_AT_ONCE = 2 * MOST_ATTEMPTS


class AttemptCookies:
    """Writes, reads and clears the cookies of sign-in attempts.

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
        self.own = OwnCookies(settings.cookie_name.encode("ascii"))
        self._keys = keys
        self._set = SetCookies(secure, crossing_same_site(settings.same_site))
        self._random_bytes = random_bytes

    def write(self, attempt: Attempt, host: str, cookie: bytes) -> list[bytes]:
        """Return the Set-Cookie values that start *attempt* on *host*.

        Where the request's *cookie* holds too many others, they also expire the
        oldest of them.
        """
        name = self._name(attempt.state)
        value = self._sealed(attempt, name, host)
        others = [other for other in self._attempts(cookie) if other[0] != name]
        too_many = superfluous((name, value), others, attempt.started_at)
        return [
            self._set.keep(name, value, LIFETIME),
            *map(self._set.expire, too_many[:MOST_EXPIRED_AT_ONCE]),
        ]

    def read(self, state: str, cookie: bytes, host: str, now: float) -> Attempt | None:
        """Return the attempt that *state* belongs to; None where there is none.

        None also where it started on another host, in another browser, or too long
        before *now* (unix seconds).  Whether it was used is another question, as
        cookies can be copied: see :mod:`gateway.authentication.used_attempts`.
        """
        name = self._name(state)
        started, _, sealed = (self.own.only(name, cookie) or b"").partition(b".")
        payload = self._keys.open(
            sealed,
            purpose=Purpose.ATTEMPT,
            cookie_name=name.decode("ascii"),
            host=host,
        )
        attempt = decode(payload) if payload is not None else None
        if attempt is None or started != b"%x" % attempt.started_at:
            return None
        if not _same(attempt.state, state) or not attempt.is_live(now):
            return None
        return attempt

    def finish(self, attempt: Attempt, host: str, now: float) -> list[bytes]:
        """Return the Set-Cookie values for *attempt* once it came back on *host*.

        Its secrets go.  Where it led stays, for its ten minutes (*now* is in unix
        seconds): who comes a second time, by a double click, is led there too.
        """
        name = self._name(attempt.state)
        if len(attempt.return_to) > LONGEST_REMEMBERED:
            return [self._set.expire(name)]
        value = self._sealed(attempt.finished(), name, host)
        seconds = int(attempt.started_at + LIFETIME - now)
        return [self._set.keep(name, value, seconds)]

    def clear(self, cookie: bytes) -> list[bytes]:
        """Return the Set-Cookie values that leave no attempt that is in *cookie*."""
        names = dict.fromkeys(name for name, _ in self._attempts(cookie))
        return [self._set.expire(name) for name in list(names)[:MOST_CLEARED_AT_ONCE]]

    def _sealed(self, attempt: Attempt, name: bytes, host: str) -> bytes:
        sealed = self._keys.seal(
            encode(attempt),
            purpose=Purpose.ATTEMPT,
            cookie_name=name.decode("ascii"),
            host=host,
            nonce=self._random_bytes(NONCE_SIZE),
        )
        return b"%x.%s" % (attempt.started_at, sealed.encode("ascii"))

    def _name(self, state: str) -> bytes:
        return self.own.attempt_stem + _digest(state).encode("ascii")

    def _attempts(self, cookie: bytes) -> list[Cookie]:
        stem = self.own.attempt_stem
        return [
            found
            for found in self.own.found(cookie)
            if found[0].startswith(stem) and is_expirable(found[0])
        ]


def crossing_same_site(same_site: str) -> str:
    """Return the SameSite of cookies that must survive the way to Logto and back.

    Strict would hold them back on the navigation that comes from Logto.
    """
    return "none" if same_site == "none" else "lax"


def superfluous(new: Cookie, others: list[Cookie], now: float) -> list[bytes]:
    """Return the names of *others* that are to go once *new* is there, oldest first.

    *now* is in unix seconds.  A time that is none of ours counts as the oldest.
    """
    # Of one second the browser sends the older first (RFC 6265, section 5.4).
    oldest_first = sorted(others, key=lambda other: _started_at(other[1], now))
    kept = [new, *reversed(oldest_first)]
    sizes = accumulate(len(name) + 1 + len(value) for name, value in kept)
    fitting = sum(size <= MOST_BYTES for size in sizes)
    too_many = kept[max(1, min(fitting, MOST_ATTEMPTS)) :]
    return list(dict.fromkeys(name for name, _ in reversed(too_many)))


def _started_at(value: bytes, now: float) -> int:
    digits = value[:16].partition(b".")[0]
    try:
        started_at = int(digits, 16)
    except ValueError:
        return 0
    return started_at if 0 < started_at <= now + CLOCK_LEEWAY else 0


def _digest(state: str) -> str:
    return sha256(state.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _same(ours: str, theirs: str) -> bool:
    return compare_digest(
        ours.encode("utf-8", "surrogatepass"), theirs.encode("utf-8", "surrogatepass")
    )
