"""What can go wrong with the provider: it is away, it refuses, or a grant is over.

Every text is made here or bounded here: one line, :data:`LONGEST` characters, and
never a code, a token, a verifier or the application's secret.
"""

import re

LONGEST = 300  # characters of any text that an error carries

# RFC 6749 section 4.1.2.1 and its registry use these characters only; a token or a
# secret that comes back as an error code has others.
_ERROR_CODE = re.compile(r"[a-z_]{1,64}", re.ASCII)


class ProviderUnavailable(Exception):  # noqa: N818 - says what is the case
    """Logto did not give a usable answer; the same may work in a moment.

    *reason* is a sentence for the log and for the operator.
    """

    def __init__(self, reason: str) -> None:
        self.reason = one_line(reason)
        super().__init__(self.reason)


class ProviderMisconfigured(ProviderUnavailable):
    """Logto answers, but not for this configuration: an operator must act."""


class SignInRefused(Exception):  # noqa: N818 - says what is the case
    """A sign-in attempt is over: Logto said no, or its answer cannot be believed.

    *reason* is a sentence; *code* is OAuth's error code where Logto sent one, else a
    word of ours; *description* is the text that came with the callback (hostile until
    it is escaped), or "".
    """

    def __init__(
        self, reason: str, code: str = "refused", description: str = ""
    ) -> None:
        self.reason = one_line(reason)
        self.code = code
        self.description = one_line(description)
        super().__init__(self.reason)


class GrantEnded(Exception):  # noqa: N818 - says what is the case
    """A refresh token is good no more: its session is over.

    The person was suspended or deleted, signed out elsewhere, or Logto answered about
    someone else. *reason* is a sentence for the log.
    """

    def __init__(self, reason: str) -> None:
        self.reason = one_line(reason)
        super().__init__(self.reason)


def one_line(text: str) -> str:
    """Return *text* as one printable line of at most :data:`LONGEST` characters."""
    start = text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
    return "".join(c if c.isprintable() else " " for c in start)


def error_code(value: object) -> str:
    """Return the OAuth error code *value*, or "unrecognised" where it is not one."""
    if isinstance(value, str) and _ERROR_CODE.fullmatch(value):
        return value
    return "unrecognised"
