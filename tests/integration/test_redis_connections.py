"""Connections to Redis that something between it and the gateway resets."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

import pytest
import uvloop

from config.redis_url import RedisAddress
from gateway.proxying.breaking_off import break_off
from gateway.sessions.in_redis.bounds import Bounds
from gateway.sessions.in_redis.condition import Condition, StoreAway
from gateway.sessions.in_redis.server import RedisServer as Adapter
from tests.support.both_loops import on_both_loops
from tests.support.redis_server import RedisServer, redis_server

SCRIPT = "return 1"
SEVERAL = 4  # connections
WAIT = 5.0  # seconds after which something that should come is missed


@dataclass(slots=True)
class Between:
    """Stands between: a load balancer, a firewall, a network that fails over."""

    redis: RedisServer
    port: int = 0
    ends: list[asyncio.StreamWriter] = field(default_factory=list)

    async def connected(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Pass on what comes, both ways."""
        self.ends.append(writer)
        server, to_server = await asyncio.open_unix_connection(str(self.redis.socket))
        with suppress(ConnectionError):
            async with asyncio.TaskGroup() as group:
                back = group.create_task(_copy(server, writer))
                await _copy(reader, to_server)
                back.cancel()
        to_server.transport.abort()

    async def reset(self) -> None:
        """Break all connections off, and wait until their other ends know."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(b"PING\r\n")
        await reader.readline()
        for end in self.ends:
            break_off(end.transport)
        self.ends.clear()
        with pytest.raises(ConnectionError):  # the last one that was broken off
            await reader.read()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()


@asynccontextmanager
async def reached() -> AsyncIterator[tuple[Between, Adapter, Condition]]:
    """Give a Redis, by way of what stands between."""
    async with redis_server() as redis:
        between = Between(redis)
        listener = await asyncio.start_server(between.connected, "127.0.0.1", 0)
        between.port = listener.sockets[0].getsockname()[1]
        address = RedisAddress("redis", host="127.0.0.1", port=between.port)
        condition = Condition()
        condition.answers()
        adapter = Adapter(address, "", Bounds(SEVERAL, WAIT, WAIT), condition)
        try:
            yield between, adapter, condition
        finally:
            await adapter.close()
            listener.close()
            for end in between.ends:
                end.transport.abort()


@on_both_loops
async def test_connections_that_were_reset_while_idle_are_an_outage_at_most() -> None:
    async with reached() as (between, adapter, _):
        many = (adapter.read(SCRIPT, []) for _ in range(SEVERAL))
        assert await asyncio.gather(*many) == [1] * SEVERAL
        assert len(between.ends) == SEVERAL
        await between.reset()
        replies = []
        for _ in range(SEVERAL + 1):
            with suppress(StoreAway):  # asyncio's loop cannot tell that nothing went
                replies.append(await adapter.read(SCRIPT, [], anyway=True))
        assert replies
        assert set(replies) == {1}


def test_with_uvloop_nobody_hears_of_them() -> None:
    async def main() -> None:
        async with reached() as (between, adapter, condition):
            for _ in range(3):
                assert await adapter.read(SCRIPT, []) == 1
                assert await adapter.claim("name", "1", 1) in {True, False}
                await between.reset()
            assert await adapter.read(SCRIPT, []) == 1
            assert not condition.trouble

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main())
