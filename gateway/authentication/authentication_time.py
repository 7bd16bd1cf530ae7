"""When did somebody last show who they are?

Logto signs people in silently while its own session lives, so a sign-in here proves
nothing about that.  Its ID token says when it was where ``max_age`` was asked for, by
``auth_time`` (OpenID Connect Core 1.0, section 2).
"""

from collections.abc import Mapping

from gateway.authentication.attempt import Attempt
from gateway.authentication.id_token import LEEWAY, seconds

UNKNOWN = 0  # of what nobody knows it is taken that it was long ago
ANY_AGE = 10 * 365 * 86400  # seconds: a max_age that asks nobody to sign in again


class NotAgain(Exception):  # noqa: N818 - says what is the case
    """Somebody was to sign in again, and nothing shows that Logto asked them to."""


def authenticated_at(
    claims: Mapping[str, object], attempt: Attempt, now: float, *, was_asked: bool
) -> int:
    """Return when the person of verified *claims* showed who they are, unix seconds.

    Where they were to do so again, it was after *attempt* began; Logto's clock may
    differ by a minute. UNKNOWN where Logto does not tell. Raises NotAgain where it was
    before, cannot be read, or is not told though Logto *was_asked* for it: the question
    goes through the browser, where somebody can take it out, and Logto answers it else.
    """
    told = claims.get("auth_time")
    at = seconds(told)
    if attempt.again_for is None or (told is None and not was_asked):
        return UNKNOWN if at is None else min(int(at), int(now))
    if at is None or at < attempt.started_at - LEEWAY:
        raise NotAgain
    return max(attempt.started_at, min(int(at), int(now)))
