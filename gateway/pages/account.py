"""The account page: who am I, and what does the application hear about me?"""

import re
from dataclasses import dataclass
from typing import Final

from gateway.fields import Fields
from gateway.identity.identity import Identity
from gateway.pages.addresses import (
    ACCOUNT,
    HOME,
    ORGANIZATION,
    SESSIONS,
    SIGN_IN,
    SIGN_OUT,
    SIGN_UP,
    SWITCH_ACCOUNT,
    returning,
)
from gateway.pages.moments import moment, span
from gateway.pages.notice import Fact, Link, Notice, Post, Section, Site, fact
from gateway.pages.organizations import acting_for
from gateway.pages.own_sessions import OwnSession, own_sessions
from gateway.pages.person import handle
from gateway.pages.plain_text import plain_bytes

_SECRET_NAME: Final = re.compile(
    rb"token|assertion|authorization|cookie|secret", re.IGNORECASE
)
_JWT: Final = re.compile(rb"\beyJ[\w-]{8,}\.[\w-]+\.", re.ASCII)  # RFC 7515, 3.1
_SEARCHED: Final = 8192  # bytes
_GIVEN: Final = "A token of yours from Logto (not shown)"
_SIGNED: Final = "Who you are, in a token that the gateway signs (not shown)"


@dataclass(frozen=True, slots=True)
class Account:
    """Someone is signed in; times are in unix seconds.

    *headers* are the identity headers as the application gets them, *assertion* is the
    name of the one that carries the signed token, b"" where there is none; *chooses*
    says whether people choose the organization that they act for.  *sessions* are all
    of theirs, where that is known.
    """

    identity: Identity
    signed_in_at: float
    ends_at: float
    headers: Fields
    now: float
    chooses: bool = False
    assertion: bytes = b""
    tokens: tuple[bytes, ...] = ()  # the names of headers whose values are not told
    sessions: tuple[OwnSession, ...] = ()

    def notice(self, _site: Site) -> Notice:
        """Return what the page says."""
        return Notice(
            status=200,
            title="Your account",
            message="You are signed in.",
            facts=(
                *_who(self.identity),
                *acting_for(self.identity),
                _since("Signed in", self.signed_in_at, self.now),
                _until("Session ends", self.ends_at, self.now),
            ),
            sections=(
                *own_sessions(self.sessions, self.now),
                _told(self.headers, self.assertion, self.tokens),
            ),
            actions=(
                Link("Go to the application", HOME),
                *self._choice(),
                Post("Sign out", SIGN_OUT),
                Post("Switch account", SWITCH_ACCOUNT),
                Post("Sign out everywhere", SESSIONS),
            ),
        )

    def _choice(self) -> tuple[Link, ...]:
        theirs = self.identity.organizations
        if not self.chooses or set(theirs) <= {self.identity.acts_for}:
            return ()
        return (Link("Change organization", returning(ORGANIZATION, ACCOUNT)),)


@dataclass(frozen=True, slots=True)
class AccountSignedOut:
    """Nobody is signed in."""

    return_to: str = HOME

    def notice(self, site: Site) -> Notice:
        """Return what the page says on *site*."""
        return Notice(
            status=200,
            title="Your account",
            message="You are not signed in.",
            advice=("Sign in to use this application.",),
            actions=(
                Link(site.sign_in, returning(SIGN_IN, self.return_to)),
                Link("Create an account", returning(SIGN_UP, self.return_to)),
            ),
        )


def _who(identity: Identity) -> tuple[Fact, ...]:
    email = "E-mail" if identity.email_verified else "E-mail, not verified"
    return (
        *fact("Name", identity.name or ""),
        *fact("X handle" if identity.x_username else "User name", handle(identity)),
        *fact("X id", identity.x_id or ""),
        *fact(email, identity.email or ""),
        *fact("Subject", identity.sub),
    )


def _told(headers: Fields, assertion: bytes, tokens: tuple[bytes, ...]) -> Section:
    facts = tuple(
        Fact(plain_bytes(name), _shown(name, value)) for name, value in headers
    )
    facts += tuple(Fact(plain_bytes(name), _GIVEN) for name in tokens)
    if assertion:
        facts += (Fact(plain_bytes(assertion), _SIGNED),)
    note = (
        "The gateway adds these headers to each of your requests."
        if facts
        else "Nothing: the gateway adds no headers about you to your requests."
    )
    return Section("What the application is told", facts, note, literal=True)


def _shown(name: bytes, value: bytes) -> str:
    # A bound on the work; what comes later is cut off by plain_bytes anyway.
    if _SECRET_NAME.search(name[:_SEARCHED]) or _JWT.search(value[:_SEARCHED]):
        return "(not shown)"
    return plain_bytes(value) or "(empty)"


def _since(label: str, then: float, now: float) -> Fact:
    ago = span(now - then)
    return Fact(label, f"{ago} ago" if ago else "Just now", moment(then))


def _until(label: str, then: float, now: float) -> Fact:
    left = span(then - now)
    return Fact(label, f"In {left}" if left else "Now", moment(then))
