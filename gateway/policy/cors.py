"""Which pages of other origins may read an answer?  The CORS protocol of Fetch.

Browsers ask before they let a page send what a form could not (a preflight), and look
at every answer before they let it read.  An origin counts if it is listed, spelt
exactly so; ``null`` and two of them are nobody's.
"""

from collections.abc import Iterable
from functools import lru_cache

from config.cors import ANY, Cors
from config.routes import Route
from gateway.fields import Field, Fields, values

_VARY: Field = (b"Vary", b"Origin")
_VARY_PREFLIGHT: Field = (
    b"Vary",
    b"Origin, Access-Control-Request-Method, Access-Control-Request-Headers",
)
_REQUESTED = b"access-control-request-method"
_CREDENTIALS = (b"cookie", b"authorization")


def requested_method(method: str, fields: Fields) -> str | None:
    """Return what the preflight with *method* and *fields* asks leave for.

    None for any other request.
    """
    if method != "OPTIONS":
        return None
    requested, origins = values(fields, _REQUESTED), values(fields, b"origin")
    if len(requested) != 1 or len(origins) != 1:
        return None
    return requested[0].decode("latin-1")


def carries_credentials(fields: Fields) -> bool:
    """Return whether *fields* hold what no browser puts into a preflight."""
    return any(values(fields, name) for name in _CREDENTIALS)


def is_listed(cors: Cors, fields: Fields) -> bool:
    """Return whether *fields* come from a page that *cors* lets read."""
    return _reader(cors, fields) is not None


def answer_fields(cors: Cors, fields: Fields) -> tuple[Field, ...]:
    """Return what an answer to a request with *fields* says to the browser.

    Never nothing: that it depends on the origin is said to those not listed, too.
    """
    return _answer(cors, _reader(cors, fields))


def preflight_fields(route: Route, cors: Cors, fields: Fields) -> tuple[Field, ...]:
    """Return what the answer to a preflight with *fields* for *route* says."""
    reader = _reader(cors, fields)
    if reader is None:
        return (_VARY_PREFLIGHT,)
    headers = dict.fromkeys(cors.headers)
    if route.takes_bearers:
        headers["Authorization"] = None
    return (
        *_leave(cors, reader),
        (b"Access-Control-Allow-Methods", _joined(cors.methods)),
        *(((b"Access-Control-Allow-Headers", _joined(headers)),) if headers else ()),
        (b"Access-Control-Max-Age", b"%d" % int(cors.max_age)),
        _VARY_PREFLIGHT,
    )


def _reader(cors: Cors, fields: Fields) -> bytes | None:
    """Return what stands for the origin of *fields* in leave to read, if it has it."""
    if ANY in cors.origins:
        return b"*"
    origins = values(fields, b"origin")
    if len(origins) != 1:
        return None
    origin = origins[0]
    return origin if origin.decode("latin-1") in cors.origins else None


@lru_cache(maxsize=256)
def _answer(cors: Cors, reader: bytes | None) -> tuple[Field, ...]:
    vary = () if ANY in cors.origins else (_VARY,)
    if reader is None:
        return vary
    exposed = ((b"Access-Control-Expose-Headers", _joined(cors.expose)),)
    return (*_leave(cors, reader), *(exposed if cors.expose else ()), *vary)


def _leave(cors: Cors, reader: bytes) -> tuple[Field, ...]:
    leave = ((b"Access-Control-Allow-Origin", reader),)
    if cors.credentials:
        return (*leave, (b"Access-Control-Allow-Credentials", b"true"))
    return leave


def _joined(names: Iterable[str]) -> bytes:
    return ", ".join(names).encode("ascii")
