"""`cors`: which pages of other origins may read what a route answers (Fetch, CORS)."""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    TypeAdapter,
    ValidationError,
    WithJsonSchema,
)

from config.findings import findings
from config.methods import Method, is_token
from config.origin import parse_origin
from config.problem import Finding, Path, Wrong
from config.table import Accepted, AsString, Many
from config.units import Duration

EXAMPLE = 'cors = { origins = ["https://pages.example.com"] }'
ANY = "*"
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})  # RFC 9110, section 9.2.1


def parse_allowed_origin(value: object) -> str:
    """Read one of `origins`. Returns it in its shortest form. Raises Wrong."""
    if value in ("*", "null"):
        raise Wrong(
            "would let every site use people's sessions: name the origins one by one"
        )
    return str(parse_origin(value))


def _parse_reader(value: object) -> str:
    if value == "null":
        raise Wrong("any page can be of the origin null: name the origins one by one")
    return ANY if value == ANY else str(parse_origin(value))


def _check_header(name: str) -> str:
    if name == ANY or not is_token(name):
        raise Wrong("expected the name of a header: name them one by one")
    return name


def _check_origins(origins: tuple[str, ...]) -> tuple[str, ...]:
    if not origins:
        raise Wrong("is empty: name the origins whose pages may read the answers")
    if ANY in origins and len(origins) > 1:
        raise Wrong('holds "*" already, which is all of them')
    return origins


AllowedOrigin = Annotated[str, BeforeValidator(parse_allowed_origin), AsString]
_Reader = Annotated[str, BeforeValidator(_parse_reader), AsString]
_Header = Annotated[str, AfterValidator(_check_header)]


@dataclass(frozen=True, slots=True)
class Cors:
    """Which pages of other origins may read the answers, and how they may ask."""

    __pydantic_config__ = ConfigDict(extra="forbid", hide_input_in_errors=True)

    origins: Annotated[
        tuple[_Reader, ...],
        Many,
        AfterValidator(_check_origins),
        Field(
            description="Origins whose pages may read the answers; "
            '`["*"]` is every page, without credentials.'
        ),
    ]
    methods: Annotated[
        tuple[Method, ...],
        Many,
        Field(description='Methods they may use; `["GET", "HEAD", "POST"]`.'),
    ] = ("GET", "HEAD", "POST")
    headers: Annotated[
        tuple[_Header, ...],
        Many,
        Field(
            description="Headers they may send beside those that need no leave; none, "
            "and `Authorization` where the route takes bearers."
        ),
    ] = ()
    expose: Annotated[
        tuple[_Header, ...],
        Many,
        Field(description="Headers of answers that they may read; none but the usual."),
    ] = ()
    credentials: Annotated[
        StrictBool,
        Field(description="Whether their requests may carry cookies; `false`."),
    ] = False
    max_age: Annotated[
        Duration,
        Field(description="How long a browser may remember the leave; `10m`."),
    ] = 600.0
    preflights: Annotated[
        Literal["gateway", "upstream"],
        Field(
            description='Who answers preflights: `"gateway"`, which then writes all of '
            'these headers, or `"upstream"`, whose own pass; `"gateway"`.'
        ),
    ] = "gateway"


KEYS = {
    **dict.fromkeys(field.name for field in fields(Cors)),
    "origins": ["https://pages.example.com"],
}
_CORS = TypeAdapter(Cors)
SCHEMA = _CORS.json_schema()
SCHEMA["properties"]["max_age"]["default"] = "10m"  # as the operator would write it


def parse_cors(value: object) -> Cors | None:
    """Read `cors`, a table; None where it is not given.

    Raises Wrong with everything that is wrong in it.
    """
    if value is None:
        return None
    if not isinstance(value, dict):
        raise Wrong(f"expected a table such as {EXAMPLE}")
    try:
        return _CORS.validate_python(value)
    except ValidationError as error:
        raise Wrong(*findings(error, KEYS, ())) from None


CorsTable = Annotated[Cors | None, BeforeValidator(parse_cors), WithJsonSchema(SCHEMA)]


def disagreements(index: int, route: Accepted) -> Iterator[Finding]:
    """Return what the `cors` of *route*, the one at *index*, contradicts."""
    cors, path = route.get("cors"), ("routes", index, "cors")
    if not isinstance(cors, Cors):
        return
    if cors.credentials and ANY in cors.origins:
        sentence = 'would let every site read what people see: name them, not "*"'
        yield Finding((*path, "origins"), sentence, (*path, "credentials"))
        return
    methods = route.get("methods")
    if isinstance(methods, frozenset) and methods:
        covered = methods | ({"HEAD"} if "GET" in methods else set())
        if not covered & frozenset(cors.methods):
            sentence = "are none of the route's"
            yield Finding((*path, "methods"), sentence, ("routes", index, "methods"))
    yield from _unusable(path, cors, route)


def _unusable(path: Path, cors: Cors, route: Accepted) -> Iterator[Finding]:
    """Return that requests which `cors` allows would be refused as cross-site."""
    with_session = route.get("access") != "public" and "session" in (
        route.get("credentials") or ()  # type: ignore[operator]
    )
    unsafe = [method for method in cors.methods if method not in SAFE]
    listed = route.get("origins") or ()
    if not (cors.credentials and with_session and unsafe):
        return
    if not isinstance(listed, tuple) or frozenset(cors.origins) <= frozenset(listed):
        return
    yield Finding(
        (*path, "credentials"),
        f"lets pages send {unsafe[0]} with a session, which is refused unless origins "
        'of the route lists them too: do that, or write methods = ["GET", "HEAD"]',
    )
