"""Takes the body of a request off its connection, with back-pressure."""

import asyncio

from aiohttp import StreamReader
from aiohttp.base_protocol import BaseProtocol

from gateway.fields import Field
from gateway.proxying.chunked import ChunkedDecoder
from gateway.proxying.field_lines import FieldsInvalid
from gateway.proxying.request_head import RequestRefused

_BUFFERED = 64 * 1024  # reading pauses at twice that


class RequestBody:
    """The body that a request head announced.

    ``stream`` is where it is read from; it pauses its connection by itself.
    """

    __slots__ = ("_broken", "_chunks", "_left", "complete", "received", "stream")

    def __init__(
        self,
        protocol: BaseProtocol,
        loop: asyncio.AbstractEventLoop,
        length: int | None,
    ) -> None:
        self.stream = StreamReader(protocol, _BUFFERED, loop=loop)
        self.complete = False
        self._broken = False
        self.received = 0  # bytes of payload
        self._chunks = ChunkedDecoder(extensions=False) if length is None else None
        self._left = length or 0

    @property
    def trailers(self) -> list[Field]:
        """The trailer fields, once the body is complete."""
        return self._chunks.trailers if self._chunks is not None else []

    def feed(self, data: bytes) -> bytes:
        """Take *data* in, and return what stands behind the body's end.

        A body that breaks its framing gives whoever reads it a RequestRefused.
        """
        rest = b""
        if self._broken:
            return b""
        if self._chunks is None:
            if len(data) > self._left:
                data, rest = data[: self._left], data[self._left :]
            self._left -= len(data)
            self.complete = not self._left
        else:
            try:
                data = self._chunks.feed(data)
            except FieldsInvalid as error:
                self.refuse(RequestRefused(400, str(error)))
                return b""
            self.complete, rest = self._chunks.complete, self._chunks.rest
        self.received += len(data)
        if data:
            self.stream.feed_data(data)
        if self.complete:
            self.stream.feed_eof()
        return rest

    def refuse(self, refused: RequestRefused) -> None:
        """Take no more, and give *refused* to whoever reads."""
        self._broken = True
        self.stream.set_exception(refused)
