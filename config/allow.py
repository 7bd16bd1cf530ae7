"""`allow`: who may use a route once they are signed in."""

import re
from collections.abc import Iterable, Iterator
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

BOTH_LINES = 'allow = "anyone" or allow = { x_ids = ["2244994945"] }'


@dataclass(frozen=True, slots=True)
class Anyone:
    """Every X account of the world."""


def _pattern(expression: str, expected: str) -> AfterValidator:
    pattern = re.compile(expression, re.ASCII)

    def check(text: str) -> str:
        if not pattern.fullmatch(text):
            raise Wrong(f"expected {expected}")
        return text

    return AfterValidator(check)


_DOMAIN = r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z0-9-]{2,63}"
_XId = Annotated[str, _pattern(r"[0-9]{1,20}", "digits, the account's stable id")]
_Handle = Annotated[str, _pattern(r"[A-Za-z0-9_]{1,15}", "a handle without the @")]
_Subject = Annotated[str, _pattern(r"[!-~]{1,255}", "the id of a person in Logto")]
_Email = Annotated[
    str, _pattern(rf"[!#-'*+\-/-9=?A-Z^-~.]{{1,64}}@{_DOMAIN}", "one e-mail address")
]
_Domain = Annotated[str, _pattern(_DOMAIN, "a domain such as example.com")]
# RFC 6749 section 3.3; Logto's permissions are such scopes.
_Scope = Annotated[str, _pattern(r"[!#-[\]-~]{1,128}", "one scope, without spaces")]
_ORGANIZATION = r"[A-Za-z0-9_-]{1,64}"
_LONGEST_ROLE = 128  # characters; a longer one in a claim counts for nothing
_Organization = Annotated[
    str, _pattern(_ORGANIZATION, "the id of an organization in Logto")
]


def _check_role(text: str) -> str:
    if not 0 < len(text) <= _LONGEST_ROLE or not text.isprintable():
        raise Wrong(f"expected a role: 1 to {_LONGEST_ROLE} printable characters")
    if text != text.strip():
        raise Wrong("expected a role without spaces around it")
    return text


def _check_organization_role(text: str) -> str:
    organization, colon, role = text.partition(":")
    if not colon or not re.fullmatch(_ORGANIZATION, organization, re.ASCII):
        raise Wrong('expected "<id of the organization>:<role>"')
    _check_role(role)
    return text


_Role = Annotated[str, AfterValidator(_check_role)]
_OrganizationRole = Annotated[str, AfterValidator(_check_organization_role)]


@dataclass(frozen=True, slots=True)
class Condition:
    """One table of `allow`: every key that is given must match, in it any value.

    None: the key is not given. An empty set lets nobody in.
    """

    __pydantic_config__ = ConfigDict(extra="forbid", hide_input_in_errors=True)

    x_ids: Annotated[
        frozenset[_XId] | None,
        Field(description="Ids of X accounts; they never change."),
    ] = None
    x_usernames: Annotated[
        frozenset[_Handle] | None,
        Field(description="Handles of X accounts; they can change owners."),
    ] = None
    subjects: Annotated[
        frozenset[_Subject] | None,
        Field(description="Ids of people in Logto."),
    ] = None
    emails: Annotated[
        frozenset[_Email] | None,
        Field(description="Verified e-mail addresses."),
    ] = None
    email_domains: Annotated[
        frozenset[_Domain] | None,
        Field(description="Domains of verified e-mail addresses."),
    ] = None
    roles: Annotated[
        frozenset[_Role] | None,
        Field(description="Roles in Logto, compared to the letter."),
    ] = None
    scopes: Annotated[
        frozenset[_Scope] | None,
        Field(
            description="Permissions of the `resources` of `[logto]`, or in the "
            "organization that somebody acts for."
        ),
    ] = None
    organizations: Annotated[
        frozenset[_Organization] | None,
        Field(description="Ids of organizations in Logto that somebody acts for."),
    ] = None
    organization_roles: Annotated[
        frozenset[_OrganizationRole] | None,
        Field(
            description='Roles in that organization, as `"<id>:<role>"`, '
            "compared to the letter."
        ),
    ] = None


@dataclass(frozen=True, slots=True)
class AnyOf:
    """Whoever meets one of the conditions."""

    conditions: tuple[Condition, ...]


Allow = Anyone | AnyOf

KEYS = dict.fromkeys(field.name for field in fields(Condition))

_CONDITION = TypeAdapter(Condition)
SCHEMA = {**_CONDITION.json_schema(), "minProperties": 1}


def parse_allow(value: object) -> Allow | None:
    """Read `allow`: "anyone", a table, or a list of tables; None where it is not given.

    Raises Wrong with everything that is wrong in any of the tables.
    """
    match value:
        case None:
            return None
        case "anyone":
            return Anyone()
        case dict():
            return AnyOf(tuple(_conditions([((), value)])))
        case list():
            tables = [((index,), item) for index, item in enumerate(value)]
            return AnyOf(tuple(_conditions(tables)))
        case _:
            raise Wrong(f"expected {BOTH_LINES}, or a list of such tables")


def _conditions(tables: Iterable[tuple[Path, object]]) -> Iterator[Condition]:
    found: list[Finding] = []
    for path, table in tables:
        if table == {}:
            found.append(
                Finding(
                    path,
                    "the table is empty, which could mean everybody or nobody: "
                    'write "anyone", or name a key such as x_ids',
                )
            )
            continue
        try:
            condition = _CONDITION.validate_python(table)
        except ValidationError as error:
            found += findings(error, KEYS, path)
            continue
        found += _contradictions(condition, path)
        yield condition
    if found:
        raise Wrong(*found)


def _contradictions(condition: Condition, path: Path) -> Iterator[Finding]:
    """Yield what can never match: a person acts for one organization at a time."""
    listed, roles = condition.organizations, condition.organization_roles
    if listed and roles and listed.isdisjoint(map(organization_of, roles)):
        yield Finding(
            (*path, "organization_roles"),
            "are roles in other organizations than organizations lists, "
            "so nobody can match both",
        )


def organization_of(organization_role: str) -> str:
    """Return the organization of ``"<id>:<role>"``."""
    return organization_role.partition(":")[0]


Allowed = Annotated[
    Allow | None,
    BeforeValidator(parse_allow),
    WithJsonSchema(
        {
            "anyOf": [
                {"const": "anyone"},
                SCHEMA,
                {"type": "array", "items": SCHEMA},
            ]
        }
    ),
]
