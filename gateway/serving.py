"""``gateway serve``: one process, or a supervisor and its workers."""

import asyncio
import gc
import logging
import os
import sys
import time
from typing import TYPE_CHECKING

import structlog

from config.settings import Settings
from gateway.operations import logs
from gateway.operations.event_loop import loop_factory, say_loop_error
from gateway.operations.log_sharing import LogSharing, new_lock
from gateway.operations.logto_at_start import say_whether_logto_answers
from gateway.operations.metrics import version
from gateway.operations.start_failed import StartFailed, check_parser
from gateway.operations.stop_signals import StopSignals
from gateway.operations.workers.cpus import usable_cpus

if TYPE_CHECKING:  # a supervisor has no use for all that a gateway is
    from gateway.app import Gateway
    from gateway.operations.workers.supervisor import Supervisor

log = structlog.get_logger("gateway")

OK, FAILURE = 0, 1  # exit codes
LAST_WORDS = 2.0  # seconds for the last lines of the log


def serve(settings: Settings, config_path: str) -> int:
    """Run the gateway until SIGTERM or SIGINT.  Returns the exit code."""
    wanted = settings.server.workers
    workers = usable_cpus() if wanted == "auto" else wanted
    lock = new_lock() if workers > 1 else None
    sharing = None if lock is None else LogSharing(None, lock)
    logs.configure(level=settings.server.log_level, sharing=sharing)
    logging.captureWarnings(capture=True)
    try:
        check_parser()
        with asyncio.Runner(loop_factory=loop_factory()) as runner:
            if lock is None:
                runner.run(_serve(settings, config_path))
            else:
                runner.run(_supervise(settings, config_path, workers, lock))
    except StartFailed as error:
        sys.stderr.write(f"gateway: {error}.\n")
        return FAILURE
    finally:
        logs.close()
    return OK


async def _supervise(
    settings: Settings, config_path: str, workers: int, lock: int
) -> None:
    from gateway.operations.workers.supervisor import Supervisor  # noqa: PLC0415 - only where there are workers

    asyncio.get_running_loop().set_exception_handler(say_loop_error)
    supervisor = Supervisor(
        settings,
        workers,
        log_lock=lock,
        now=time.time,  # noqa: TID251 - as gateway.app, for another process
        monotonic=time.monotonic,
    )
    signals = StopSignals(supervisor.stop_at_once)
    try:
        await supervisor.start()
        _say_listening(supervisor, settings, config_path, workers=workers)
        name = await signals.first()
        log.info("stopping", signal=name, deadline=settings.server.shutdown_timeout)
    finally:
        await supervisor.stop()
    log.info("stopped")


async def _serve(settings: Settings, config_path: str) -> None:
    from gateway.app import Gateway  # noqa: PLC0415 - only where there are no workers

    asyncio.get_running_loop().set_exception_handler(say_loop_error)
    gateway = Gateway(settings)
    signals = StopSignals(lambda: _stop_at_once(gateway))
    await gateway.start()
    gc.collect()
    gc.freeze()  # what is here now stays: collections need not look at it again
    gateway.say_certificate_days()
    _say_listening(gateway, settings, config_path)
    async with asyncio.TaskGroup() as group:
        asking = group.create_task(
            say_whether_logto_answers(gateway.provider_ready, settings.logto.endpoint)
        )
        name = await signals.first()
        asking.cancel()
    log.info("stopping", signal=name, deadline=settings.server.shutdown_timeout)
    await gateway.stop()
    log.info("stopped")


def _say_listening(
    running: "Gateway | Supervisor",
    settings: Settings,
    config_path: str,
    **more: object,
) -> None:
    log.info(
        "listening",
        addresses=running.addresses,
        admin=running.admin_addresses,
        public_url=str(settings.server.public_url),
        config=config_path,
        version=version("logto-gateway"),
        **more,
    )


def _stop_at_once(gateway: "Gateway") -> None:
    log.warning("stopping_at_once", hint="A second signal came; requests are cut.")
    gateway.remove_files()
    logs.close(LAST_WORDS)
    os._exit(FAILURE)
