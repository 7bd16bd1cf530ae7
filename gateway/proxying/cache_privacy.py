"""Keeps answers of protected routes out of shared caches (RFC 9111 §3, §5.2.2)."""

from gateway.fields import Field, Fields
from gateway.proxying.field_lines import tokens

# What tells a CDN or a proxy to keep an answer, whatever Cache-Control says (RFC 9213).
_FOR_CDNS = frozenset(
    {
        b"surrogate-control",
        b"edge-control",
        b"x-accel-expires",
        b"x-litespeed-cache-control",
    }
)
_CDN_SUFFIX = b"cdn-cache-control"
PRIVATE: Field = (b"Cache-Control", b"private")


def private(fields: Fields) -> list[Field]:
    """Return *fields* so that no shared cache keeps the answer.

    A Cache-Control with ``private`` or ``no-store`` stays as it is; any other, or
    none, gets ``private`` and loses ``public`` and ``s-maxage``.
    """
    kept = [field for field in fields if not is_for_cdn(field[0])]
    directives = [value for name, value in kept if _is_cache_control(name)]
    if tokens(directives) & {b"private", b"no-store"}:
        return kept
    rest = [part for value in directives for part in _split(value) if not _shares(part)]
    replaced = (b"Cache-Control", b", ".join([*rest, b"private"]))
    return _replace(kept, replaced)


def vary_by(fields: Fields, request_field: bytes) -> list[Field]:
    """Return *fields* with *request_field* in ``Vary`` where it is not said yet."""
    said = tokens(value for name, value in fields if name.lower() == b"vary")
    if said & {b"*", request_field.lower()}:
        return list(fields)
    return [*fields, (b"Vary", request_field)]


def no_store(fields: Fields) -> list[Field]:
    """Return *fields* so that no cache at all keeps the answer."""
    kept = [field for field in fields if not is_for_cdn(field[0])]
    return _replace(kept, (b"Cache-Control", b"no-store"))


def _replace(fields: Fields, cache_control: Field) -> list[Field]:
    """Put *cache_control* in the place of the first Cache-Control, or at the end."""
    result: list[Field] = []
    placed = False
    for field in fields:
        if not _is_cache_control(field[0]):
            result.append(field)
        elif not placed:
            result.append(cache_control)
            placed = True
    return result if placed else [*result, cache_control]


def _is_cache_control(name: bytes) -> bool:
    return name.lower() == b"cache-control"


def is_for_cdn(name: bytes) -> bool:
    """Tell whether a field called *name* tells shared caches what to keep."""
    lower = name.lower()
    return lower.endswith(_CDN_SUFFIX) or lower in _FOR_CDNS


def _shares(directive: bytes) -> bool:
    name = directive.partition(b"=")[0].strip().lower()
    # private="field" makes only that field private: the answer could still be shared.
    return name in {b"public", b"s-maxage", b"private"}


def _split(value: bytes) -> list[bytes]:
    """Return the directives of *value*; a comma within quotes does not divide."""
    parts: list[bytes] = []
    quoted = False
    start = 0
    for index, byte in enumerate(value):
        if byte == ord('"'):
            quoted = not quoted
        elif byte == ord(",") and not quoted:
            parts.append(value[start:index])
            start = index + 1
    parts.append(value[start:])
    return [stripped for part in parts if (stripped := part.strip(b" \t"))]
