"""Pages about signing in once more, where a sign-in is too old for what is asked."""

from dataclasses import dataclass

from gateway.fields import Field
from gateway.identity.identity import Identity
from gateway.pages.addresses import (
    HOME,
    SIGN_IN_AGAIN,
    SWITCH_ACCOUNT,
    kept,
    local,
    returning,
)
from gateway.pages.notice import START_PAGE, Link, Notice, Post, Site, fact
from gateway.pages.person import called


@dataclass(frozen=True, slots=True)
class SignInTooOld:
    """Somebody is signed in for longer than the *within* seconds that are allowed here.

    *lost* is the request that was not passed on and will not be sent again by itself,
    "" where nothing is lost.
    """

    within: int
    return_to: str = HOME
    lost: str = ""
    in_frame: bool = False

    def notice(self, site: Site) -> Notice:
        """Return what the page says on *site* (RFC 9470, section 3)."""
        return Notice(
            status=401,
            error="sign_in_too_old",
            title="Sign in once more",
            message="This needs a sign-in that is not long ago.",
            advice=(
                *((LOST,) if self.lost else ()),
                "Sign in again, and you come back here.",
            ),
            facts=fact("Not passed on", self.lost),
            actions=(
                Link(
                    site.sign_in,
                    returning(SIGN_IN_AGAIN, self.return_to),
                    top=self.in_frame,
                ),
            ),
            fields=(_challenge(self.within),),
            sign_in_url=site.home + SIGN_IN_AGAIN,
            in_frame=self.in_frame,
        )


@dataclass(frozen=True, slots=True)
class SignInNotRepeated:
    """Somebody was to sign in again, and Logto did not ask them to."""

    start_again: str = HOME

    def notice(self, _site: Site) -> Notice:
        """Return what the page says."""
        return Notice(
            status=403,
            error="sign_in_not_repeated",
            title="You were not asked to sign in again",
            message="You are signed in as before, but what you opened needs more.",
            advice=(
                (
                    "We stopped here, or it would go on forever. Sign out and sign in"
                    " again; if that does not help, ask the people who run this"
                    " application."
                ),
            ),
            operator=(
                "Logto came back with a sign-in from before it was asked, or without"
                " the time of one (auth_time). Compare the clocks of both machines."
            ),
            actions=(
                Post("Sign out and in again", SWITCH_ACCOUNT, kept(self.start_again)),
                START_PAGE,
            ),
        )


@dataclass(frozen=True, slots=True)
class AnotherPerson:
    """Who was to sign in again did so as somebody else: this is another session."""

    identity: Identity
    return_to: str = HOME

    def notice(self, _site: Site) -> Notice:
        """Return what the page says."""
        return Notice(
            status=200,
            title="You are signed in as someone else now",
            message="Before, another account was signed in here. It is signed out.",
            advice=("What you do from here on is done with the account below.",),
            facts=fact("Account", called(self.identity)),
            actions=(
                Link("Continue", local(self.return_to)),
                Post("Use another account", SWITCH_ACCOUNT, kept(self.return_to)),
            ),
        )


LOST = (
    "What you sent was not passed on, and we do not send it again by ourselves: after"
    " signing in, send it once more."
)


def _challenge(within: int) -> Field:
    value = (
        'Bearer realm="gateway", error="insufficient_user_authentication",'
        f' error_description="a recent sign-in is needed", max_age="{within}"'
    )
    return b"WWW-Authenticate", value.encode("ascii")
