"""Start and stop; the only module that reads the clock and catches signals."""

import asyncio
import signal
import socket
import sys
import time
from collections.abc import Callable, Sequence

import structlog
from aiohttp import http_parser, web

from config.settings import Settings
from gateway.assembly import Parts, assemble
from gateway.operations import logs
from gateway.operations.admin import admin_application
from gateway.operations.listening import (
    ListenFailed,
    accept,
    bind,
    describe,
    tls_context,
)

log = structlog.get_logger("gateway")

LAST_WORDS = 2.0  # seconds for connections to close once their requests are done
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
        self._sockets = list(sockets)
        self._admin_sockets: list[socket.socket] = []
        self._servers: list[asyncio.Server] = []
        self._parts: Parts | None = None
        self._admin: web.AppRunner | None = None
        self._not_ready: str | None = "starting"

    @property
    def addresses(self) -> tuple[str, ...]:
        """The addresses it listens on, as ``host:port`` or ``unix:/path``."""
        return tuple(map(describe, self._sockets))

    @property
    def admin_addresses(self) -> tuple[str, ...]:
        """The addresses of the admin listener, in the same form."""
        return tuple(map(describe, self._admin_sockets))

    async def start(self) -> None:
        """Begin to listen.  Raises ListenFailed, and leaves nothing open then."""
        try:
            await self._start()
        except BaseException:
            await self.stop()
            raise
        self._not_ready = None

    async def _start(self) -> None:
        server, admin = self._settings.server, self._settings.admin
        tls = tls_context(server.tls_certificate, server.tls_key)
        if not self._sockets:
            for address in server.listen:
                self._sockets += bind(address)
        if admin.listen is not None:
            self._admin_sockets += bind(admin.listen)
        parts = assemble(self._settings, now=self._now, monotonic=self._monotonic)
        self._parts = parts
        for one in self._sockets:
            self._servers.append(await accept(one, parts.server, tls))
        application = admin_application(parts.metrics, lambda: self._not_ready)
        self._admin = web.AppRunner(application, access_log=None)
        await self._admin.setup()
        assert self._admin.server is not None
        for one in self._admin_sockets:
            self._servers.append(await accept(one, self._admin.server, None))

    async def provider_ready(self) -> bool:
        """Return whether Logto answers now."""
        return self._parts is not None and await self._parts.provider.ready()

    async def stop(self) -> None:
        """Stop accepting, let requests finish, cut streams at the deadline, close.

        What was begun at Logto (a code exchange, a revocation) is waited for.
        """
        self._not_ready = "stopping"
        if self._parts is not None:
            parts = self._parts
            await self._stop_accepting(parts)
            await parts.forwarder.close(self._settings.server.shutdown_timeout)
            await parts.server.shutdown(LAST_WORDS)
            await parts.tasks.close(self._settings.logto.timeout)
            await parts.http.close()
        if self._admin is not None:
            await self._admin.cleanup()
        for server in self._servers:
            server.close()
        for bound in (*self._sockets, *self._admin_sockets):
            bound.close()

    async def _stop_accepting(self, parts: Parts) -> None:
        """Close the public listeners; the admin listener still says "stopping"."""
        for server in self._servers[: len(self._sockets)]:
            server.close()
        parts.server.pre_shutdown()


def serve(settings: Settings, config_path: str) -> int:
    """Run the gateway until SIGTERM or SIGINT.  Returns the exit code."""
    logs.configure()
    if http_parser.HttpRequestParser is http_parser.HttpRequestParserPy:
        print(
            "gateway: aiohttp is here without its C parser, which is not safe to use. "
            "Install aiohttp from a wheel, and unset AIOHTTP_NO_EXTENSIONS.",
            file=sys.stderr,
        )
        return FAILURE
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        return runner.run(_serve(settings, config_path))


async def _serve(settings: Settings, config_path: str) -> int:
    stop = _stop_signal()
    gateway = Gateway(settings)
    try:
        await gateway.start()
    except ListenFailed as error:
        print(f"gateway: {error}.", file=sys.stderr)
        return FAILURE
    log.info(
        "listening",
        addresses=gateway.addresses,
        admin=gateway.admin_addresses,
        public_url=str(settings.server.public_url),
        config=config_path,
    )
    async with asyncio.TaskGroup() as group:
        group.create_task(_say_whether_logto_answers(gateway, settings))
        await stop.wait()
        log.info("stopping", deadline=settings.server.shutdown_timeout)
        await gateway.stop()
    log.info("stopped")
    return OK


async def _say_whether_logto_answers(gateway: Gateway, settings: Settings) -> None:
    if not await gateway.provider_ready():
        log.warning(
            "logto_away",
            endpoint=settings.logto.endpoint,
            hint="Nobody can sign in until Logto answers; the gateway keeps trying. "
            "Is [logto] endpoint right, and can this machine reach it?",
        )


def _stop_signal() -> asyncio.Event:
    """Return an event that the first SIGTERM or SIGINT sets; a second one ends us."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def heard(name: signal.Signals) -> None:
        loop.remove_signal_handler(name)
        stop.set()

    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, heard, name)
    return stop


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop  # noqa: PLC0415 - not on Windows
    except ImportError:
        return None
    return uvloop.new_event_loop
