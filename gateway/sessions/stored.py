"""What goes with a session that is kept outside of its cookie."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Stored:
    """The *key* that a session is sealed with where it is kept, from its cookie.

    *browser* and *host* are for its person, who is shown where they are signed in.
    """

    key: bytes = field(repr=False)
    browser: str = ""
    host: str = ""
