"""Putting together what keeps sessions in Redis.  Importing this imports redis-py."""

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import dataclass

from config.redis_url import RedisAddress
from config.session import Session as Settings
from gateway.sessions.codec import KeyRing
from gateway.sessions.in_redis.bounds import Bounds
from gateway.sessions.in_redis.changes import Changes
from gateway.sessions.in_redis.condition import Condition
from gateway.sessions.in_redis.keys import OwnKeys
from gateway.sessions.in_redis.known_sessions import KnownSessions
from gateway.sessions.in_redis.records import Records
from gateway.sessions.in_redis.server import RedisServer
from gateway.sessions.in_redis.sharing import RedisSharing
from gateway.sessions.in_redis.store import Begin, RedisStore
from gateway.sessions.revocations import Revocations


@dataclass(frozen=True, slots=True)
class InRedis:
    """All that has to do with Redis, for the *settings* of sessions."""

    settings: Settings
    condition: Condition
    records: Records
    known: KnownSessions
    sharing: RedisSharing

    @classmethod
    def of(
        cls,
        settings: Settings,
        address: RedisAddress,
        revocations: Revocations,
        *,
        lasting: float,
        now: Callable[[], float],
    ) -> "InRedis":
        """Return it for the server at *address*, which is not asked yet.

        *lasting* is how long Logto may be asked about a session, in seconds, *now*
        gives unix seconds.  Must be called with a running event loop.
        """
        clock = asyncio.get_running_loop().time
        condition = Condition()
        bounds = Bounds(
            settings.redis_connections,
            settings.redis_connect_timeout,
            settings.redis_timeout,
        )
        records = Records(
            server=RedisServer(address, settings.redis_ca_file, bounds, condition),
            own=OwnKeys(settings.keys),
            settings=settings,
            database=address.database,
            sender=secrets.token_urlsafe(9),
            random_bytes=secrets.token_bytes,
        )
        changes = Changes(records, condition, clock)
        known = KnownSessions(clock, changes.hearing)
        sharing = RedisSharing(
            records=records,
            changes=changes,
            known=known,
            revocations=revocations,
            lasting=lasting,
            random_text=secrets.token_urlsafe,
            now=now,
        )
        return cls(settings, condition, records, known, sharing)

    def store(self, keys: KeyRing, *, secure: bool, begin: Begin) -> RedisStore:
        """Return the store of sessions; *begin* begins work that nobody waits for."""
        return RedisStore(
            self.settings,
            keys,
            secure=secure,
            random_bytes=secrets.token_bytes,
            revocations=self.sharing.revocations,
            records=self.records,
            known=self.known,
            sharing=self.sharing,
            begin=begin,
        )
