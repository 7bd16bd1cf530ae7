"""``gateway explain``: the story of one request, told without a network.

It is :mod:`gateway.handler`'s, by the same functions in the same order: what is said
here is what would happen, as far as the upstream and Logto have no part in it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import assert_never

from config.allow import AnyOf
from config.routes import Route
from config.settings import Settings
from config.summary import in_words
from gateway.explaining.asked import Asked
from gateway.explaining.explanation import Explanation, Otherwise, Outcome, Rule
from gateway.explaining.for_proxies import told_to_a_proxy
from gateway.explaining.outcomes import in_short, of_choice, of_decision
from gateway.explaining.routes_considered import considered, named
from gateway.explaining.shown import Shown, asked_for, counted
from gateway.fields import Field
from gateway.identity.headers import IdentityHeaders
from gateway.identity.identity import Identity
from gateway.identity.needs import Needs
from gateway.policy.access import Permit, decide, settled
from gateway.policy.allow import unmet
from gateway.policy.same_origin import CROSS_SITE, is_same_origin
from gateway.proxying.forwarded import forwarding_fields
from gateway.proxying.location import without_prefix
from gateway.routing.overrides import choose
from gateway.routing.own_address import own_address
from gateway.routing.received import (
    Malformed,
    MethodRefused,
    Publication,
    Received,
    receive,
    sender,
)
from gateway.routing.table import Matched, RouteTable, UnknownHost

_AGAIN = (
    "sign_in_again 401: a person is sent to sign in again (302), a program gets 401"
)
_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
_BY_THE_CLIENT = frozenset({b"X-Forwarded-For", b"Forwarded"})
_FROM_ANOTHER_SITE: Field = (b"Sec-Fetch-Site", b"cross-site")


@dataclass(frozen=True, slots=True)
class Explainer:
    """What is the same for every request under *settings*."""

    settings: Settings
    routes: RouteTable
    publication: Publication
    identity_headers: IdentityHeaders
    needs: Needs

    @classmethod
    def of(cls, settings: Settings) -> "Explainer":
        """Return the explainer for *settings*."""
        server = settings.server
        headers = IdentityHeaders(settings.identity, settings.logto.sign_in)
        return cls(
            settings,
            RouteTable(settings.routes, server.public_url.host),
            Publication(server.public_url, server.trusted_proxies, server.trust_unix),
            headers,
            Needs.of(settings, headers),
        )

    def explain(self, asked: Asked, shown: Shown | None) -> Explanation:
        """Return what becomes of the request *asked*, None shown for nobody.

        It comes without any field but ``Host``, from a client that is no proxy.
        """
        shown = self._as_kept(shown)
        nothing = Explanation(
            method=asked.method,
            url=asked.url,
            signed_in_as=None if shown is None else shown.identity.sub,
            considered=(),
            route="",
            access="",
            rules=(),
            outcome=Outcome("refused", None, ""),
        )
        sent_by = sender([(b"Host", asked.host)], None, self.publication)
        received = receive(asked.method, asked.target, sent_by)
        match received:
            case Malformed(reason):
                return replace(nothing, outcome=Outcome("refused", 400, reason))
            case MethodRefused():
                reason = f"{asked.method} is refused, whatever the route"
                return replace(nothing, outcome=Outcome("refused", 405, reason))
            case Received():
                return self._received(nothing, received, shown)
            case _:
                assert_never(received)

    def _as_kept(self, shown: Shown | None) -> Shown | None:
        """Return *shown* as a session of this gateway holds it."""
        if shown is None or shown.audiences is not None:
            return shown
        chosen = shown.identity.organization
        return Shown(self.needs.kept(shown.identity, chosen))

    def _received(
        self, so_far: Explanation, received: Received, shown: Shown | None
    ) -> Explanation:
        path = received.target.path
        if not self.routes.serves(received.host):
            return replace(so_far, outcome=of_choice(UnknownHost(), self.routes))
        if own_address(path) is not None:
            reason = "it is below /.gateway/, which the gateway keeps for itself"
            return replace(so_far, outcome=Outcome("own", None, reason))
        choice = choose(self.routes, received)
        public_host = self.publication.public_url.host
        so_far = replace(
            so_far,
            considered=tuple(
                considered(self.settings.routes, public_host, received, choice)
            ),
        )
        if not isinstance(choice, Matched):
            return replace(so_far, outcome=of_choice(choice, self.routes))
        return self._routed(so_far, choice.route, received, shown)

    def _routed(
        self,
        so_far: Explanation,
        route: Route,
        received: Received,
        shown: Shown | None,
    ) -> Explanation:
        who = counted(route, shown, self.settings.logto.resources)
        identity = who.identity
        decision = decide(route, identity)
        if not self.needs.chooses:
            decision = settled(decision)
        told = replace(
            so_far,
            route=named(route),
            access=route.access,
            rules=tuple(_rules(route, identity)),
            outcome=who.refused or asked_for(route, of_decision(decision)),
            note=who.note,
            otherwise=tuple(self._otherwise(route, received, shown)),
        )
        if who.refused or not isinstance(decision, Permit):
            return told
        fields = list(self._fields(route, received, decision.identity))
        return replace(
            told,
            upstream=str(route.upstream),
            target=_target(route, received).decode("ascii"),
            headers=tuple(
                (n.decode("latin-1"), v.decode("latin-1")) for n, v in fields
            ),
        )

    def _fields(
        self, route: Route, received: Received, identity: Identity | None
    ) -> Iterator[Field]:
        about = list(self._about(received, identity))
        if route.upstream.is_elsewhere:
            yield from told_to_a_proxy(self.settings, identity, about)
            return
        host = received.host_field
        public = self.publication.public_url
        yield b"Host", host if route.preserve_host else b"(the upstream's own)"
        for field in forwarding_fields(
            received.client.forwarded_for,
            host,
            public.scheme.encode(),
            b"%d" % public.port,
        ):
            if field[0] not in _BY_THE_CLIENT:
                yield field
        if route.strip_prefix and route.path != "/":
            yield b"X-Forwarded-Prefix", route.path.encode("ascii")
        yield from about

    def _about(self, received: Received, identity: Identity | None) -> Iterator[Field]:
        yield from self.identity_headers.fields(identity)
        assertion = self.settings.assertion
        if assertion.enabled and identity is not None:
            audience = assertion.audience or received.origin
            yield assertion.header.encode(), f"(signed, for {audience})".encode()

    def _otherwise(
        self, route: Route, received: Received, shown: Shown | None
    ) -> Iterator[Otherwise]:
        if shown is not None:
            nobody = asked_for(route, of_decision(decide(route, None)))
            bearer = shown.audiences is not None
            credential = "a bearer" if bearer else "a session"
            yield Otherwise(f"without {credential}", in_short(nobody))
        if route.require is not None:
            within = f"{route.require.signed_in_within:g} seconds"
            yield Otherwise(f"signed in longer ago than {within}", _AGAIN)
        if route.access != "public" and route.takes_sessions:
            yield from _across_sites(route, received)
        for method in _METHODS:
            path = received.target.path
            choice = self.routes.choose(received.host, path, method)
            if not isinstance(choice, Matched):
                then = in_short(of_choice(choice, self.routes))
                yield Otherwise(f"with {method}", then)
            elif choice.route is not route:
                yield Otherwise(f"with {method}", f"is for {named(choice.route)}")


def _rules(route: Route, identity: Identity | None) -> Iterator[Rule]:
    if route.access == "public" or route.allow is None:
        return
    if not isinstance(route.allow, AnyOf):
        yield Rule("anyone who is signed in", identity is not None, ())
        return
    for condition in route.allow.conditions:
        why = (
            ("nobody is signed in",) if identity is None else unmet(condition, identity)
        )
        yield Rule(in_words(condition), not why, why)


def _across_sites(route: Route, received: Received) -> Iterator[Otherwise]:
    """Yield what becomes of it where another site makes the browser send it."""
    besides = f", unless it is one of {', '.join(route.origins)}"
    then = f"403: {CROSS_SITE}{besides if route.origins else ''}"
    fields = [*received.fields, _FROM_ANOTHER_SITE]
    for upgrade, when in (
        (False, "with a session, sent by another site's page"),
        (True, "as a WebSocket with a session, opened by another site's page"),
    ):
        if upgrade and received.method != "GET":
            continue
        if not is_same_origin(received.method, upgrade, fields, received.origin, ()):
            yield Otherwise(when, then)


def _target(route: Route, received: Received) -> bytes:
    raw = received.target.raw
    if route.strip_prefix and route.path != "/":
        return without_prefix(raw, route.path.encode("ascii"))
    return raw
