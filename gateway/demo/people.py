"""The people of the emulated X, as Logto knows them once they have signed in."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody's place in an organization: their roles, and what these permit."""

    organization: str
    roles: tuple[str, ...] = ()
    permissions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Someone with an account at X and a user at Logto.

    Logto fills neither ``username`` nor ``picture`` for people of X, and ``email``
    only where the connector asks for it.  ``x_id`` None is someone who came another
    way and has no identity of X.
    """

    key: str
    sub: str
    name: str | None
    x_id: str | None
    x_username: str | None
    email: str | None = None
    email_verified: bool = False
    username: str | None = None
    picture: str | None = None
    roles: tuple[str, ...] = ()
    permissions: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """What their roles permit, by API resource."""
    memberships: tuple[Member, ...] = ()
    created_at: int = 1795359716405
    """Milliseconds since 1970, as Logto writes it."""
    claims: Mapping[str, object] = field(default_factory=dict)
    """Claims put over the usual ones, in ID tokens and userinfo, whatever the scope."""


ADA = Person(
    key="ada",
    sub="87xtcn7tlv7b",
    name="Ada Example",
    x_id="2244994945",
    x_username="ada_example",
)
BOB = Person(
    key="bob",
    sub="q2m4w0z9k1rd",
    name="Bob Example",
    x_id="783214",
    x_username="bob_example",
)
EVERYONE = (ADA, BOB)
