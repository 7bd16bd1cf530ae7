"""Gives up on the body of a request that does not come on."""

import asyncio
from collections.abc import Callable
from typing import Protocol

from gateway.proxying.request_body import RequestBody
from gateway.proxying.request_head import RequestRefused

_LOOKS = 4  # within the time that a body may stall


class Source(Protocol):
    """The connection that a body comes from."""

    transport: asyncio.Transport | None

    @property
    def is_held_back(self) -> bool:
        """Whether we do not read from it."""
        ...


def watch_body(
    body: RequestBody, source: Source, seconds: float, on_stall: Callable[[], None]
) -> None:
    """Refuse *body* with 408 once *source* has sent none of it for *seconds*.

    While we do not read, that is no fault of the client's.  Looking a few times costs a
    long body nothing for each of its pieces; it ends by itself, with body or source.
    """
    loop = asyncio.get_running_loop()
    interval = seconds / _LOOKS

    def look(received: int, quiet: int) -> None:
        transport = source.transport
        if body.complete or transport is None or transport.is_closing():
            return
        if source.is_held_back or body.received != received:
            quiet = 0
        if quiet == _LOOKS:
            on_stall()
            body.refuse(RequestRefused(408, "the request's body stalled"))
            return
        loop.call_later(interval, look, body.received, quiet + 1)

    look(body.received, 0)
