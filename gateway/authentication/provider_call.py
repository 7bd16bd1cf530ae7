"""One request to Logto, and what came back; how it travels is elsewhere."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Answer:
    """What Logto answered: status 200 or 4xx, and the JSON object that came with it."""

    status: int
    document: Mapping[str, object] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Call:
    """One request to Logto: *name* says in messages what is asked for.

    *patience* is how many times as long as any other call it may take.
    """

    name: str
    url: str
    form: Mapping[str, str] | None = field(default=None, repr=False)  # None = GET
    bearer: str | None = field(default=None, repr=False)
    repeatable: bool = True  # False: never sent again where it may have arrived
    wants_json: bool = True
    patience: float = 1.0
