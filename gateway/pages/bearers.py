"""What programs hear whose bearer is not enough (RFC 6750, section 3)."""

import re
from dataclasses import dataclass
from typing import Final

from gateway.fields import Field
from gateway.pages.notice import CHALLENGE, START_PAGE, Notice, Site, fact
from gateway.pages.plain_text import plain
from gateway.pages.too_many import retry_after

PROGRAMS_ONLY: Final = "This address is for programs that show an access token."
_ASK: Final = "If it should open this, ask the people who run this application."
_LATER: Final = 5  # seconds after which Logto may answer again
_QUOTED: Final = re.compile(r"[^ !#-\[\]-~]")  # RFC 6750, section 3: error_description


@dataclass(frozen=True, slots=True)
class BearerRequired:
    """Only a bearer opens this, and there is none."""

    def notice(self, _site: Site) -> Notice:
        """Return what the page says: no error code, since nothing was tried."""
        return Notice(
            status=401,
            error="bearer_required",
            title="An access token is needed",
            message=PROGRAMS_ONLY,
            advice=("Send it as Authorization: Bearer. A browser has none to send.",),
            actions=(START_PAGE,),
            fields=(CHALLENGE,),
        )


@dataclass(frozen=True, slots=True)
class BearerOdd:
    """What was meant as a bearer cannot be read; *rule* is a sentence."""

    rule: str

    def notice(self, _site: Site) -> Notice:
        """Return what the page says."""
        return Notice(
            status=400,
            error="invalid_request",
            title="This request cannot be understood",
            message=plain(self.rule),
            advice=("Send one Authorization field: Bearer, a space, the token.",),
            fields=(challenge("invalid_request", self.rule),),
        )


@dataclass(frozen=True, slots=True)
class BearerInvalid:
    """A bearer that is not believed; *reason* is a sentence of ours."""

    reason: str

    def notice(self, _site: Site) -> Notice:
        """Return what the page says."""
        return Notice(
            status=401,
            error="invalid_token",
            title="This access token is not accepted",
            message=plain(self.reason),
            advice=("Get a new one from Logto, for this API resource.",),
            fields=(challenge("invalid_token", self.reason),),
        )


@dataclass(frozen=True, slots=True)
class BearerForbidden:
    """A good bearer that may not; one of *scopes* would do, where there are any.

    *reason* is a sentence for the operator, empty where it is kept to the log.
    """

    scopes: tuple[str, ...] = ()
    reason: str = ""

    def notice(self, _site: Site) -> Notice:
        """Return what the page says."""
        if not self.scopes:
            return Notice(
                status=403,
                error="forbidden",
                title="This access token is not enough",
                message=plain(self.reason) or "It opens nothing here.",
                advice=(_ASK,),
            )
        message = "The access token lacks a scope that is needed here."
        return Notice(
            status=403,
            error="insufficient_scope",
            title="This access token is not enough",
            message=message,
            advice=("Ask Logto for it by scope; a role there must give it.", _ASK),
            facts=fact("Scopes, one of", " ".join(self.scopes)),
            fields=(challenge("insufficient_scope", message, self.scopes),),
        )


@dataclass(frozen=True, slots=True)
class TooManyBearers:
    """One client shows too many wrong bearers; *wait* is in whole seconds."""

    wait: int

    def notice(self, _site: Site) -> Notice:
        """Return what the page says (RFC 6585, section 4)."""
        return Notice(
            status=429,
            error="too_many_bearers",
            title="Too many wrong access tokens",
            message="Too many access tokens that are not good came from your network.",
            advice=("Wait a moment, then try again with one that is good.",),
            operator="See limits.wrong_bearers_per_minute.",
            fields=(retry_after(self.wait),),
        )


@dataclass(frozen=True, slots=True)
class BearerUndecided:
    """Logto's keys cannot be had, so nobody can tell whether a bearer is good."""

    def notice(self, _site: Site) -> Notice:
        """Return what the page says."""
        return Notice(
            status=503,
            error="temporarily_unavailable",
            title="Try again in a moment",
            message="The access token cannot be verified now.",
            advice=("It may be good: send it again.",),
            operator="The gateway's log says why: look for logto_away.",
            fields=(retry_after(_LATER),),
        )


BearerPage = (
    BearerRequired
    | BearerOdd
    | BearerInvalid
    | BearerForbidden
    | TooManyBearers
    | BearerUndecided
)


def challenge(error: str, description: str, scopes: tuple[str, ...] = ()) -> Field:
    """Return the ``WWW-Authenticate`` that says what is wrong (RFC 6750, section 3).

    *description* and *scopes* come from us and from the configuration.
    """
    parts = [
        'realm="gateway"',
        f'error="{error}"',
        f'error_description="{_QUOTED.sub(" ", description)}"',
    ]
    if scopes:
        parts.append(f'scope="{" ".join(scopes)}"')
    return (b"WWW-Authenticate", ("Bearer " + ", ".join(parts)).encode("ascii"))
