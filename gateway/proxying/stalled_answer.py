"""Gives up on a client that takes nothing of what waits to be sent to it."""

import asyncio
import sys
from collections.abc import Callable
from typing import Protocol

_LOOKS = 4  # within the time that a client may take nothing

if sys.platform == "win32":

    def _queued(_transport: asyncio.WriteTransport) -> int:
        return 0  # nothing tells
else:
    import array
    import fcntl
    import termios

    def _queued(transport: asyncio.WriteTransport) -> int:
        """Return how many bytes the kernel has that the client has not.

        The transport sees only when a good part of a megabyte has left the kernel: a
        slow client would look like one that takes nothing.
        """
        sock = transport.get_extra_info("socket")
        if sock is None:
            return 0
        size = array.array("i", [0])
        try:
            fcntl.ioctl(sock.fileno(), termios.TIOCOUTQ, size)
        except OSError:
            return 0
        return size[0]


class Recipient(Protocol):
    """The connection that is sent to."""

    transport: asyncio.Transport | None

    @property
    def is_congested(self) -> bool:
        """Whether the client takes less than it is sent."""
        ...

    @property
    def times_caught_up(self) -> int:
        """How often it took what was waiting for it."""
        ...


class SendWatch:
    """Calls *on_stall* once *client* has taken nothing for *seconds* of what waits.

    It looks a few times, and only while something waits: an event stream or a WebSocket
    on which nothing happens is nobody's fault.
    """

    __slots__ = ("_client", "_interval", "_on_stall", "_quiet", "_seen", "_timer")

    def __init__(
        self, client: Recipient, seconds: float, on_stall: Callable[[], None]
    ) -> None:
        self._client = client
        self._interval = seconds / _LOOKS
        self._on_stall = on_stall
        self._quiet = 0
        self._seen: tuple[int, int, int] | None = None
        self._timer: asyncio.TimerHandle | None = None

    def begin(self) -> None:
        """Look from now on, until nothing waits."""
        if self._timer is None:
            self._quiet, self._seen = 0, None
            self._look()

    def end(self) -> None:
        """Look no more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look(self) -> None:
        self._timer = None
        transport = self._client.transport
        if transport is None:
            return
        waiting = transport.get_write_buffer_size()
        if not (waiting or self._client.is_congested):
            return
        seen = self._client.times_caught_up, waiting, _queued(transport)
        self._quiet = self._quiet + 1 if seen == self._seen else 0
        self._seen = seen
        if self._quiet == _LOOKS:
            self._on_stall()
            return
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(self._interval, self._look)
