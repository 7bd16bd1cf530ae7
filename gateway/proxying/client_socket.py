"""The socket of a client's connection: flow control, breaking off, tunnels.

One of three modules that touch aiohttp's private attributes; see
:mod:`gateway.proxying.client`.
"""

from aiohttp.web_protocol import RequestHandler

from gateway.proxying.breaking_off import break_off
from gateway.proxying.client_request import Receiver


class ClientSocket(RequestHandler):
    """What an exchange may do with a client's connection, and what the socket tells."""

    __slots__ = ("_tunnel", "has_sent")

    _tunnel: Receiver | None
    has_sent: bool  # something of the answer to the current request

    # What an exchange may do.

    @property
    def is_closing(self) -> bool:
        """Whether no further request will be served."""
        return self._close or self._force_close

    @property
    def is_congested(self) -> bool:
        """Whether the client takes less than it is sent."""
        return self._paused

    def send(self, data: bytes) -> None:
        """Send *data*.  Raises ConnectionResetError when the client is gone."""
        if self.transport is None:
            raise ConnectionResetError("the client is gone")
        self.has_sent = True
        self.transport.write(data)

    async def drain(self) -> None:
        """Wait until the client takes more.  Raises ConnectionError when it is gone."""
        if self._paused:
            await self._drain_helper()

    def abort(self) -> None:
        """Break the connection off so that the client cannot take it for an end."""
        if self.transport is not None:
            self._force_close = True
            break_off(self.transport)

    def become_tunnel(self, receiver: Receiver) -> bytes:
        """Hand everything from now on to *receiver*; return what has come already."""
        self._tunnel = receiver
        self.resume_reading()
        return self.take_rest()

    # What the socket tells.

    def data_received(self, data: bytes) -> None:
        """Pass *data* to whoever it is for."""
        if self._force_close:
            return
        if self._tunnel is not None:
            self._tunnel.data_received(data)
        else:
            self.take(data)

    def take(self, data: bytes) -> None:
        """Take *data* that belongs to a request; for the subclass to say."""
        raise NotImplementedError

    def take_rest(self) -> bytes:
        """Return what waits behind the current request; for the subclass to say."""
        raise NotImplementedError

    def eof_received(self) -> bool | None:  # type: ignore[override]
        """Close, unless a tunnel goes on in the other direction."""
        return self._tunnel.eof_received() if self._tunnel is not None else None

    def connection_lost(self, exc: BaseException | None) -> None:
        """Stop whatever was under way for this client."""
        if self._tunnel is not None:
            self._tunnel.connection_lost(exc)
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        """Take note that the client is slow."""
        super().pause_writing()
        if self._tunnel is not None:
            self._tunnel.pause_writing()

    def resume_writing(self) -> None:
        """Take note that the client has caught up."""
        super().resume_writing()
        if self._tunnel is not None:
            self._tunnel.resume_writing()

    def pause_reading(self) -> None:
        """Let the client wait (back-pressure)."""
        if not self._reading_paused and self.transport is not None:
            self._reading_paused = True
            if not self.transport.is_closing():
                self.transport.pause_reading()

    def resume_reading(self, resume_parser: bool = True) -> None:  # noqa: ARG002, FBT001, FBT002
        """Let the client go on."""
        if self._reading_paused:
            self._reading_paused = False
            if self.transport is not None and not self.transport.is_closing():
                self.transport.resume_reading()
