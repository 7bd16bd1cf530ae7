"""The cookies of ours: of sessions, of sign-in attempts, of arrivals."""

import secrets
from dataclasses import dataclass

from config.settings import Settings
from gateway.authentication.arrival import Arrival
from gateway.authentication.attempt_cookies import AttemptCookies
from gateway.operations.owned_tasks import OwnedTasks
from gateway.operations.workers.company import Company
from gateway.revocation import Revocation
from gateway.sessions.codec import KeyRing
from gateway.sessions.cookie_store import CookieStore
from gateway.sessions.store import OwnSessions, SessionStore

USE_TOLD = 60.0  # seconds between two words to the other workers


@dataclass(frozen=True, slots=True)
class Cookies:
    """Each kind of cookie of ours, with the rules for it."""

    sessions: SessionStore
    own: OwnSessions | None  # where the store knows which sessions are whose
    attempts: AttemptCookies
    arrival: Arrival


def cookies_of(
    settings: Settings,
    revocation: Revocation,
    tasks: OwnedTasks,
    company: Company | None = None,
) -> Cookies:
    """Return them as *settings* ask for; *tasks* do what nobody waits for.

    In *company* a session that is in use at one worker is in use at all.
    """
    session = settings.session
    keys = KeyRing(session.keys)
    secure = settings.server.public_url.is_https
    random = secrets.token_bytes
    sessions: SessionStore
    own: OwnSessions | None = None
    if revocation.in_redis is not None:
        sessions = own = revocation.in_redis.store(
            keys, secure=secure, begin=tasks.begin
        )
    else:
        sessions = CookieStore(
            session,
            keys,
            secure=secure,
            random_bytes=random,
            revocations=revocation.revocations,
        )
    if company is not None and isinstance(sessions, CookieStore):
        often = min(USE_TOLD, session.idle_timeout / 40)
        company.share_use(sessions.last_seen, often)
    return Cookies(
        sessions,
        own,
        AttemptCookies(session, keys, secure=secure, random_bytes=random),
        Arrival(session, keys, secure=secure, random_bytes=random),
    )
