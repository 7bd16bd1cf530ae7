"""The admin listener: health, readiness, metrics; and nowhere else (attack 37)."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.operations.order import PATH
from tests.support.gateway_process import (
    GatewayProcess,
    gateway_process,
    public,
    write_configuration,
)
from tests.support.raw_client import RawClient, RawResponse, exchange
from tests.support.raw_upstream import raw_upstream

NOWHERE = "http://127.0.0.1:9"


def get(path: str, method: str = "GET") -> bytes:
    return f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode()


@pytest.fixture
async def gateway(tmp_path: Path) -> AsyncIterator[GatewayProcess]:
    nothing = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
    async with raw_upstream(nothing) as upstream:
        file = write_configuration(tmp_path, public(upstream.url))
        async with gateway_process(file) as running:
            yield running


async def test_the_operator_s_machines_can_ask(gateway: GatewayProcess) -> None:
    _, admin = await gateway.listening()
    health = await exchange(admin, get("/healthz"))
    ready = await exchange(admin, get("/readyz"))
    metrics = await exchange(admin, get("/metrics"))

    assert (health.status, health.body) == (200, b"ok\n")
    assert (ready.status, ready.body) == (200, b"ready\n")
    assert metrics.status == 200
    assert (metrics.value(b"Content-Type") or b"").startswith(b"text/plain; version=")
    for answer in (health, ready, metrics):
        assert answer.value(b"Server") is None
        assert answer.value(b"Cache-Control") == b"no-store"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("HEAD", "/healthz", 200),
        ("POST", "/healthz", 405),
        ("GET", "/healthz/", 404),
        ("GET", "/", 404),
        ("GET", "/.gateway/userinfo", 404),
    ],
)
async def test_there_is_nothing_else(
    method: str, path: str, status: int, gateway: GatewayProcess
) -> None:
    _, admin = await gateway.listening()
    assert (await exchange(admin, get(path, method))).status == status


@pytest.mark.parametrize("path", ["/metrics", "/readyz", "/.gateway/metrics"])
async def test_the_public_listener_has_no_metrics(
    path: str, gateway: GatewayProcess
) -> None:
    port, _ = await gateway.listening()
    answer = await exchange(port, get(path))
    assert answer.status == 404
    assert b"gateway_" not in answer.body


async def test_a_broken_request_there_is_harmless(gateway: GatewayProcess) -> None:
    _, admin = await gateway.listening()
    assert (await exchange(admin, b"no request\r\n\r\n")).status == 400
    assert (await exchange(admin, get("/healthz"))).status == 200
    assert await gateway.stopped() == 0
    assert {line["event"] for line in gateway.lines} <= {
        "listening",
        "logto_away",
        "stopping",
        "stopped",
    }


async def test_no_web_page_asks_by_a_name_of_its_own(tmp_path: Path) -> None:
    listed = '127.0.0.1:0"\nhosts = ["gateway.monitoring.svc"]  # "'
    file = write_configuration(tmp_path, public(NOWHERE), admin=listed)
    async with gateway_process(file) as gateway:
        _, admin = await gateway.listening()
        for asked in (get("/metrics"), get("/healthz"), get(PATH, "POST")):
            request = asked.replace(b"127.0.0.1", b"evil.example:9901")
            answer = await exchange(admin, request)
            assert answer.status == 421
            assert b"admin.hosts" in answer.body
        for name in (b"gateway:9901", b"gateway.monitoring.svc", b"localhost"):
            request = get("/metrics").replace(b"127.0.0.1", name)
            assert (await exchange(admin, request)).status == 200
        assert await gateway.stopped() == 0


async def test_it_can_be_a_unix_socket(tmp_path: Path) -> None:
    path = tmp_path / "admin.sock"
    file = write_configuration(tmp_path, public(NOWHERE), admin=f"unix:{path}")
    async with gateway_process(file) as gateway:
        line = await gateway.line("listening")
        assert line["admin"] == [f"unix:{path}"]
        reader, writer = await asyncio.open_unix_connection(path)
        client = RawClient(reader, writer)
        client.send(get("/readyz"))
        answer: RawResponse = await client.read_response()
        assert (answer.status, answer.body) == (200, b"ready\n")
        client.abort()
        assert await gateway.stopped() == 0


async def test_it_can_be_off(tmp_path: Path) -> None:
    file = write_configuration(tmp_path, public(NOWHERE), admin="")
    async with gateway_process(file) as gateway:
        line = await gateway.line("listening")
        assert line["admin"] == []
        port = int(line["addresses"][0].rpartition(":")[2])
        assert (await exchange(port, get("/.gateway/healthz"))).status == 200
        assert await gateway.stopped() == 0
