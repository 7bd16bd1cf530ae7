"""May this request pass on its route?  Its person, and what it gets where it may not.

The same steps for a request that is forwarded and for one that another proxy asks
about: only what happens behind the gate differs.
"""

from dataclasses import dataclass
from typing import assert_never

from config.routes import Route
from gateway.admission import Admission, CrossSite as CrossSiteRefused, Outcome, TooOld
from gateway.operations.request_log import Story
from gateway.pages.page import (
    BadRequest,
    CrossSite,
    MethodNotAllowed as MethodNotAllowedPage,
    NotFound,
    Page,
)
from gateway.policy.access import Choose, Forbid, Permit, SignIn
from gateway.policy.cors import answer_fields
from gateway.policy.same_origin import CROSS_SITE
from gateway.programs import Refused
from gateway.renewal import Renewal
from gateway.routing.received import Publication
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
from gateway.sessions.bearer import Bearer
from gateway.sessions.session import Session
from gateway.turning_away import (
    ask_to_choose,
    ask_to_sign_in,
    ask_to_sign_in_again,
    forbid,
    forbid_bearer,
    unknown_host,
)
from gateway.visit import Answer, PageAndCookies, Visit


@dataclass(slots=True)
class Admitted:
    """A request that may pass, by *permit*, and the session or bearer it came with.

    It would be frozen but for the hot path.
    """

    permit: Permit
    who: Session | Bearer | None

    @property
    def session(self) -> Session | None:
        """The session, if that is what it came with: programs get no cookies."""
        return self.who if isinstance(self.who, Session) else None


@dataclass(frozen=True, slots=True)
class Gate:
    """Lets pass whom the rules of the route let pass that a request is for."""

    publication: Publication
    routes: RouteTable
    admission: Admission
    renewal: Renewal
    explain_denials: bool = False

    async def ask(
        self, visit: Visit, choice: Choice, story: Story
    ) -> Admitted | Answer:
        """Return that *visit* may pass, or what it is answered; *story* learns why.

        *choice* is the route that it is for, or why it is for none.
        """
        passed = self.at_once(visit, choice, story)
        if passed is None:
            passed = await self.in_time(visit, choice, story)
        return passed

    def at_once(
        self, visit: Visit, choice: Choice, story: Story
    ) -> Admitted | Answer | None:
        """Return what :meth:`ask` does; None where :meth:`in_time` has to be asked."""
        if not isinstance(choice, Matched):
            return self._nowhere(visit, choice, story)
        route = choice.route
        story.route = route.label
        if route.cors is not None:
            story.own_fields = answer_fields(route.cors, visit.received.fields)
        outcome = self.admission.at_once(visit, route)
        return None if outcome is None else self._answered(outcome, visit, route, story)

    async def in_time(
        self, visit: Visit, choice: Choice, story: Story
    ) -> Admitted | Answer:
        """Return what :meth:`ask` does, once :meth:`at_once` has returned None."""
        if not isinstance(choice, Matched):
            return self._nowhere(visit, choice, story)
        outcome = await self.admission.of(visit, choice.route)
        return self._answered(outcome, visit, choice.route, story)

    def _nowhere(
        self,
        visit: Visit,
        choice: NoRoute | MethodNotAllowed | Ambiguous | UnknownHost,
        story: Story,
    ) -> Answer:
        """Return the answer to *visit*, which is for no route."""
        match choice:
            case NoRoute():
                return NotFound(visit.received.target.path.decode("latin-1"))
            case MethodNotAllowed(allow):
                return MethodNotAllowedPage(allow, visit.received.method)
            case Ambiguous():
                story.reason = AMBIGUOUS
                return BadRequest(AMBIGUOUS)
            case UnknownHost():
                return unknown_host(visit, self.publication, self.routes)
            case _:
                assert_never(choice)

    def _answered(
        self, outcome: Outcome, visit: Visit, route: Route, story: Story
    ) -> Admitted | Answer:
        """Return what *visit* gets by the *outcome* of looking who it is."""
        verdict, who = outcome
        story.subject = who.identity.sub if who else ""
        match verdict:
            case Permit():
                story.decision = "permit"
                return Admitted(verdict, who)
            case SignIn() | TooOld() | Choose():
                return _asked(verdict, visit, story)
            case Forbid(reason):
                story.decision, story.reason = "forbid", reason
                return self._forbidden(reason, route, visit, who)
            case CrossSiteRefused():
                story.decision, story.reason = "forbid", CROSS_SITE
                return self.told(CrossSite(), visit, who)
            case Refused(page, reason, decision):
                story.decision, story.reason = decision, reason
                return page
            case _:
                assert_never(verdict)

    def _forbidden(
        self, reason: str, route: Route, visit: Visit, who: Session | Bearer | None
    ) -> Answer:
        said = reason if self.explain_denials else ""
        if isinstance(who, Bearer):
            return forbid_bearer(route, who, said)
        page = forbid(visit, route, who, said, chooses=self.admission.chooses)
        return self.told(page, visit, who)

    def told(
        self, page: Page, visit: Visit, who: Session | Bearer | None
    ) -> PageAndCookies:
        """Return *page* for the person of a session, who has arrived with it."""
        session = who if isinstance(who, Session) else None
        return PageAndCookies(page, self.renewal.arrived(visit, session))


def _asked(verdict: SignIn | TooOld | Choose, visit: Visit, story: Story) -> Answer:
    """Return what asks the person of *visit* for what is missing."""
    match verdict:
        case SignIn():
            story.decision = "sign_in"
            return ask_to_sign_in(visit)
        case TooOld(within):
            story.decision = "sign_in_again"
            story.reason = f"The route requires a sign-in within {within:g} seconds."
            return ask_to_sign_in_again(visit, within)
        case Choose(reason):
            story.decision, story.reason = "choose", reason
            return ask_to_choose(visit)
        case _:
            assert_never(verdict)
