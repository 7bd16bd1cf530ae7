"""One end of the pair of sockets between the supervisor and a worker."""

import asyncio
import socket
from collections.abc import Callable
from typing import Generic, TypeVar, cast

import structlog

from gateway.operations.workers.frames import Frames, FrameTooLong, frame
from gateway.operations.workers.messages import Message
from gateway.operations.workers.writing import Garbled, write

MOST_WAITING = 128 * 1024 * 1024  # bytes for an end that does not read

M = TypeVar("M")
log = structlog.get_logger("gateway.workers")


class Channel(asyncio.Protocol, Generic[M]):
    """Sends messages, and hands those that *read* understands to *heard*.

    *lost* is called once, when nothing comes any more: the other end is gone, says what
    it may not say, or does not read.
    """

    def __init__(
        self,
        read: Callable[[bytes], M],
        heard: Callable[[M], None],
        lost: Callable[[], None],
    ) -> None:
        self._read = read
        self._heard = heard
        self._lost = lost
        self._frames = Frames()
        self._transport: asyncio.Transport | None = None

    @classmethod
    async def over(
        cls,
        end: socket.socket,
        read: Callable[[bytes], M],
        heard: Callable[[M], None],
        lost: Callable[[], None],
    ) -> "Channel[M]":
        """Return a channel over *end*, which it closes."""
        channel = cls(read, heard, lost)
        loop = asyncio.get_running_loop()
        await loop.create_unix_connection(lambda: channel, sock=end)
        return channel

    @property
    def is_open(self) -> bool:
        """Whether what is sent may arrive."""
        return self._transport is not None and not self._transport.is_closing()

    def send(self, message: Message) -> None:
        """Send *message*, if there is still somebody.  Never waits."""
        transport = self._transport
        if transport is None or transport.is_closing():
            return
        transport.write(frame(write(message)))
        if transport.get_write_buffer_size() > MOST_WAITING:
            log.error("worker_channel_broken", reason="the other end does not read")
            transport.abort()

    def close(self) -> None:
        """Send what is waiting, and hear no more."""
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop has its own

    def data_received(self, data: bytes) -> None:
        """Hand over each message that is whole."""
        try:
            for payload in self._frames.feed(data):
                self._heard(self._read(payload))
        except (Garbled, FrameTooLong) as error:
            log.error("worker_channel_broken", reason=type(error).__name__)  # noqa: TRY400 - what came must not be quoted
            if self._transport is not None:
                self._transport.abort()

    def connection_lost(self, _error: Exception | None) -> None:
        """Say that it is over."""
        self._transport = None
        self._lost()
