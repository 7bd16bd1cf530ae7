"""Pages for what is nobody's fault who reads them: something behind us failed."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from gateway.pages.notice import Notice, Site, fact, ways_back

_TRY_LATER: Final = (
    "This is usually over soon. Wait a moment, then load the page again."
)


# By the names of gateway.proxying.failure.FailureKind, which may import us, not we it.
FAULTS: Final[Mapping[str, tuple[int, str]]] = MappingProxyType(
    {
        "refused": (502, "It refuses connections. Perhaps it is being restarted."),
        "unknown_name": (502, "Its name is not known to the network."),
        "untrusted": (502, "Its certificate could not be verified."),
        "unreachable": (502, "It cannot be reached over the network."),
        "busy": (503, "It has no connection free. Too many people use it right now."),
        "connect_timeout": (504, "It cannot be reached: nothing took the connection."),
        "timeout": (504, "It took the request, but did not answer in time."),
        "cut": (502, "It broke the connection off before it had answered."),
        "invalid": (502, "It sent an answer that is not valid HTTP."),
        "too_large": (502, "The header of its answer is too large."),
    }
)
_UNNAMED: Final = (502, "It failed to answer.")


@dataclass(frozen=True, slots=True)
class UpstreamAway:
    """The application behind us did not answer as it should; *kind* names how."""

    kind: str

    def notice(self, site: Site) -> Notice:
        """Return what the page says (RFC 9110, sections 15.6.3 and 15.6.5)."""
        status, sentence = FAULTS.get(self.kind, _UNNAMED)
        return Notice(
            status=status,
            error=f"upstream_{self.kind}" if self.kind in FAULTS else "upstream_failed",
            title="The application does not answer",
            message=sentence,
            advice=(
                _TRY_LATER,
                "If it stays like this, tell the people who run the application.",
            ),
            actions=ways_back(site),
        )


@dataclass(frozen=True, slots=True)
class SessionTooLarge:
    """What must be remembered about a person does not fit; sizes are in bytes."""

    size: int
    limit: int

    def notice(self, _site: Site) -> Notice:
        """Return what the page says."""
        return Notice(
            status=500,
            error="session_too_large",
            title="You could not be signed in",
            message="Your account holds more than fits into the session cookie.",
            advice=(
                (
                    "You cannot mend this yourself. Please send the request id to the"
                    " people who run this application."
                ),
            ),
            facts=fact("Size", f"{self.size} bytes, of {self.limit} allowed"),
            operator=(
                "Raise session.max_cookie_size, ask for fewer scopes and claims, or"
                ' keep sessions in Redis (session.store = "redis").'
            ),
        )


@dataclass(frozen=True, slots=True)
class SessionsAway:
    """Sessions are kept elsewhere, which cannot be asked; *retry_after* in seconds."""

    retry_after: int = 5

    def notice(self, site: Site) -> Notice:
        """Return what the page says (RFC 9110, sections 10.2.3 and 15.6.4)."""
        return Notice(
            status=503,
            error="sessions_unavailable",
            title="You cannot be let in right now",
            message="The gateway cannot look up who is signed in.",
            advice=(_TRY_LATER, "You are not signed out by this."),
            operator="The gateway's log says why: look for redis_away.",
            actions=ways_back(site),
            fields=((b"Retry-After", b"%d" % self.retry_after),),
        )


@dataclass(frozen=True, slots=True)
class InternalError:
    """A mistake of ours."""

    def notice(self, site: Site) -> Notice:
        """Return what the page says."""
        return Notice(
            status=500,
            error="internal_error",
            title="Something went wrong",
            message="The gateway made a mistake. It is not your fault.",
            advice=(
                (
                    "Load the page again. If it stays like this, send the request id"
                    " to the people who run this application."
                ),
            ),
            actions=ways_back(site),
        )
