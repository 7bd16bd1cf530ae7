"""`require`: what more than a session a route asks for."""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Annotated

from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
    WithJsonSchema,
)

from config.findings import findings
from config.problem import Finding, Path, Wrong
from config.table import Accepted
from config.units import Duration

EXAMPLE = 'require = { signed_in_within = "15m" }'
SHORTEST = 60.0  # seconds; clocks may differ by as much


def _check_within(seconds: float) -> float:
    if seconds < SHORTEST:
        raise Wrong("expected at least 1m: signing in again takes its time, too")
    return seconds


@dataclass(frozen=True, slots=True)
class Require:
    """What a request must have beside a session that `allow` lets in; in seconds."""

    __pydantic_config__ = ConfigDict(extra="forbid", hide_input_in_errors=True)

    signed_in_within: Annotated[
        Duration,
        AfterValidator(_check_within),
        Field(
            description="How long ago the person may have signed in, at least `1m`; "
            "who signed in before is asked to do so again."
        ),
    ]


KEYS = dict.fromkeys(field.name for field in fields(Require))
_REQUIRE = TypeAdapter(Require)
SCHEMA = _REQUIRE.json_schema()


def parse_require(value: object) -> Require | None:
    """Read `require`, a table; None where it is not given. Raises Wrong."""
    if value is None:
        return None
    if not isinstance(value, dict):
        raise Wrong(f"expected a table such as {EXAMPLE}")
    if not value:
        raise Wrong(f"is empty: leave it out, or write {EXAMPLE}")
    try:
        return _REQUIRE.validate_python(value)
    except ValidationError as error:
        raise Wrong(*findings(error, KEYS, ())) from None


RequireTable = Annotated[
    Require | None, BeforeValidator(parse_require), WithJsonSchema(SCHEMA)
]


def disagreements(index: int, route: Accepted) -> Iterator[Finding]:
    """Return what the `require` of *route*, the one at *index*, contradicts."""
    path: Path = ("routes", index)
    if not isinstance(route.get("require"), Require):
        return
    if route.get("access") in ("public", "optional"):
        sentence = 'has no effect: access must be "signed-in" to ask for a sign-in'
        yield Finding((*path, "require"), sentence, (*path, "access"))
    given = route.get("credentials")
    if isinstance(given, tuple) and "bearer" in given:
        sentence = "takes bearers, which do not say when somebody signed in"
        yield Finding((*path, "credentials"), sentence, (*path, "require"))
