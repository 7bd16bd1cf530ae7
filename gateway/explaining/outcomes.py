"""What becomes of a request, from what was decided about it."""

from typing import assert_never

from gateway.explaining.explanation import Outcome
from gateway.policy.access import Choose, Decision, Forbid, Permit, SignIn
from gateway.routing.table import (
    AMBIGUOUS,
    Ambiguous,
    Choice,
    Matched,
    MethodNotAllowed,
    NoRoute,
    RouteTable,
    UnknownHost,
)

_SIGN_IN = "a person is sent to sign in (302), a program gets 401"

_CHOOSE = "A person is sent to choose an organization (302), a program gets 403."


def of_decision(decision: Decision) -> Outcome:
    """Return what *decision* means for the request."""
    match decision:
        case Permit(identity=None):
            return Outcome("permit", None, "the upstream learns nobody's name")
        case Permit():
            return Outcome("permit", None, "the upstream learns who it is")
        case SignIn():
            return Outcome("sign_in", 401, f"nobody is signed in: {_SIGN_IN}")
        case Choose(reason):
            return Outcome("choose", 403, f"{reason} {_CHOOSE}")
        case Forbid(reason):
            return Outcome("forbid", 403, reason)
        case _:
            assert_never(decision)


def of_choice(choice: Choice, routes: RouteTable) -> Outcome:
    """Return what *choice* among *routes* means; ValueError where it is a route."""
    match choice:
        case NoRoute():
            return Outcome("refused", 404, "no route is for this path")
        case MethodNotAllowed(allow):
            reason = f"the path is published for {', '.join(allow)} only"
            return Outcome("refused", 405, reason)
        case UnknownHost():
            reason = f"the gateway answers for {', '.join(routes.hosts)} only"
            return Outcome("refused", 421, reason)
        case Ambiguous():
            return Outcome("refused", 400, AMBIGUOUS)
        case Matched():
            raise ValueError("a route was chosen")
        case _:
            assert_never(choice)


def in_short(outcome: Outcome) -> str:
    """Return *outcome* on one line."""
    status = "" if outcome.status is None else f" {outcome.status}"
    return f"{outcome.decision}{status}: {outcome.reason}"
