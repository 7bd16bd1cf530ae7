"""Pages on the way out."""

from dataclasses import dataclass
from typing import Final

from gateway.fields import Field
from gateway.pages.addresses import HOME, SIGN_IN, SIGN_OUT
from gateway.pages.notice import Link, Notice, Post, Site

# Back must show nothing protected.
FORGET_PAGES: Final[Field] = (b"Clear-Site-Data", b'"cache"')


@dataclass(frozen=True, slots=True)
class SignedOut:
    """The session here has ended; Logto may not have heard of it.

    *logto_session_may_live*: the Logto session could not be ended.
    *refresh_token_may_live*: the refresh token could not be revoked.
    """

    logto_session_may_live: bool = False
    refresh_token_may_live: bool = False

    def notice(self, site: Site) -> Notice:
        """Return what the page says on *site*."""
        advice = []
        if self.logto_session_may_live:
            advice.append(
                "But Logto, the service that signs people in, could not be reached,"
                " so you may still be signed in there. On a computer that others use"
                " too, close the browser now."
            )
        if self.refresh_token_may_live:
            advice.append(
                "The permission to renew your session could not be withdrawn at"
                " Logto. It is gone from this browser and ends by itself."
            )
        if not advice:
            advice.append("You can close this window now.")
        return Notice(
            status=200,
            title="You are signed out",
            message="Your session here has ended.",
            advice=tuple(advice),
            actions=(Link(site.sign_in, SIGN_IN),),
            fields=(FORGET_PAGES,),
        )


@dataclass(frozen=True, slots=True)
class AskSignOut:
    """A request to sign out that a person may not have meant: nothing happened.

    Programs get 403, lest they take the question for a sign-out.
    """

    def notice(self, _site: Site) -> Notice:
        """Return what the page says."""
        return Notice(
            status=200,
            status_for_programs=403,
            error="sign_out_not_confirmed",
            title="Sign out?",
            message="You are still signed in.",
            advice=(
                (
                    "A link from somewhere else led here, so we ask before we sign you"
                    " out."
                ),
            ),
            actions=(Post("Sign out", SIGN_OUT), Link("Stay signed in", HOME)),
        )
