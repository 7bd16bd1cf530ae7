"""Fits an upstream's Set-Cookie to the public address (RFC 6265 §5.2)."""

from gateway.proxying.location import with_prefix


def public_set_cookie(value: bytes, upstream_host: bytes, prefix: bytes) -> bytes:
    """Return the Set-Cookie *value* with Domain and Path as the client needs them.

    A Domain that is *upstream_host* (lower case, without port; b"" for none) goes:
    no browser takes it from us.  A Path gets the stripped *prefix* back.  Everything
    else keeps its bytes.
    """
    pair, *attributes = value.split(b";")
    changed = [
        one
        for attribute in attributes
        if (one := _attribute(attribute, upstream_host, prefix)) is not None
    ]
    return value if changed == attributes else b";".join([pair, *changed])


def _attribute(attribute: bytes, upstream_host: bytes, prefix: bytes) -> bytes | None:
    name, equals, value = attribute.partition(b"=")
    match name.strip().lower():
        case b"domain" if upstream_host:
            domain = value.strip().lower().removeprefix(b".")
            return None if domain == upstream_host else attribute
        case b"path" if prefix and value.strip()[:1] == b"/":
            return name + equals + with_prefix(value.strip(), prefix)
        case _:
            return attribute
