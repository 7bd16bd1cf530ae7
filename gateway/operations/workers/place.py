"""The place of one worker: it starts one process after the other."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

import structlog

from gateway.operations.workers.figures import Family, growing, summed
from gateway.operations.workers.messages import FromWorker, Stop
from gateway.operations.workers.questions import Unanswered
from gateway.operations.workers.restarts import Restarts
from gateway.operations.workers.worker import Given, Worker

STARTS = 60.0  # seconds for a worker to be ready
PULSE = 5.0  # seconds between two questions how it is
HANGS = 30.0  # seconds without an answer, after which it is replaced

log = structlog.get_logger("gateway.workers")


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What all places share.

    *new_member* returns a number for each process, *heard* takes in what one says,
    *changed* hears that one is ready or has ended, and *monotonic* gives seconds.
    """

    new_member: Callable[[], int]
    heard: Callable[[Worker, FromWorker], None]
    changed: Callable[[Worker], None]
    monotonic: Callable[[], float]


class Place:
    """Has a worker serve, with what it is *given*, until it is told to stop."""

    def __init__(self, given: Given, surroundings: Surroundings) -> None:
        self.number = given.number
        self.worker: Worker | None = None
        self.started = 0  # processes so far
        self.past: tuple[Family, ...] = ()  # what those that ended had counted
        self.figures: tuple[Family, ...] = ()
        self._given = given
        self._surroundings = surroundings
        self._stopping = asyncio.Event()
        self._tried: asyncio.Future[int | None] = (
            asyncio.get_running_loop().create_future()
        )

    @property
    def is_ready(self) -> bool:
        """Whether there is a worker that accepts connections."""
        return self.worker is not None and self.worker.is_ready

    @property
    def trouble(self) -> str:
        """Why its worker cannot serve all people; empty where it can."""
        return "" if self.worker is None else self.worker.trouble

    async def tried(self) -> int | None:
        """Wait for the first process: None once it is ready, or its exit code."""
        return await asyncio.shield(self._tried)

    async def run(self) -> None:
        """Keep a worker there; returns when the last one has ended after a stop."""
        restarts = Restarts()
        while not self._stopping.is_set():
            began = self._surroundings.monotonic()
            code = await self._one()
            if self._stopping.is_set():
                return
            pause = restarts.pause(self._surroundings.monotonic() - began)
            log.error("worker_ended", worker=self.number, exit=code, again_in=pause)
            try:
                async with asyncio.timeout(pause):
                    await self._stopping.wait()
            except TimeoutError:
                continue

    def stop(self) -> None:
        """Have the worker let its requests finish, and start no other."""
        self._stopping.set()
        if self.worker is None:
            return
        if self.worker.is_ready:
            self.worker.send(Stop())
        else:
            self.worker.kill()

    async def ask_figures(self, seconds: float) -> None:
        """Have :attr:`figures` be as they are now, where an answer comes in time."""
        worker = self.worker
        if worker is not None and worker.is_ready:
            with suppress(Unanswered):
                self.figures = await worker.figures(seconds)

    async def _one(self) -> int:
        """Run one process to its end, and return its exit code."""
        try:
            worker = await Worker.start(
                self._given, self._surroundings.new_member(), self._surroundings.heard
            )
        except OSError as error:
            log.error("worker_not_started", worker=self.number, reason=str(error))  # noqa: TRY400 - it says all
            self._say_tried(-1)
            return -1
        self.worker = worker
        self.started += 1
        if self._stopping.is_set():  # nobody told it, while it was being made
            worker.kill()
        async with asyncio.TaskGroup() as group:
            watching = group.create_task(self._watch(worker))
            code = await worker.ended()
            watching.cancel()
        self.past = tuple(summed({"before": self.past, "now": growing(self.figures)}))
        self.figures = ()
        self._say_tried(code)
        self.worker = None
        self._surroundings.changed(worker)
        return code

    async def _watch(self, worker: Worker) -> None:
        """See that *worker* becomes ready, and goes on answering."""
        if await worker.ready(STARTS):
            log.info("worker_ready", worker=self.number, pid=worker.pid)
            self._say_tried(None)
            self._surroundings.changed(worker)
            while await worker.lives(HANGS):  # noqa: ASYNC110 - it asks anew
                await asyncio.sleep(PULSE)
        if worker.is_heard:
            log.error("worker_hangs", worker=self.number)
            worker.kill()

    def _say_tried(self, code: int | None) -> None:
        if not self._tried.done():
            self._tried.set_result(code)
