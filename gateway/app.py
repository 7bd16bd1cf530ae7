"""One gateway, from start to stop; it reads the clock for all of its parts."""

import asyncio
import socket
import ssl
import time
from collections.abc import Callable, Sequence

from config.settings import Settings
from gateway.assembly.assemble import assemble
from gateway.assembly.parts import Parts
from gateway.operations.admin_listener import AdminListener
from gateway.operations.certificate_days import (
    CertificateDays,
    days_at_start,
    say_days,
)
from gateway.operations.listeners import Listeners
from gateway.operations.listening import tls_context
from gateway.operations.metrics import Metrics
from gateway.operations.start_failed import check_authorities
from gateway.operations.workers.company import Company
from gateway.sessions.revocations import Whose

LAST_WORDS = 2.0  # seconds for connections to close once their requests are done
GLANCE = 0.01  # seconds between two looks at whether connections are closed
NOW: Callable[[], float] = time.time  # unix seconds
MONOTONIC: Callable[[], float] = time.monotonic


class Gateway:
    """One gateway: its listeners, and everything behind them.

    *sockets* are listened on instead of ``[server] listen`` where they are given.  As
    one of several workers it has *company*, and no admin listener.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        sockets: Sequence[socket.socket] = (),
        now: Callable[[], float] = NOW,
        monotonic: Callable[[], float] = MONOTONIC,
        company: Company | None = None,
    ) -> None:
        self._settings = settings
        self._now = now
        self._monotonic = monotonic
        self._company = company
        self._public = Listeners(sockets)
        self._not_ready: str | None = "starting"
        self._admin = (
            None if company else AdminListener(settings, self.why_not_ready, now)
        )
        self._parts: Parts | None = None
        self._tls: ssl.SSLContext | None = None
        self._days: CertificateDays | None = None

    @property
    def addresses(self) -> tuple[str, ...]:
        """The addresses it listens on, as ``host:port`` or ``unix:/path``."""
        return self._public.addresses

    @property
    def admin_addresses(self) -> tuple[str, ...]:
        """The addresses of the admin listener, in the same form."""
        return () if self._admin is None else self._admin.addresses

    async def start(self) -> None:
        """Begin to listen.  Raises StartFailed, and leaves nothing open then."""
        try:
            await self._start()
        except BaseException:
            await self.stop()
            raise
        self._not_ready = None

    async def _start(self) -> None:
        server = self._settings.server
        self._tls = tls_context(server.tls_certificate, server.tls_key)
        self._days = days_at_start(server.tls_certificate)
        check_authorities(self._settings)
        self._public.bind(server.listen, "server.listen")
        if self._admin is not None:
            self._admin.bind()
        parts = self._parts = assemble(
            self._settings,
            now=self._now,
            monotonic=self._monotonic,
            company=self._company,
        )
        if self._days is not None:
            parts.metrics.show_certificate_end(self._days.ends)
        await parts.revocation.sharing.start()
        if self._admin is not None:
            await self._admin.start(self._exposition, self.revoke)
        await self._public.accept(parts.server, self._tls)

    async def accept_also(self, sockets: Sequence[socket.socket]) -> Listeners:
        """Accept from these *sockets* as well, and return what closes them again."""
        more = Listeners(sockets)
        if self._parts is not None:
            await more.accept(self._parts.server, self._tls)
        return more

    def say_certificate_days(self) -> None:
        """Log where the certificate that is served ends soon, or is no good now."""
        if self._days is not None:
            say_days(self._days, self._now())

    @property
    def metrics(self) -> Metrics:
        """The metrics of this process; to be asked for when it has started."""
        if self._parts is None:
            raise RuntimeError("it has not started")
        return self._parts.metrics

    async def _exposition(self) -> bytes:
        return self.metrics.exposition()

    async def revoke(self, whose: Whose, value: str) -> bool:
        """Revoke sessions by the operator's order, and return whether that is kept."""
        if self._parts is None:
            return False
        return await self._parts.revocation.revoking.order(whose, value)

    async def provider_ready(self) -> bool:
        """Return whether Logto answers now."""
        return self._parts is not None and await self._parts.provider.ready()

    def why_not_ready(self) -> str | None:
        """Return why no new request should come here; None where it may."""
        if self._not_ready is not None or self._parts is None:
            return self._not_ready
        return self._parts.revocation.trouble

    def watch_trouble(self, told: Callable[[str | None], None]) -> None:
        """Have *told* hear why people cannot be served, now and when that changes.

        To be called when it has started.
        """
        if self._parts is not None:
            self._parts.revocation.watch_trouble(told)

    async def stop(self) -> None:
        """Stop accepting, let requests finish, cut streams at the deadline, close.

        What was begun at Logto (a code exchange, a revocation) is waited for.  The
        admin listener answers until the end: it says "stopping".
        """
        self._not_ready = "stopping"
        self._public.close()
        if self._parts is not None:
            await self._finish(self._parts)
        if self._admin is not None:
            await self._admin.stop()

    async def _finish(self, parts: Parts) -> None:
        parts.server.pre_shutdown()  # idle connections close now
        await parts.open_requests.drained(self._settings.server.shutdown_timeout)
        parts.server.pre_shutdown()
        await parts.forwarder.close(0)  # the deadline is over: cut what is left
        await _all_closed(parts, LAST_WORDS)
        await parts.server.shutdown(LAST_WORDS)
        await parts.tasks.close(self._settings.logto.timeout)
        await parts.revocation.sharing.close()
        await parts.revocation.journal.close()
        await parts.http.close()

    def remove_files(self) -> None:
        """Remove the socket files, where no time is left to stop."""
        self._public.remove_files()
        if self._admin is not None:
            self._admin.remove_files()


async def _all_closed(parts: Parts, seconds: float) -> None:
    """Wait until what was sent has left, *seconds* at the most."""
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    while parts.server.connections and loop.time() < end:  # noqa: ASYNC110
        await asyncio.sleep(GLANCE)  # aiohttp has nothing to wait for
