"""Starts the workers, watches them, and speaks for all of them to the operator."""

import asyncio
import os
import socket
import sys
from collections.abc import Callable
from itertools import count

import structlog
from aiohttp import web

from config.settings import Settings
from gateway.operations import logs
from gateway.operations.admin_listener import AdminListener
from gateway.operations.assertion_key_file import load_keys
from gateway.operations.listeners import Listeners
from gateway.operations.listening import tls_context
from gateway.operations.owned_tasks import OwnedTasks
from gateway.operations.revocation_file import RevocationFile
from gateway.operations.revocation_journal import RevocationJournal
from gateway.operations.start_failed import StartFailed, check_authorities
from gateway.operations.workers.assignments import assigned
from gateway.operations.workers.dividing import for_one_of
from gateway.operations.workers.exposition import Exposition
from gateway.operations.workers.hub import Hub, Lasting
from gateway.operations.workers.messages import (
    FromWorker,
    HandBack,
    StopAtOnce,
    TakeOver,
)
from gateway.operations.workers.place import Place, Surroundings
from gateway.operations.workers.questions import Unanswered
from gateway.operations.workers.readiness import why_not_ready
from gateway.operations.workers.worker import Given, Worker
from gateway.sessions.renewal import longest_refresh
from gateway.sessions.revocations import Revocations, Whose

LAST_WORDS = 2.0  # seconds
SLACK = 10.0  # seconds that a worker may take to stop beyond what the settings say
LOOK = 1.0  # seconds between two looks at what takes too long
FAILURE = 1  # exit code

log = structlog.get_logger("gateway.workers")


