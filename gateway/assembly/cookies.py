"""The cookies of ours: of sessions, of sign-in attempts, of arrivals."""

import secrets
from dataclasses import dataclass

from config.settings import Settings
from gateway.authentication.arrival import Arrival
from gateway.authentication.attempt_cookies import AttemptCookies
from gateway.revocation import Revocation
from gateway.sessions.codec import KeyRing
from gateway.sessions.cookie_store import CookieStore


@dataclass(frozen=True, slots=True)
class Cookies:
    """Each kind of cookie of ours, with the rules for it."""

    sessions: CookieStore
    attempts: AttemptCookies
    arrival: Arrival


def cookies_of(settings: Settings, revocation: Revocation) -> Cookies:
    """Return them as *settings* ask for."""
    session = settings.session
    keys = KeyRing(session.keys)
    secure = settings.server.public_url.is_https
    random = secrets.token_bytes
    return Cookies(
        CookieStore(
            session,
            keys,
            secure=secure,
            random_bytes=random,
            revocations=revocation.revocations,
        ),
        AttemptCookies(session, keys, secure=secure, random_bytes=random),
        Arrival(session, keys, secure=secure, random_bytes=random),
    )
