"""What ``gateway check`` looks at beyond the file, with and without the network."""

import asyncio
from collections.abc import Callable

from config.settings import Settings
from gateway.checking.front import check_front
from gateway.checking.logto import check_logto
from gateway.checking.report import Report, joined
from gateway.checking.upstreams import check_upstreams


def online(settings: Settings, now: Callable[[], float]) -> Report:
    """Ask Logto, the upstreams and the gateway itself, at the same time.

    *now* gives unix seconds.
    """
    return asyncio.run(_online(settings, now))


async def _online(settings: Settings, now: Callable[[], float]) -> Report:
    (logto, metadata), upstreams = await asyncio.gather(
        check_logto(settings, now), check_upstreams(settings)
    )
    return joined([logto, upstreams, await check_front(settings, metadata)])
