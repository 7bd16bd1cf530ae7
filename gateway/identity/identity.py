"""Who somebody is, as far as Logto has vouched for it."""

from dataclasses import dataclass

# The claims that headers know by one word; every other is a dotted path.
ATTRIBUTES = frozenset(
    {
        *("sub", "username", "x_username", "x_id", "name", "email", "picture"),
        *("roles", "scopes"),
        *("organization", "organizations", "organization_roles"),
    }
)


@dataclass(frozen=True, slots=True)
class Identity:
    """A person, typed out once from verified claims.

    *sub* is who they are; the rest are attributes that may change or be unknown
    (None). *x_username* and *x_id* are those of the X account and of nothing else,
    *username* is Logto's own. *claims* are those that ``[identity] headers`` asks for
    by a dotted path, each with its value.

    *scopes* are permissions out of verified access tokens. *organizations* are those
    that the person is a member of, *organization_roles* their roles there, each as
    Logto's ``"<id>:<role>"``; *organization* is the one that they act for now.
    *organization_names* are pairs of an id and a name to show.
    """

    sub: str
    username: str | None
    x_username: str | None
    x_id: str | None
    name: str | None
    email: str | None
    email_verified: bool
    picture: str | None
    roles: tuple[str, ...] = ()
    claims: tuple[tuple[str, str | tuple[str, ...]], ...] = ()
    scopes: tuple[str, ...] = ()
    organizations: tuple[str, ...] = ()
    organization_roles: tuple[str, ...] = ()
    organization: str | None = None
    organization_names: tuple[tuple[str, str], ...] = ()

    @property
    def verified_email(self) -> str | None:
        """The e-mail address where Logto has verified it, and else none."""
        return self.email if self.email_verified is True else None

    @property
    def acts_for(self) -> str | None:
        """The organization that counts: chosen, and one of theirs."""
        return self.organization if self.organization in self.organizations else None

    @property
    def roles_there(self) -> tuple[str, ...]:
        """The roles in the organization that counts, as ``"<id>:<role>"``."""
        if self.acts_for is None:
            return ()
        there = f"{self.acts_for}:"
        return tuple(role for role in self.organization_roles if role.startswith(there))
