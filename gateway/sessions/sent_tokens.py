"""Tokens of a person that applications are sent, where the operator says so."""

from dataclasses import dataclass, field

from gateway.fields import Field

ACCESS_TOKEN = b"X-Forwarded-Access-Token"
ID_TOKEN = b"X-Forwarded-Id-Token"


@dataclass(frozen=True, slots=True)
class SentTokens:
    """An access token and an ID token, each until when, in unix seconds.

    "" stands for one that is not sent, or that there is not.
    """

    access_token: str = field(default="", repr=False)
    access_until: int = 0
    id_token: str = field(default="", repr=False)
    id_until: int = 0

    @property
    def until(self) -> float:
        """When the first of them ends: a session is renewed before that."""
        ends = [
            until
            for token, until in (
                (self.access_token, self.access_until),
                (self.id_token, self.id_until),
            )
            if token
        ]
        return min(ends, default=float("inf"))

    def fields(self, now: float, *, access: bool, id_token: bool) -> tuple[Field, ...]:
        """Return those that are to be sent, and good at *now* (unix seconds)."""
        found = []
        if access and self.access_token and now < self.access_until:
            found.append((ACCESS_TOKEN, self.access_token.encode("ascii")))
        if id_token and self.id_token and now < self.id_until:
            found.append((ID_TOKEN, self.id_token.encode("ascii")))
        return tuple(found)


def to_values(tokens: SentTokens | None) -> list[object] | None:
    """Return *tokens* as values that ``json.dumps`` takes."""
    if tokens is None:
        return None
    return [
        tokens.access_token,
        tokens.access_until,
        tokens.id_token,
        tokens.id_until,
    ]


def from_values(values: object) -> SentTokens | None:
    """Return the tokens that :func:`to_values` made *values* of.

    Raises ValueError for anything else.
    """
    match values:
        case None:
            return None
        case [str(access), int(access_until), str(id_token), int(id_until)] if (
            access.isascii() and id_token.isascii()
        ):
            return SentTokens(access, access_until, id_token, id_until)
        case _:
            raise ValueError("not the tokens of a session")
