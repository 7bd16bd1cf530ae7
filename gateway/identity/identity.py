"""Who somebody is, as far as Logto has vouched for it."""

from dataclasses import dataclass

# The claims that headers know by one word; every other is a dotted path.
ATTRIBUTES = frozenset(
    {"sub", "username", "x_username", "x_id", "name", "email", "picture", "roles"}
)


@dataclass(frozen=True, slots=True)
class Identity:
    """A person, typed out once from verified claims.

    *sub* is who they are; the rest are attributes that may change or be unknown
    (None). *x_username* and *x_id* are those of the X account and of nothing else,
    *username* is Logto's own. *claims* are those that ``[identity] headers`` asks for
    by a dotted path, each with its value.
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

    @property
    def verified_email(self) -> str | None:
        """The e-mail address where Logto has verified it, and else none."""
        return self.email if self.email_verified is True else None
