"""Cuts a sealed session into cookies that a browser keeps, and joins them again.

Up to 3.5 KiB go in one cookie, as they are.  More is cut: the session's cookie
then says ``<count>.<generation>.<part>``, and ``name.1``, ``name.2`` … go on with
``<generation>.<part>``.  The generation is a digest of the whole, so parts that
were not cut from one text do not join.  The joined text is still to be opened;
the checks here only keep that work small.
"""

from base64 import urlsafe_b64encode
from collections.abc import Iterable, Sequence
from hashlib import sha256

from gateway.sessions.cookies import Cookie, OwnCookies

LONGEST_COOKIE = 3584  # with its name: a browser's limit is 4096 with attributes
MOST_COOKIES = 4  # 14 KiB together

_COUNTS = {b"%d" % count: count for count in range(2, MOST_COOKIES + 1)}


def split(name: bytes, text: bytes) -> list[Cookie]:
    """Return the cookies that carry *text*, the one called *name* first."""
    if len(name) + 1 + len(text) <= LONGEST_COOKIE:
        return [(name, text)]
    generation = _generation(text)
    room = LONGEST_COOKIE - len(name) - len(b".N=") - len(b"N.%s." % generation)
    parts = [text[start : start + room] for start in range(0, len(text), room)]
    first = b"%d.%s.%s" % (len(parts), generation, parts[0])
    rest = [
        (b"%s.%d" % (name, number), b"%s.%s" % (generation, part))
        for number, part in enumerate(parts[1:], 1)
    ]
    return [(name, first), *rest]


def size(set_cookies: Iterable[bytes]) -> int:
    """Return how many bytes of a head the fields take that have these values.

    That is what a proxy in front must find room for.
    """
    return sum(len(b"Set-Cookie: \r\n") + len(value) for value in set_cookies)


def possible_names(name: bytes) -> list[bytes]:
    """Return the names of all cookies that a session called *name* can take."""
    return [name, *(b"%s.%d" % (name, number) for number in range(1, MOST_COOKIES))]


def session_cookies(name: bytes, own: Iterable[Cookie]) -> list[Cookie]:
    """Return those of our *own* cookies that are the session's, or pretend to be."""
    stem = name + b"."
    return [cookie for cookie in own if cookie[0] == name or cookie[0].startswith(stem)]


def carried(own: OwnCookies, cookie: bytes) -> bytes | None:
    """Return what the Cookie field *cookie* carries of a session, None for nothing."""
    name = own.name
    if name not in cookie:
        return None
    return join(name, session_cookies(name, own.found(cookie)))


def join(name: bytes, cookies: Sequence[Cookie]) -> bytes | None:
    """Return the text that *cookies* carry for the session called *name*, or None.

    None where a part is missing, one too many, contradicted by another of its
    name, or from another cut, and where the count is none that we write.
    """
    if len(cookies) == 1:  # as nearly always
        only, value = cookies[0]
        whole = only == name and b"." not in value and len(value) < LONGEST_COOKIE
        return value if whole else None
    parts = dict(cookies)
    if len(parts) > MOST_COOKIES or any(parts[key] != part for key, part in cookies):
        return None
    first = parts.pop(name, None)
    if first is None or len(first) >= LONGEST_COOKIE:
        return None
    if b"." not in first:
        return None if parts else first
    return _joined(name, first, parts)


def _joined(name: bytes, first: bytes, parts: dict[bytes, bytes]) -> bytes | None:
    count, _, rest = first.partition(b".")
    generation, _, text = rest.partition(b".")
    if _COUNTS.get(count) != len(parts) + 1:
        return None
    for number in range(1, len(parts) + 1):
        part = parts.get(b"%s.%d" % (name, number), b"")
        if not part.startswith(generation + b".") or len(part) >= LONGEST_COOKIE:
            return None
        text += part[len(generation) + 1 :]
    return text if _generation(text) == generation else None


def _generation(text: bytes) -> bytes:
    return urlsafe_b64encode(sha256(text).digest()[:6])
