"""What earlier sessions left in a browser's cookies, to be expired."""

from collections.abc import Collection

from gateway.sessions import chunks
from gateway.sessions.cookies import OwnCookies, SetCookies, is_expirable

MOST = 8  # expired per answer, against a flood of names


class LeftOvers:
    """Makes the Set-Cookie values that expire cookies of *own* sessions."""

    __slots__ = ("_own", "_set")

    def __init__(self, own: OwnCookies, set_cookies: SetCookies) -> None:
        self._own = own
        self._set = set_cookies

    def expire(
        self, cookie: bytes, *, but: Collection[bytes] = (), all_possible: bool = False
    ) -> list[bytes]:
        """Return what expires what of a session is in *cookie*, but for some names.

        With *all_possible* also every name that a session can take.
        """
        possible = chunks.possible_names(self._own.name) if all_possible else []
        names = dict.fromkeys([*possible, *self._seen(cookie)])
        return [self._set.expire(name) for name in names if name not in but]

    def _seen(self, cookie: bytes) -> list[bytes]:
        found = chunks.session_cookies(self._own.name, self._own.found(cookie))
        names = dict.fromkeys(name for name, _ in found if is_expirable(name))
        return list(names)[:MOST]
