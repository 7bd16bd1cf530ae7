"""``[admin] listen``, from its binding to its end."""

from collections.abc import Awaitable, Callable

from aiohttp import web

from config.settings import Settings
from gateway.operations.admin import admin_application
from gateway.operations.admin_log import LOGGER
from gateway.operations.admin_orders import AdminOrders
from gateway.operations.listeners import Listeners
from gateway.sessions.revocations import Whose

LAST_WORDS = 0.5  # seconds for an answer under way at the end


class AdminListener:
    """Tells how the gateway of *settings* is.

    *not_ready* returns why no new request should come here, or None; *now* gives unix
    seconds.
    """

    def __init__(
        self,
        settings: Settings,
        not_ready: Callable[[], str | None],
        now: Callable[[], float],
    ) -> None:
        self._settings = settings
        self._not_ready = not_ready
        self._now = now
        self._listeners = Listeners()
        self._runner: web.AppRunner | None = None

    @property
    def addresses(self) -> tuple[str, ...]:
        """Where it listens, as ``host:port`` or ``unix:/path``."""
        return self._listeners.addresses

    def bind(self) -> None:
        """Bind its address, where there is one.  Raises StartFailed."""
        address = self._settings.admin.listen
        if address is not None:
            self._listeners.bind([address], "admin.listen")

    async def start(
        self,
        exposition: Callable[[], Awaitable[bytes]],
        revoke: Callable[[Whose, str], Awaitable[bool]],
    ) -> None:
        """Answer from now on: *exposition* gives the metrics, *revoke* takes orders."""
        orders = AdminOrders(self._settings.session.keys, revoke, self._now)
        application = admin_application(
            exposition,
            self._not_ready,
            orders.routes(),
            self._settings.admin.names,
        )
        self._runner = web.AppRunner(
            application,
            access_log=None,
            logger=LOGGER,
            shutdown_timeout=LAST_WORDS,
        )
        await self._runner.setup()
        if self._runner.server is not None:
            await self._listeners.accept(self._runner.server)

    async def stop(self) -> None:
        """Answer no more."""
        self._listeners.close()
        if self._runner is not None:
            await self._runner.cleanup()

    def remove_files(self) -> None:
        """Remove the socket file, where no time is left to stop."""
        self._listeners.remove_files()
