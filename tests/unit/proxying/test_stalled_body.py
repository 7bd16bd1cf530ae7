"""A body that does not come on is given up; one that we hold back is not."""

import asyncio
from dataclasses import dataclass

import pytest
from aiohttp.base_protocol import BaseProtocol

from gateway.proxying.request_body import RequestBody
from gateway.proxying.request_head import RequestRefused
from gateway.proxying.stalled_body import watch_body

SOON = 0.04  # seconds that a body may stall


@dataclass
class Source:
    """A connection that is open until it has none."""

    transport: asyncio.Transport | None
    is_held_back: bool = False


class Opened(asyncio.Transport):
    def is_closing(self) -> bool:
        return False


def watched(source: Source) -> tuple[RequestBody, asyncio.Event]:
    loop = asyncio.get_running_loop()
    body, stalled = RequestBody(BaseProtocol(loop), loop, 1000), asyncio.Event()
    watch_body(body, source, SOON, stalled.set)
    return body, stalled


async def test_a_body_that_stalls_is_refused_once_what_came_is_read() -> None:
    body, stalled = watched(Source(Opened()))
    body.feed(b"some")
    await asyncio.wait_for(stalled.wait(), 5)
    with pytest.raises(RequestRefused, match="stalled"):
        await body.stream.readexactly(1000)
    assert body.feed(b"late") == b""


async def test_a_body_that_comes_on_is_not() -> None:
    body, stalled = watched(Source(Opened()))
    loop = asyncio.get_running_loop()
    end = loop.time() + SOON * 4
    while loop.time() < end:
        body.feed(b"x")
        assert not stalled.is_set()
        await asyncio.sleep(SOON / 10)
    body.feed(b"x" * 1000)
    assert body.complete


async def test_a_body_that_we_do_not_read_does_not_stall() -> None:
    source = Source(Opened(), is_held_back=True)
    _, stalled = watched(source)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(stalled.wait(), SOON * 4)
    source.is_held_back = False
    await asyncio.wait_for(stalled.wait(), 5)


async def test_nothing_is_watched_once_the_client_is_gone() -> None:
    source = Source(Opened())
    _, stalled = watched(source)
    source.transport = None
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(stalled.wait(), SOON * 4)
