"""Start and stop; the only module that reads the clock."""

import asyncio
import gc
import logging
import os
import socket
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

import structlog
from aiohttp import web

from config.settings import Settings
from gateway.assembly.assemble import assemble
from gateway.assembly.parts import Parts
from gateway.operations import logs
from gateway.operations.admin import admin_application
from gateway.operations.admin_orders import AdminOrders
from gateway.operations.listeners import Listeners
from gateway.operations.listening import tls_context
from gateway.operations.metrics import version
from gateway.operations.start_failed import (
    StartFailed,
    check_authorities,
    check_parser,
)
from gateway.operations.stop_signals import StopSignals

log = structlog.get_logger("gateway")

LAST_WORDS = 2.0  # seconds for connections to close once their requests are done
ADMIN_LAST_WORDS = 0.5
GLANCE = 0.01  # seconds between two looks at whether connections are closed
ASK_AGAIN = 15.0  # seconds between two tries to reach a Logto that was away at start
OK, FAILURE = 0, 1  # exit codes


class Gateway:
    """One gateway: its listeners, and everything behind them.

    *sockets* are listened on instead of ``[server] listen`` where they are given.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        sockets: Sequence[socket.socket] = (),
        now: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = settings
        self._now = now
        self._monotonic = monotonic
        self._public = Listeners(sockets)
        self._operator = Listeners()
        self._parts: Parts | None = None
        self._admin: web.AppRunner | None = None
        self._not_ready: str | None = "starting"

    @property
    def addresses(self) -> tuple[str, ...]:
        """The addresses it listens on, as ``host:port`` or ``unix:/path``."""
        return self._public.addresses

    @property
    def admin_addresses(self) -> tuple[str, ...]:
        """The addresses of the admin listener, in the same form."""
        return self._operator.addresses

    async def start(self) -> None:
        """Begin to listen.  Raises StartFailed, and leaves nothing open then."""
        try:
            await self._start()
        except BaseException:
            await self.stop()
            raise
        self._not_ready = None

    async def _start(self) -> None:
        server, admin = self._settings.server, self._settings.admin
        tls = tls_context(server.tls_certificate, server.tls_key)
        check_authorities(self._settings)
        self._public.bind(server.listen, "server.listen")
        if admin.listen is not None:
            self._operator.bind([admin.listen], "admin.listen")
        parts = assemble(self._settings, now=self._now, monotonic=self._monotonic)
        self._parts = parts
        await parts.revocation.sharing.start()
        orders = AdminOrders(
            self._settings.session.keys, parts.revocation.revoking.order, self._now
        )
        application = admin_application(
            parts.metrics, lambda: self._not_ready, orders.routes(), admin.names
        )
        self._admin = web.AppRunner(
            application, access_log=None, shutdown_timeout=ADMIN_LAST_WORDS
        )
        await self._admin.setup()
        if self._admin.server is not None:
            await self._operator.accept(self._admin.server)
        await self._public.accept(parts.server, tls)

    async def provider_ready(self) -> bool:
        """Return whether Logto answers now."""
        return self._parts is not None and await self._parts.provider.ready()

    async def stop(self) -> None:
        """Stop accepting, let requests finish, cut streams at the deadline, close.

        What was begun at Logto (a code exchange, a revocation) is waited for.  The
        admin listener answers until the end: it says "stopping".
        """
        self._not_ready = "stopping"
        self._public.close()
        if self._parts is not None:
            await self._finish(self._parts)
        self._operator.close()
        if self._admin is not None:
            await self._admin.cleanup()

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
        self._operator.remove_files()


async def _all_closed(parts: Parts, seconds: float) -> None:
    """Wait until what was sent has left, *seconds* at the most."""
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    while parts.server.connections and loop.time() < end:  # noqa: ASYNC110
        await asyncio.sleep(GLANCE)  # aiohttp has nothing to wait for


def serve(settings: Settings, config_path: str) -> int:
    """Run the gateway until SIGTERM or SIGINT.  Returns the exit code."""
    logs.configure(level=settings.server.log_level)
    logging.captureWarnings(capture=True)
    try:
        check_parser()
        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            runner.run(_serve(settings, config_path))
    except StartFailed as error:
        sys.stderr.write(f"gateway: {error}.\n")
        return FAILURE
    finally:
        logs.close()
    return OK


async def _serve(settings: Settings, config_path: str) -> None:
    asyncio.get_running_loop().set_exception_handler(_say_loop_error)
    gateway = Gateway(settings)
    signals = StopSignals(lambda: _stop_at_once(gateway))
    await gateway.start()
    gc.collect()
    gc.freeze()  # what is here now stays: collections need not look at it again
    log.info(
        "listening",
        addresses=gateway.addresses,
        admin=gateway.admin_addresses,
        public_url=str(settings.server.public_url),
        config=config_path,
        version=version("logto-gateway"),
    )
    async with asyncio.TaskGroup() as group:
        asking = group.create_task(_say_whether_logto_answers(gateway, settings))
        name = await signals.first()
        asking.cancel()
    log.info("stopping", signal=name, deadline=settings.server.shutdown_timeout)
    await gateway.stop()
    log.info("stopped")


async def _say_whether_logto_answers(gateway: Gateway, settings: Settings) -> None:
    if await gateway.provider_ready():
        return
    log.warning(
        "logto_away",
        endpoint=settings.logto.endpoint,
        hint="Nobody can sign in until Logto answers; the gateway keeps trying. "
        "Is logto.endpoint right, and can this machine reach it?",
    )
    while not await gateway.provider_ready():  # noqa: ASYNC110 - it asks anew
        await asyncio.sleep(ASK_AGAIN)
    log.info("logto_answers", endpoint=settings.logto.endpoint)


def _stop_at_once(gateway: Gateway) -> None:
    log.warning("stopping_at_once", hint="A second signal came; requests are cut.")
    gateway.remove_files()
    logs.close(LAST_WORDS)
    os._exit(FAILURE)


def _say_loop_error(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Log what the event loop reports; its own way quotes protocols and handles."""
    log.error(
        "loop_error", message=context["message"], exc_info=context.get("exception")
    )


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop  # noqa: PLC0415 - not on Windows
    except ImportError:
        return None
    return uvloop.new_event_loop
