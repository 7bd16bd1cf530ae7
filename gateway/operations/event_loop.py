"""The event loop: uvloop where there is one, and what it has to say in our log."""

import asyncio
from collections.abc import Callable
from typing import Any

import structlog

log = structlog.get_logger("gateway")


def loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """Return what makes the event loop; None for the standard library's own."""
    try:
        import uvloop  # noqa: PLC0415 - not on Windows
    except ImportError:
        return None
    return uvloop.new_event_loop


def say_loop_error(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Log what the event loop reports; its own way quotes protocols and handles."""
    log.error(
        "loop_error", message=context["message"], exc_info=context.get("exception")
    )
