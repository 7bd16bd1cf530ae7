"""The gateway's own cookies among everybody's: found, kept from the upstream, set.

The rules work on the raw bytes of the Cookie field, several of them joined with
``"; "``.  Nothing is parsed that is not ours: browsers send cookies that no
parser of cookies takes (raw JSON, quotes, bytes that are no UTF-8), and those
pass untouched.  Syntax: RFC 6265, sections 4.1.1 and 4.2.1; what a client makes
of a Set-Cookie: RFC 6265bis, section 5.6.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

Cookie = tuple[bytes, bytes]  # name, value
_Piece = tuple[int, int, bytes, bytes]  # start and end in the field, name, value

_SPACE = b" \t"
_CONTROLS = bytes(code for code in (*range(0x20), 0x7F) if code != ord("\t"))
_NAME = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,200}")


def is_expirable(name: bytes) -> bool:
    """Tell whether *name* is a cookie's name that we may repeat to a client.

    It came in a request: it must be a token (RFC 6265, section 4.1.1), and short.
    """
    return _NAME.fullmatch(name) is not None


class OwnCookies:
    """The cookies that are ours: the session's, called *name*, and its relatives.

    All their names start with *name*: one search says that there is none.
    *chunk_stem* and *attempt_stem* are what the names of a session's further
    chunks and of sign-in attempts start with, *arrival* is the name of the cookie
    that counts sign-ins which did not arrive.
    """

    __slots__ = (
        "_last", "_last_pieces", "_names", "_stems",
        "arrival", "attempt_stem", "chunk_stem", "name",
    )  # fmt: skip

    def __init__(self, name: bytes) -> None:
        self.name = name
        self.chunk_stem = name + b"."
        self.attempt_stem = name + b"-attempt-"
        self.arrival = name + b"-arrival"
        self._names = (name, self.arrival)
        self._stems = (self.chunk_stem, self.attempt_stem)
        self._last = b""  # the same is asked about again, some steps later
        self._last_pieces: tuple[_Piece, ...] = ()

    def present(self, cookie: bytes) -> bool:
        """Tell whether the Cookie field *cookie* may hold one of ours; no is sure."""
        return self.name in cookie

    def owns(self, name: bytes) -> bool:
        """Tell whether a cookie called *name* is ours, whatever follows a stem."""
        return name in self._names or name.startswith(self._stems)

    def found(self, cookie: bytes) -> list[Cookie]:
        """Return name and value of each cookie of ours in *cookie*, in order."""
        return [
            (name, value.strip(_SPACE)) for _, _, name, value in self._pieces(cookie)
        ]

    def only(self, name: bytes, cookie: bytes) -> bytes | None:
        """Return the value of our cookie *name*; None where absent or contradicted.

        The same name with two values says that somebody planted one of them
        (RFC 6265, section 8.6): neither is believed.
        """
        values = {value for found, value in self.found(cookie) if found == name}
        return values.pop() if len(values) == 1 else None

    def strip_own(self, cookie: bytes) -> bytes | None:
        """Return *cookie* without ours, the others byte for byte; None if none is left.

        Spacing, quotes, empty pieces and bytes of any kind stay as they are; the
        separator in front goes with its cookie.
        """
        if self.name not in cookie:
            return cookie
        kept, end = [], 0
        for start, next_end, _, _ in self._pieces(cookie):
            kept.append(cookie[end : max(start - 1, 0)])
            end = next_end
        if not kept:
            return cookie
        left = b"".join(kept) + cookie[end:]
        if not kept[0] and left.startswith(b";") and not cookie.startswith(b";"):
            left = left[1:].lstrip(_SPACE)
        return left if left.strip(b"; \t") else None

    def _pieces(self, cookie: bytes) -> tuple[_Piece, ...]:
        """Return start, end, name and value of each piece of *cookie* that is ours."""
        if cookie is not self._last:
            self._last_pieces = tuple(self._look_for_pieces(cookie))
            self._last = cookie
        return self._last_pieces

    def _look_for_pieces(self, cookie: bytes) -> Iterator[_Piece]:
        """Yield the same, looking at *cookie*.

        Work grows with our name's occurrences, not with the pieces of others.
        """
        end, at = 0, cookie.find(self.name)
        while at >= 0:
            start = cookie.rfind(b";", end, at) + 1
            end = cookie.find(b";", at + len(self.name))
            end = end if end >= 0 else len(cookie)
            name, _, value = cookie[start:end].partition(b"=")
            name = name.strip(_SPACE)
            if self.owns(name):
                yield start, end, name, value
            at = cookie.find(self.name, end)

    def is_own_set_cookie(self, value: bytes) -> bool:
        """Tell whether a client that is sent the Set-Cookie *value* would hold ours.

        Blank around the name is dropped, a cookie without a name is sent back as
        its bare value (``=name=x`` comes back as ``name=x``), and old clients cut
        at a control character or skip it.  Names that differ in case are taken
        for ours: some frameworks look cookies up that way.
        """
        lower = OwnCookies(self.name.lower())
        pair = value.lower().translate(None, _CONTROLS)
        if not lower.present(pair):
            return False
        if len(pair) != len(value):
            return True
        pair = pair.partition(b";")[0].lstrip(b"=" + _SPACE)
        return lower.owns(pair.partition(b"=")[0].rstrip(_SPACE))


@dataclass(frozen=True, slots=True)
class SetCookies:
    """Set-Cookie values for cookies of ours: the whole host, never for scripts.

    *secure* where the public address is https, as ``__Host-`` asks (RFC 6265bis,
    section 4.1.3.2); *same_site* is ``"lax"``, ``"strict"`` or ``"none"``.
    """

    secure: bool
    same_site: str

    def keep(self, name: bytes, value: bytes, seconds: int) -> bytes:
        """Return what has a client keep the cookie for *seconds* from now."""
        return b"%s=%s; Max-Age=%d%s" % (name, value, seconds, self._attributes())

    def expire(self, name: bytes) -> bytes:
        """Return what has a client forget the cookie.

        It repeats all attributes: without Secure and Path a browser refuses to
        touch a ``__Host-`` cookie, and keeps it.
        """
        past = b"Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT"
        return b"%s=; %s%s" % (name, past, self._attributes())

    def _attributes(self) -> bytes:
        secure = b"; Secure" if self.secure else b""
        same_site = self.same_site.capitalize().encode("ascii")
        return b"; Path=/%s; HttpOnly; SameSite=%s" % (secure, same_site)
