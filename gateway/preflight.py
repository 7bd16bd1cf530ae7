"""Preflights: a browser asks, for a page of another origin, what it may send.

They carry nobody's credentials, so no session is looked for.  Where the route says so
the application answers them; else the gateway does, and the application sees none.
"""

from dataclasses import dataclass

from aiohttp import web

from config.cors import Cors
from config.routes import Route
from gateway.gate import Admitted
from gateway.operations.request_log import Story
from gateway.pages.rendered import Rendered
from gateway.policy.access import permit_preflight
from gateway.policy.cors import is_listed, preflight_fields, requested_method
from gateway.routing.overrides import overriding
from gateway.routing.table import Matched, RouteTable
from gateway.visit import Visit, respond

NOT_LISTED = "cors of the route does not list the origin"


@dataclass(frozen=True, slots=True)
class Preflights:
    """Answers preflights for the routes that say which origins may read."""

    routes: RouteTable

    def answer(self, visit: Visit, story: Story) -> Admitted | web.Response | None:
        """Return the answer to *visit*, or that it may pass; *story* learns why.

        None where it is no preflight, or its route leaves them to the rules for all
        requests.  The route is that of the method which the page asks leave for.
        """
        route = self._route(visit)
        if route is None or route.cors is None:
            return None
        if route.cors.preflights == "gateway":
            return _answered(visit, route, route.cors, story)
        return _permitted(visit, route, story)

    def permitted(self, visit: Visit, story: Story) -> Admitted | None:
        """Return that *visit* may pass, where the application answers preflights.

        Not what names another method to be taken for: nobody is asked who sent it.
        """
        route = self._route(visit)
        return None if route is None else _permitted(visit, route, story)

    def _route(self, visit: Visit) -> Route | None:
        """Return the route of what *visit* asks leave for; None: it is no preflight."""
        received = visit.received
        wanted = requested_method(received.method, received.fields)
        if wanted is None:
            return None
        choice = self.routes.choose(received.host, received.target.path, wanted)
        return choice.route if isinstance(choice, Matched) else None


def _permitted(visit: Visit, route: Route, story: Story) -> Admitted | None:
    received = visit.received
    permit = permit_preflight(route, received.method, received.fields)
    if permit is None or visit.request.body is not None:
        return None
    if overriding(received.fields, received.target.query or b""):
        return None
    story.route, story.decision = route.label, "permit"
    return Admitted(permit, None)


def _answered(visit: Visit, route: Route, cors: Cors, story: Story) -> web.Response:
    fields = visit.received.fields
    story.route, story.decision = route.label, "own"
    if not is_listed(cors, fields):
        story.reason = NOT_LISTED
    return respond(Rendered(204, preflight_fields(route, cors, fields), b""))
