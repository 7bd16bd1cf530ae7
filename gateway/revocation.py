"""Putting together what ends sessions before their time."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import aiohttp

from config.logto import Logto
from config.settings import Settings
from gateway.authentication.allowance import Allowance
from gateway.authentication.backchannel_logout import BackchannelLogout
from gateway.authentication.logout_tokens import LogoutTokens
from gateway.authentication.provider_endpoints import ProviderEndpoints
from gateway.authentication.revoking import Revoking
from gateway.authentication.webhook import Webhook
from gateway.operations.revocation_file import RevocationFile
from gateway.operations.revocation_journal import RevocationJournal
from gateway.operations.start_failed import StartFailed
from gateway.operations.workers.company import Company
from gateway.sessions.one_process import OneProcess
from gateway.sessions.renewal import longest_refresh
from gateway.sessions.revocations import Revocations
from gateway.sessions.session import Session
from gateway.sessions.sharing import Sharing
from gateway.visit import Answer, Visit

# Logout tokens that one client may have us verify, and all together: in a second,
# and at once.  200 signatures take a tenth of a core.
EACH = (10.0, 50)
TOGETHER = (200.0, 200)

if TYPE_CHECKING:  # nobody else needs redis-py in memory
    from gateway.sessions.in_redis.parts import InRedis


@dataclass(frozen=True, slots=True)
class Revocation:
    """Who is out before their time, and where that is kept."""

    revocations: Revocations
    journal: RevocationJournal
    sharing: Sharing
    revoking: Revoking
    in_redis: "InRedis | None" = None

    @classmethod
    def of(
        cls,
        settings: Settings,
        now: Callable[[], float],
        company: Company | None = None,
    ) -> "Revocation":
        """Return what ``[server] state_directory`` kept; *now* is in unix seconds.

        In *company* that is up to the supervisor.

        With Redis that keeps it.  Raises StartFailed where the directory is damaged, or
        cannot be written, and where the package for Redis is missing.
        """
        revocations = Revocations(settings.session.max_age)
        in_redis = _in_redis(settings, revocations, now)
        directory = "" if company else settings.server.state_directory
        file = RevocationFile(directory) if directory else None
        journal = RevocationJournal(revocations, file, now)
        sharing: Sharing = OneProcess(journal.saved)
        if in_redis:
            sharing = in_redis.sharing
        elif company:
            sharing = company.sharing(revocations, now)
        revoking = Revoking(revocations, sharing, now)
        return cls(revocations, journal, sharing, revoking, in_redis)

    @property
    def trouble(self) -> str | None:
        """Why people cannot be served, or not all of them; None where they can."""
        return _of_redis(self.in_redis.condition.trouble) if self.in_redis else None

    def watch_trouble(self, told: Callable[[str | None], None]) -> None:
        """Have *told* hear :attr:`trouble`, now and whenever it is another."""
        if self.in_redis is not None:
            self.in_redis.condition.watch(lambda trouble: told(_of_redis(trouble)))

    def cuts(
        self, ended: Callable[[], None], in_use: Callable[[], Iterable[Session]]
    ) -> None:
        """Have *ended* hear that sessions are over; *in_use* returns those to look at.

        Of what Redis lost meanwhile nobody tells.
        """
        self.revocations.watch(lambda _mark: ended())
        if self.in_redis is not None:
            self.in_redis.sharing.in_use = in_use

    def told_by_logto(
        self, logto: Logto, http: aiohttp.ClientSession, now: Callable[[], float]
    ) -> Mapping[str, Callable[[Visit], Awaitable[Answer]]]:
        """Return the addresses that Logto posts to, each with its answering."""
        endpoints = ProviderEndpoints(logto, http, now=now)
        backchannel = BackchannelLogout(
            LogoutTokens(endpoints, logto.app_id, self.sharing, now),
            self.revoking,
            Allowance(*EACH),
            Allowance(*TOGETHER),
        )
        told = {"backchannel-logout": backchannel.receive}
        key = logto.webhook_signing_key.get_secret_value()
        if key:
            told["hooks/logto"] = Webhook(key.encode("ascii"), self.revoking).receive
        return told


def _of_redis(trouble: str) -> str | None:
    return f"Redis: {trouble}" if trouble else None


def _in_redis(
    settings: Settings, revocations: Revocations, now: Callable[[], float]
) -> "InRedis | None":
    address = settings.session.redis_url
    if settings.session.store != "redis" or address is None:
        return None
    try:
        from gateway.sessions.in_redis.parts import InRedis  # noqa: PLC0415 - lazily
    except ModuleNotFoundError as error:
        if error.name != "redis":
            raise
        raise StartFailed(
            'session.store = "redis" needs the Python package redis: install it with '
            "`pip install 'logto-gateway[redis]'`"
        ) from None
    lasting = longest_refresh(settings.logto)
    return InRedis.of(settings.session, address, revocations, lasting=lasting, now=now)
