"""Methods that stand in for the one on the request line.

Applications let clients that know no DELETE say it in a field, or in the query, and
then do what is said there. Where the routes of a host name methods, the decision has to
hold for that method as well. What a body says is not looked at.
"""

from urllib.parse import parse_qsl

from gateway.fields import Fields
from gateway.routing.received import Received
from gateway.routing.table import Ambiguous, Choice, RouteTable

_NAMES = frozenset({b"xhttpmethodoverride", b"xmethodoverride", b"xhttpmethod"})
_PARAMETER = b"_method"
_PHP_NAMES = bytes.maketrans(b" .", b"__")
_LETTERS = b"abcdefghijklmnopqrstuvwxyz"
_OTHERS = bytes(set(range(256)) - set(_LETTERS))
_MOST = 8  # methods in their spellings; who names more means no good


def choose(table: RouteTable, received: Received) -> Choice:
    """Return the route of *table* for *received*, whatever method it is taken for."""
    if not table.names_methods:
        return table.choose(received.host, received.target.path, received.method)
    methods = overriding(received.fields, received.target.query or b"")
    if len(methods) > _MOST:
        return Ambiguous()
    return table.choose(received.host, received.target.path, received.method, methods)


def overriding(fields: Fields, query: bytes) -> frozenset[str]:
    """Return the methods that *fields* and *query* name.

    ``X-HTTP-Method-Override``, ``X-Method-Override`` and ``X-HTTP-Method``, in any
    spelling that CGI makes one of, and the parameter ``_method``, in any that PHP does.
    """
    named = [value for name, value in fields if _bare(name) in _NAMES]
    if b"ethod" in query.lower() or b"%" in query:
        named += [value for name, value in _parameters(query) if _is_override(name)]
    methods: dict[str, None] = {}
    for value in named:
        for part in value.split(b","):
            method = part.strip().decode("ascii", "replace")
            methods[method] = methods[method.upper()] = None
    return frozenset(filter(None, methods))


def _parameters(query: bytes) -> list[tuple[bytes, bytes]]:
    """Return the parameters of *query*; ``;`` separates them for some."""
    text = query.decode("latin-1").replace(";", "&")
    return [
        (name.encode("latin-1"), value.encode("latin-1"))
        for name, value in parse_qsl(text, encoding="latin-1")
    ]


def _is_override(name: bytes) -> bool:
    return _in_php(name).lower() == _PARAMETER or _bare(name) in _NAMES


def _in_php(name: bytes) -> bytes:
    """Return what PHP calls the parameter *name* (php_register_variable_ex)."""
    return name.partition(b"\0")[0].lstrip(b" ").translate(_PHP_NAMES)


def _bare(name: bytes) -> bytes:
    return name.lower().translate(None, _OTHERS)
