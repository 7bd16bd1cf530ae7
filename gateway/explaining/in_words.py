"""An explanation as lines for people."""

from collections.abc import Iterator

from config.upstream import FORWARD_AUTH
from gateway.explaining.explanation import Explanation, Outcome

_ALWAYS = "and X-Forwarded-For, Forwarded, X-Request-Id, traceparent as for everybody"


def lines(told: Explanation) -> Iterator[str]:
    """Yield the lines that say what *told* holds, in the order of the steps."""
    yield f"{told.method} {told.url}"
    yield f"by: {told.signed_in_as or 'nobody who is signed in'}"
    yield from _considered(told)
    yield from _rules(told)
    yield ""
    if told.note:
        yield f"Note: {told.note}"
    yield f"Decision: {_outcome(told.outcome)}"
    yield from _told_upstream(told)
    if told.otherwise:
        yield ""
        yield "Otherwise:"
        yield from (f"  {other.when}: {other.then}" for other in told.otherwise)


def _considered(told: Explanation) -> Iterator[str]:
    if told.considered:
        yield ""
        yield "Routes, as they stand in the file:"
    for step in told.considered:
        yield f"  {_mark(step.chosen)} {step.route}: {step.why}"


def _rules(told: Explanation) -> Iterator[str]:
    if told.route:
        yield ""
        yield f'{told.route} has access = "{told.access}"'
    if told.rules:
        yield "  One of these must be met:"
    for rule in told.rules:
        yield f"  {_mark(rule.met)} {rule.says}"
        yield from (f"       not met: {why}" for why in rule.unmet)


def _told_upstream(told: Explanation) -> Iterator[str]:
    if told.upstream == FORWARD_AUTH:
        yield ""
        yield f"A proxy that asks about {told.method} {told.target} gets 200, and:"
        yield from (f"  {name}: {value}" for name, value in told.headers)
    elif told.upstream:
        yield ""
        yield f"{told.upstream} is asked {told.method} {told.target}, and told:"
        yield from (f"  {name}: {value}" for name, value in told.headers)
        yield f"  {_ALWAYS}"


def _mark(yes: bool) -> str:  # noqa: FBT001 -- the one thing it is about
    return "->" if yes else "  "


def _outcome(outcome: Outcome) -> str:
    code = "" if outcome.status is None else f" ({outcome.status})"
    return f"{outcome.decision}{code}: {outcome.reason}"
