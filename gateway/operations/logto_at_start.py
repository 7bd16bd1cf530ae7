"""Whether Logto answers when the gateway starts: nothing waits for it."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

ASK_AGAIN = 15.0  # seconds between two tries to reach a Logto that was away at start
log = structlog.get_logger("gateway")


async def say_whether_logto_answers(
    ready: Callable[[], Awaitable[bool]], endpoint: str
) -> None:
    """Log that Logto at *endpoint* is not *ready*, where it is not; then when it is."""
    if await ready():
        return
    log.warning(
        "logto_away",
        endpoint=endpoint,
        hint="Nobody can sign in until Logto answers; the gateway keeps trying. "
        "Is logto.endpoint right, and can this machine reach it?",
    )
    while not await ready():  # noqa: ASYNC110 - it asks anew
        await asyncio.sleep(ASK_AGAIN)
    log.info("logto_answers", endpoint=endpoint)
