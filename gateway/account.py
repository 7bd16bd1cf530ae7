"""Who am I?  The account page, and the same for scripts."""

import json
from dataclasses import dataclass

from gateway.identity.headers import IdentityHeaders
from gateway.pages.own_sessions import OwnSession
from gateway.pages.page import Account, AccountSignedOut, SignInRequired
from gateway.pages.rendered import Rendered
from gateway.sessions.aiohttp_storage import current_session
from gateway.sessions.session import Session
from gateway.sessions.store import OwnSessions
from gateway.visit import Answer, Visit, respond

_JSON = (
    (b"Content-Type", b"application/json; charset=utf-8"),
    (b"Cache-Control", b"no-store"),
)


@dataclass(frozen=True, slots=True)
class Accounts:
    """Tells people about their session, and never a token.

    *idle_timeout* and *max_age* are those of the session, in seconds; *assertion* is
    the name of the header with the assertion, b"" where none is sent, *tokens* are
    those of the headers with tokens.
    """

    identity_headers: IdentityHeaders
    idle_timeout: float
    max_age: float
    chooses: bool = False  # whether people choose the organization they act for
    assertion: bytes = b""
    tokens: tuple[bytes, ...] = ()
    own: OwnSessions | None = None  # where the store knows

    async def page(self, visit: Visit) -> Answer:
        """Return the account page."""
        session = await current_session(visit.request)
        if session is None:
            return AccountSignedOut()
        return Account(
            identity=session.identity,
            signed_in_at=session.signed_in_at,
            ends_at=self._ends_at(session),
            headers=self.identity_headers.fields(session.identity),
            now=visit.now,
            chooses=self.chooses,
            assertion=self.assertion,
            tokens=self.tokens,
            sessions=await self._sessions(session),
        )

    async def _sessions(self, current: Session) -> tuple[OwnSession, ...]:
        """Return all sessions of the person of *current*, as the page shows them."""
        if self.own is None:
            return ()
        return tuple(
            OwnSession(
                id=note.id,
                browser=note.browser,
                host=note.host,
                signed_in_at=note.signed_in_at,
                seen_at=note.seen_at,
                is_this=note.id == current.id,
            )
            for note in await self.own.shown_to(current.identity.sub)
        )

    async def userinfo(self, visit: Visit) -> Answer:
        """Return the identity and its expiry in JSON; 401 where nobody is signed in."""
        session = await current_session(visit.request)
        if session is None:
            return SignInRequired()
        identity = session.identity
        told: dict[str, object] = {
            "sub": identity.sub,
            "username": identity.username,
            "x_username": identity.x_username,
            "x_id": identity.x_id,
            "name": identity.name,
            "email": identity.verified_email,
            "picture": identity.picture,
            "roles": list(identity.roles) or None,
            "scopes": list(identity.scopes) or None,
            "organization": identity.acts_for,
            "organizations": list(identity.organizations) or None,
            "organization_roles": list(identity.organization_roles) or None,
            "expires_in": max(0, int(self._ends_at(session) - visit.now)),
            "idle_expires_in": self._idle_left(session, visit.now),
            "idle_timeout": int(self.idle_timeout),
        }
        known = {name: value for name, value in told.items() if value is not None}
        return respond(Rendered(200, _JSON, json.dumps(known).encode("ascii")))

    def _ends_at(self, session: Session) -> int:
        end = session.signed_in_at + self.max_age
        if session.refresh_token is None:
            end = min(end, session.expires_at)
        return int(end)

    def _idle_left(self, session: Session, now: float) -> int:
        return max(0, int(session.seen_at + self.idle_timeout - now))
