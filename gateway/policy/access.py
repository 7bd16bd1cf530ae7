"""May they?  The decisions: permit, sign in, choose an organization, forbid."""

from collections import OrderedDict
from dataclasses import KW_ONLY, InitVar, dataclass
from typing import assert_never

from config.routes import Route
from gateway.fields import Fields
from gateway.identity.identity import Identity
from gateway.identity.needs import must_choose
from gateway.policy.allow import asks_organization, refusal
from gateway.policy.cors import carries_credentials, is_listed, requested_method

_KEY = object()
MOST_PERMITS = 2048  # that are remembered, by the objects they are about


@dataclass(frozen=True, slots=True)
class Permit:
    """Leave to forward to *route*, telling the upstream about *identity*.

    Only :func:`decide` can make one: nothing is forwarded without a decision. Raises
    TypeError elsewhere, for want of *key*.
    """

    route: Route
    identity: Identity | None
    _: KW_ONLY
    key: InitVar[object]

    def __post_init__(self, key: object) -> None:
        if key is not _KEY:
            raise TypeError("only gateway.policy.access.decide makes a Permit")


@dataclass(frozen=True, slots=True)
class SignIn:
    """Nobody is signed in: ask them to."""


@dataclass(frozen=True, slots=True)
class Forbid:
    """Someone is signed in and may not; *reason* is a sentence for the log."""

    reason: str


@dataclass(frozen=True, slots=True)
class Choose:
    """Someone may not, acts for no organization yet, and could for one.

    *reason* is a sentence for the log.
    """

    reason: str


Decision = Permit | SignIn | Choose | Forbid


def settled(decision: Decision) -> Decision:
    """Return *decision* about somebody who has no organization to choose."""
    return Forbid(decision.reason) if isinstance(decision, Choose) else decision


def decide(route: Route, identity: Identity | None) -> Decision:
    """Decide what to do with a request for *route* by *identity* (None: nobody).

    A public route is for everybody and learns nobody's name. An optional one is for
    everybody too, and learns who it is, unless its ``allow`` (its own or the policy's)
    does not let them in: then they are nobody there. Raises TypeError when *identity*
    is something else.
    """
    known = _permits.get((id(route), id(identity)))
    if known is not None and known.route is route and known.identity is identity:
        return known  # as most requests are, of the same few people (hot path)
    if identity is not None and not isinstance(identity, Identity):
        raise TypeError("an identity comes from verified claims or not at all")
    match route.access:
        case "public":
            return _permit(route, None)
        case "optional":
            return _permit(route, _known_to(route, identity))
        case "signed-in":
            return _decide_signed_in(route, identity)
        case _:
            assert_never(route.access)


def permit_preflight(route: Route, method: str, fields: Fields) -> Permit | None:
    """Return leave to forward a preflight to *route*, which tells nobody's name.

    None for what is no preflight (Fetch Standard) of an origin that the route's
    ``cors`` lists, where that leaves preflights to the application, and for one that
    carries credentials, as no browser's does.
    """
    cors = route.cors
    if cors is None or cors.preflights != "upstream":
        return None
    if requested_method(method, fields) is None or carries_credentials(fields):
        return None
    return Permit(route, None, key=_KEY) if is_listed(cors, fields) else None


def _known_to(route: Route, identity: Identity | None) -> Identity | None:
    """Return *identity* unless the rules of an optional *route* do not let it in."""
    if identity is None or route.allow is None:
        return identity
    return identity if refusal(route.allow, identity) is None else None


def _decide_signed_in(route: Route, identity: Identity | None) -> Decision:
    if identity is None:
        return SignIn()
    if route.allow is None:
        return Forbid("The route has no allow, which lets nobody in.")
    reason = refusal(route.allow, identity)
    if reason is not None:
        chooses = must_choose(identity) and asks_organization(route.allow)
        return Choose(reason) if chooses else Forbid(reason)
    return _permit(route, identity)


def _permit(route: Route, identity: Identity | None) -> Permit:
    """Return a permit that is remembered for the same two objects."""
    permit = Permit(route, identity, key=_KEY)
    place = id(route), id(identity)
    if place not in _permits and len(_permits) >= MOST_PERMITS:
        _permits.popitem(last=False)
    _permits[place] = permit
    return permit


# A route and an identity never change, so neither does the answer. The permit keeps
# both, so that no other object gets their ids. Nothing else is remembered here: what
# was refused, and leave for a preflight, are decided anew.
_permits: OrderedDict[tuple[int, int], Permit] = OrderedDict()