class Supervisor:
    """So many *workers* for *settings*; *log_lock* is for whoever writes to the log.

    *now* gives unix seconds, *monotonic* others.
    """

    def __init__(
        self,
        settings: Settings,
        workers: int,
        *,
        log_lock: int,
        now: Callable[[], float],
        monotonic: Callable[[], float],
    ) -> None:
        self._settings = settings
        self._count = workers
        self._log_lock = log_lock
        self._now = now
        self._monotonic = monotonic
        self._public = Listeners()
        self._not_ready: str | None = "starting"
        self._admin = AdminListener(settings, self._why_not_ready, now)
        self._places: list[Place] = []
        self._assigned: dict[int, int] = {}
        self._tasks = OwnedTasks()
        self._journal: RevocationJournal | None = None
        self._hub: Hub | None = None
        self._looking: asyncio.TimerHandle | None = None

    @property
    def addresses(self) -> tuple[str, ...]:
        """Where the workers listen, as ``host:port`` or ``unix:/path``."""
        return self._public.addresses

    @property
    def admin_addresses(self) -> tuple[str, ...]:
        """The addresses of the admin listener, in the same form."""
        return self._admin.addresses

    async def start(self) -> None:
        """Start all workers.

        Raises StartFailed where none can be started; :meth:`stop` is to be called
        in any case.
        """
        self._check()
        self._public.bind(self._settings.server.listen, "server.listen")
        self._admin.bind()
        self._share()
        self._places = self._make_places(self._public.spread(self._count))
        await self._admin.start(Exposition(self._places), self._revoke)
        first = self._places[0]
        self._tasks.begin(first.run())
        code = await first.tried()
        if code is not None:  # the others would say the same
            raise StartFailed(
                f"no worker could be started: the first ended with {code} before it "
                "was ready"
            )
        for place in self._places[1:]:
            self._tasks.begin(place.run())
        for place in self._places:
            await place.tried()
        self._not_ready = None

    async def stop(self) -> None:
        """Have all workers stop as one gateway does, and wait for them."""
        self._not_ready = "stopping"
        self._public.close()
        for place in self._places:
            place.stop()
        server, timeout = self._settings.server, self._settings.logto.timeout
        asyncio.get_running_loop().call_later(
            server.shutdown_timeout + timeout + SLACK, self._kill
        )
        await self._tasks.close(server.shutdown_timeout + timeout + 2 * SLACK)
        if self._looking is not None:
            self._looking.cancel()
        if self._hub is not None:
            await self._hub.close(LAST_WORDS)
        if self._journal is not None:
            await self._journal.close()
        await self._admin.stop()

    def stop_at_once(self) -> None:
        """End everything now; does not return to whoever waits for :meth:`stop`."""
        log.warning("stopping_at_once", hint="A second signal came; requests are cut.")
        self._public.remove_files()
        self._admin.remove_files()
        for place in self._places:
            place.stop()
            if place.worker is not None:
                place.worker.send(StopAtOnce())
        self._tasks.begin(self._end_soon())

    async def _end_soon(self) -> None:
        end = self._monotonic() + LAST_WORDS
        while self._monotonic() < end and any(one.worker for one in self._places):  # noqa: ASYNC110 - a last look
            await asyncio.sleep(LAST_WORDS / 100)
        self._kill()
        logs.close(LAST_WORDS)
        os._exit(FAILURE)

    def _check(self) -> None:
        """Find what would keep each worker from starting, to say it once."""
        if sys.platform == "win32":
            raise StartFailed("server.workers above 1 needs a Unix system")
        server, assertion = self._settings.server, self._settings.assertion
        tls_context(server.tls_certificate, server.tls_key)
        check_authorities(self._settings)
        if assertion.enabled:
            load_keys(assertion.keys, server.state_directory)

    def _share(self) -> None:
        """Begin to know what the workers share; the file of revocations is ours."""
        revocations = Revocations(self._settings.session.max_age)
        directory = self._settings.server.state_directory
        file = RevocationFile(directory) if directory else None
        self._journal = RevocationJournal(revocations, file, self._now)
        self._hub = Hub(
            revocations,
            self._journal.saved,
            now=self._now,
            monotonic=self._monotonic,
            lasting=Lasting(
                longest_refresh(self._settings.logto),
                self._settings.session.idle_timeout,
            ),
        )
        self._look()

    def _make_places(self, listeners: list[list[socket.socket]]) -> list[Place]:
        settings = for_one_of(self._settings, self._count)
        surroundings = Surroundings(
            count(1).__next__, self._heard, self._changed, self._monotonic
        )
        return [
            Place(Given(number, settings, listeners, self._log_lock), surroundings)
            for number in range(1, self._count + 1)
        ]

    def _heard(self, worker: Worker, message: FromWorker) -> None:
        if self._hub is not None:
            self._hub.heard(worker.member, worker.send, message)

    def _changed(self, worker: Worker) -> None:
        """Hear that *worker* is ready, or has ended."""
        if not worker.is_ready and self._hub is not None:
            self._hub.left(worker.member)
        ready = {place.number for place in self._places if place.is_ready}
        before, self._assigned = (
            self._assigned,
            assigned(self._count, ready, self._assigned),
        )
        for place in self._places:
            taker, was = self._assigned.get(place.number), before.get(place.number)
            if taker == was:
                continue
            if was in ready and was != place.number:
                self._tell(was, HandBack(place.number))
            if taker is not None and taker != place.number:
                self._tell(taker, TakeOver(place.number))

    def _tell(self, number: int, message: TakeOver | HandBack) -> None:
        worker = self._places[number - 1].worker
        if worker is not None:
            worker.send(message)

    def _look(self) -> None:
        """End the workers that do not hear who is out; look again in a moment."""
        deaf = self._hub.look() if self._hub is not None else []
        for place in self._places:
            if place.worker is not None and place.worker.member in deaf:
                log.error("worker_hangs", worker=place.number)
                place.worker.kill()
        self._looking = asyncio.get_running_loop().call_later(LOOK, self._look)

    def _kill(self) -> None:
        for place in self._places:
            if place.worker is not None:
                place.worker.kill()

    def _why_not_ready(self) -> str | None:
        return self._not_ready or why_not_ready(
            {one.number: one.trouble for one in self._places if one.is_ready}
        )

    async def _revoke(self, whose: Whose, value: str) -> bool:
        """Have one worker revoke, which tells the others."""
        for place in self._places:
            if place.worker is None or not place.is_ready:
                continue
            try:
                return await place.worker.order(whose, value)
            except Unanswered:
                continue
        raise web.HTTPServiceUnavailable(text="no worker runs now: try again\n")
