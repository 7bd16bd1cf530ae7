"""What somebody would show, a session or a bearer, and what a route makes of that."""

from dataclasses import dataclass

from config.routes import Route
from gateway.explaining.explanation import Outcome
from gateway.identity.identity import Identity

NO_BEARERS = "the route takes no bearers: Authorization is passed on, and shows nobody"
NO_SESSIONS = "the route takes bearers only: a session shows nobody"
AUDIENCE = "The access token is for another audience."


@dataclass(frozen=True, slots=True)
class Shown:
    """Who it is: by an access token for *audiences*, by a session without any."""

    identity: Identity
    audiences: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Counted:
    """Who counts on a route, None for nobody, and a *note* where that needs one.

    *refused* is what becomes of a request whose bearer does not do.
    """

    identity: Identity | None
    note: str = ""
    refused: Outcome | None = None


def counted(route: Route, shown: Shown | None, resources: tuple[str, ...]) -> Counted:
    """Return who counts on *route* where *shown* is shown; *resources* are Logto's."""
    if shown is None:
        return Counted(None)
    if shown.audiences is None:
        taken = route.access == "public" or route.takes_sessions
        return Counted(shown.identity) if taken else Counted(None, NO_SESSIONS)
    if not route.takes_bearers:
        return Counted(None, NO_BEARERS)
    wanted = {route.audience} if route.audience else frozenset(resources)
    if not shown.audiences & wanted:
        return Counted(None, refused=Outcome("sign_in", 401, AUDIENCE))
    return Counted(shown.identity)


def asked_for(route: Route, outcome: Outcome) -> Outcome:
    """Return *outcome* as it is where only a bearer opens *route*."""
    if outcome.decision != "sign_in" or route.takes_sessions:
        return outcome
    return Outcome("sign_in", 401, "there is no bearer, and nothing else opens it")
