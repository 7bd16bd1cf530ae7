"""Whose word a gateway takes about a client is its own configuration's matter."""

import pytest

from gateway.demo.logto import EmulatedLogto
from tests.support.raw_client import exchange
from tests.support.raw_upstream import raw_upstream
from tests.support.running_gateway import running_gateway

TRUSTING = 'trusted_proxies = ["127.0.0.1/32"]'
PUBLIC = "http://localhost:8099"
REQUEST = (
    b"GET / HTTP/1.1\r\nHost: localhost:8099\r\nX-Forwarded-For: 203.0.113.7\r\n\r\n"
)


@pytest.mark.parametrize(
    "servers",
    [
        pytest.param(("", TRUSTING), id="a trusting one follows"),
        pytest.param((TRUSTING, ""), id="a trusting one went before"),
    ],
)
async def test_07_what_another_gateway_believed_of_the_same_bytes_is_nothing(
    servers: tuple[str, str],
) -> None:
    """As when a new configuration replaces one within the same process."""
    async with EmulatedLogto.start() as logto, raw_upstream() as upstream:
        route = f'[[routes]]\nupstream = "{upstream.url}"\naccess = "public"\n'
        for server in servers:
            async with running_gateway(
                logto, route, server=server, public_url=PUBLIC
            ) as gateway:
                await exchange(gateway.port, REQUEST)
        seen = [request.value(b"X-Forwarded-For") for request in upstream.requests]
    believed = {"": b"127.0.0.1", TRUSTING: b"203.0.113.7, 127.0.0.1"}
    assert seen == [believed[server] for server in servers]
