"""What every table of the file has in common: strict types and no unknown keys."""

from dataclasses import dataclass, field
from typing import Any

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    Strict,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
)

Accepted = dict[str, object]


@dataclass(frozen=True, slots=True)
class Reading:
    """What is learnt while a table is read: the values that are right on their own.

    *position* is the table's place in a list of tables.
    """

    position: int = 0
    accepted: Accepted = field(default_factory=dict)


class Table(BaseModel):
    """One table of the file. Defaults are written as the operator would write them."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
        serialize_by_alias=True,
        strict=True,
        validate_default=True,
    )

    @field_validator("*", mode="after")
    @classmethod
    def _accept(cls, value: object, info: ValidationInfo) -> object:
        if isinstance(info.context, Reading) and info.field_name is not None:
            info.context.accepted[info.field_name] = value
        return value


Many = Strict(strict=False)
"""Lets a TOML list become a tuple or a set; its items stay strict."""

AsString = WithJsonSchema({"type": "string"})
"""Says in the JSON Schema that a parsed value is written as a string."""


def key(description: str, *, default: object = ..., example: object = None) -> Any:  # noqa: ANN401 - stands for the value of the key
    """Declare a key of a table; *default* is written as the operator would write it.

    A key without a default must be given; *example* shows how.
    """
    examples = None if example is None else [example]
    return Field(default=default, description=description, examples=examples)
