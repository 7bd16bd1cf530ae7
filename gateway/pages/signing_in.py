"""Pages on the way in: sign in first, and what can go wrong on the way."""

from dataclasses import dataclass

from gateway.pages.addresses import HOME, SIGN_IN, local, returning
from gateway.pages.notice import CHALLENGE, START_PAGE, Link, Notice, Site, fact
from gateway.pages.plain_text import plain


@dataclass(frozen=True, slots=True)
class SignInRequired:
    """A request that is not a navigation needs a session and has none."""

    return_to: str = HOME

    def notice(self, site: Site) -> Notice:
        """Return what the page says on *site* (RFC 6750, section 3)."""
        return Notice(
            status=401,
            error="sign_in_required",
            title="Sign in first",
            message="This address is for people who are signed in.",
            advice=("Sign in, and you come back here.",),
            actions=(Link(site.sign_in, returning(SIGN_IN, self.return_to)),),
            fields=(CHALLENGE,),
            sign_in_url=site.home + SIGN_IN,
        )


@dataclass(frozen=True, slots=True)
class SignInFrame:
    """A frame needs a session: sign-in pages refuse to be framed, so leave it."""

    return_to: str = HOME

    def notice(self, site: Site) -> Notice:
        """Return what the page says on *site*."""
        return Notice(
            status=401,
            error="sign_in_required",
            title="You are not signed in any more",
            message="Sign in again to see this part of the page.",
            advice=("Sign-in opens in the whole window. Save your work first.",),
            actions=(Link(site.sign_in, returning(SIGN_IN, self.return_to), top=True),),
            fields=(CHALLENGE,),
            sign_in_url=site.home + SIGN_IN,
            in_frame=True,
        )


@dataclass(frozen=True, slots=True)
class SignInFailed:
    """Logto refused, or what it sent did not hold; *reason* is a sentence."""

    reason: str = ""
    start_again: str = HOME

    def notice(self, site: Site) -> Notice:
        """Return what the page says on *site*."""
        return Notice(
            status=400,
            error="sign_in_failed",
            title="Sign-in did not work",
            message="You are not signed in.",
            advice=(
                (
                    "Try once more. If it fails again, ask the people who run this"
                    " application, and send them the reason and the request id."
                ),
            ),
            facts=fact("Reason", self.reason),
            actions=_again(site, self.start_again),
        )


@dataclass(frozen=True, slots=True)
class SignInMissing:
    """A callback for which this browser holds no attempt."""

    start_again: str = HOME

    def notice(self, site: Site) -> Notice:
        """Return what the page says on *site*."""
        return Notice(
            status=400,
            error="sign_in_missing",
            title="This sign-in cannot be finished",
            message="This sign-in has expired or belongs to another browser.",
            advice=(
                (
                    "A sign-in must be finished once, within ten minutes, in the same"
                    " browser. Start again, and you are there in a moment."
                ),
            ),
            actions=_again(site, self.start_again),
        )


@dataclass(frozen=True, slots=True)
class SignInLoop:
    """Sign-ins worked, one after the other, and no session ever came back."""

    start_again: str = HOME

    def notice(self, site: Site) -> Notice:
        """Return what the page says on *site*."""
        address = plain(site.home)
        return Notice(
            status=400,
            error="sign_in_loop",
            title="Your browser does not keep you signed in",
            message=(
                "You signed in several times, but your browser did not send back"
                " the cookie that says so."
            ),
            advice=("We stopped here, or it would go on forever. Please check:",),
            steps=(
                f"Are cookies allowed for {address}?",
                f"Does the address bar begin with {address}?",
                "Does an extension or a private window remove cookies?",
                "Is the clock of this computer right?",
            ),
            operator=(
                "server.public_url must be the address that people use, and a proxy"
                " in front must pass Set-Cookie and Cookie on, whole."
            ),
            actions=(Link("Try again", returning(SIGN_IN, self.start_again)),),
        )


@dataclass(frozen=True, slots=True)
class Arriving:
    """Someone has just signed in, and goes on to *return_to* by themselves.

    A redirect would still count as coming from Logto's site, and a browser holds
    a ``SameSite=Strict`` cookie back on it (RFC 6265bis, section 5.2).
    """

    return_to: str = HOME

    def notice(self, _site: Site) -> Notice:
        """Return what the page says (HTML Standard, section 4.2.5.3, for Refresh)."""
        return Notice(
            status=200,
            title="You are signed in",
            message="One moment: you are being taken to the application.",
            actions=(Link("Continue", local(self.return_to)),),
            fields=((b"Refresh", b"0; url=" + local(self.return_to).encode("ascii")),),
        )


@dataclass(frozen=True, slots=True)
class ProviderAway:
    """Logto cannot be reached; *retry_after* is in seconds."""

    start_again: str = HOME
    retry_after: int = 10

    def notice(self, _site: Site) -> Notice:
        """Return what the page says (RFC 9110, sections 10.2.3 and 15.6.4)."""
        return Notice(
            status=503,
            error="sign_in_unavailable",
            title="Sign-in is not available right now",
            message=(
                "Logto, the service that signs people in, does not answer as it should."
            ),
            advice=("This is usually over soon. Wait a moment, then try again.",),
            operator=(
                "The gateway's log says why: look for logto_away with this request id."
            ),
            actions=(Link("Try again", returning(SIGN_IN, self.start_again)),),
            fields=((b"Retry-After", b"%d" % self.retry_after),),
        )


def _again(site: Site, return_to: str) -> tuple[Link, ...]:
    return (
        Link(site.sign_in, returning(SIGN_IN, return_to)),
        START_PAGE,
    )
