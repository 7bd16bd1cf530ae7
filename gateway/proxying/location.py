"""Leads redirects of the upstream back to the public address."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Addresses:
    """The addresses of one answer, as bytes.

    *public* is the origin that the client sees (``https://app.example.com``),
    *public_host* its host in lower case; *upstream* is the origin of the upstream,
    b"" for a unix socket; *prefix* is what strip_prefix took away, b"" for nothing.
    """

    public: bytes
    public_host: bytes
    upstream: bytes
    prefix: bytes


def public_reference(value: bytes, addresses: Addresses) -> bytes:
    """Return the URI reference *value* as the client must see it.

    The upstream's origin, and our own host with the wrong scheme or port, become the
    public origin; a path of ours gets the stripped prefix back.  Anything else, a
    relative path too, stays as it is, byte for byte.
    """
    if value[:1] == b"/" and value[1:2] not in {b"/", b"\\"}:
        return with_prefix(value, addresses.prefix)
    scheme, separator, rest = value.partition(b"://")
    if not separator or scheme.lower() not in {b"http", b"https"}:
        return value
    end = min(
        (at for mark in b"/?#\\" if (at := rest.find(mark)) >= 0), default=len(rest)
    )
    authority, path = rest[:end].lower(), rest[end:]
    if not _is_ours(scheme.lower() + separator + authority, authority, addresses):
        return value
    if addresses.prefix:
        path = with_prefix(path, addresses.prefix)
    return addresses.public + path


def _is_ours(origin: bytes, authority: bytes, addresses: Addresses) -> bool:
    if addresses.upstream and _same(origin, addresses.upstream):
        return True
    host, colon, port = authority.rpartition(b":")
    if not colon or not port.isdigit():
        host, port = authority, b""
    if host != addresses.public_host:
        return False
    own = addresses.public.rpartition(b":")[2]
    return port in {b"", b"80", b"443"} or port == own


def _same(one: bytes, other: bytes) -> bool:
    return _with_port(one) == _with_port(other)


def _with_port(origin: bytes) -> bytes:
    authority = origin.partition(b"://")[2]
    if authority.rpartition(b":")[2].isdigit():
        return origin
    return origin + (b":443" if origin.startswith(b"https:") else b":80")


def with_prefix(path: bytes, prefix: bytes) -> bytes:
    """Return *path* below *prefix*, unless the upstream put it there itself."""
    if not prefix or (path.startswith(prefix) and path[len(prefix) :][:1] in _BORDERS):
        return path
    if path[:1] == b"/" or not path:
        return prefix + (path or b"/")
    return prefix + b"/" + path


_BORDERS = frozenset({b"", b"/", b"?", b"#"})


def public_refresh(value: bytes, addresses: Addresses) -> bytes:
    """Return a Refresh *value* (``5; url=/path``) whose address is public."""
    seconds, mark, rest = value.partition(b";")
    if not mark:
        seconds, mark, rest = value.partition(b",")
    name, equals, address = rest.partition(b"=")
    if not equals or name.strip().lower() != b"url":
        return value
    stripped = address.strip()
    quote = stripped[:1] if stripped[:1] in {b'"', b"'"} else b""
    bare = stripped.strip(quote) if quote else stripped
    changed = public_reference(bare, addresses)
    return value if changed == bare else b"%b%b%b=%b%b%b" % (
        seconds, mark, name, quote, changed, quote,
    )  # fmt: skip


def without_prefix(target: bytes, prefix: bytes) -> bytes:
    """Return the origin-form *target* without *prefix*, where it begins with it."""
    if target.startswith(prefix) and target[len(prefix) :][:1] in _BORDERS:
        rest = target[len(prefix) :]
        return rest if rest[:1] == b"/" else b"/" + rest
    return target
