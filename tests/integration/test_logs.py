"""The log: what a line says, what it never says, and what it cannot break."""

import asyncio
import json
import os
import pty
import re
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from gateway.demo.logto import EmulatedLogto
from gateway.operations import logs
from tests.support.gateway_process import (
    GatewayProcess,
    gateway_process,
    public,
    write_configuration,
)
from tests.support.raw_client import RawClient, connected, exchange
from tests.support.raw_upstream import Conversation, RawUpstream, raw_upstream
from tests.support.running_gateway import anyone, running_gateway
from tests.support.virtual_browser import VirtualBrowser

NOWHERE = "http://127.0.0.1:9"
GET = b"GET %b HTTP/1.1\r\nHost: 127.0.0.1\r\n%b\r\n"
WEBSOCKET = (
    b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
)
COLOURS = re.compile(r"\x1b\[[0-9;]*m")


@pytest.fixture
async def upstream() -> AsyncIterator[RawUpstream]:
    async with raw_upstream() as running:
        yield running


@pytest.fixture
async def gateway(
    upstream: RawUpstream, tmp_path: Path
) -> AsyncIterator[GatewayProcess]:
    file = write_configuration(tmp_path, public(upstream.url))
    async with gateway_process(file) as running:
        yield running


def written(log_lines: Path, path: str) -> list[dict[str, Any]]:
    """Return the log lines of this process about requests for *path*."""
    logs.flush()
    lines = map(json.loads, log_lines.read_text("utf-8").splitlines())
    return [line for line in lines if line.get("path") == path]


async def test_a_line_says_who_was_let_in_and_what_it_took(
    upstream: RawUpstream, log_lines: Path
) -> None:
    async with (
        EmulatedLogto.start() as logto,
        running_gateway(logto, anyone(upstream.url)) as gateway,
        VirtualBrowser() as browser,
    ):
        page = await browser.sign_in(f"{gateway.url}/said?password=hunter2")

        refused, permitted = written(log_lines, "/said")
        assert (page.status, refused["decision"], refused["status"]) == (
            200,
            "sign_in",
            302,
        )
        seconds = permitted.pop("seconds"), permitted.pop("upstream_seconds")
        assert seconds[0] >= seconds[1] > 0
        assert re.fullmatch("[0-9a-f]{24}", permitted.pop("request_id"))
        assert permitted.pop("timestamp").endswith("Z")
        assert permitted == {
            "level": "info",
            "event": "request",
            "client": "127.0.0.1",
            "method": "GET",
            "host": "127.0.0.1",
            "path": "/said",
            "route": "/",
            "decision": "permit",
            "subject": "87xtcn7tlv7b",
            "status": 200,
            "bytes_sent": 2,
            "bytes_received": 0,
        }
        assert "hunter2" not in json.dumps(permitted)


async def test_neither_query_nor_cookie_nor_credentials_are_written(
    gateway: GatewayProcess,
) -> None:
    port, _ = await gateway.listening()
    secrets = (
        b"Cookie: a=crumbs\r\nAuthorization: Bearer bearing\r\nReferer: /?r=ref\r\n"
    )
    targets = (b"/?q=asked", b"/.gateway/callback?code=coded&state=stated", b"/#f=hash")
    for target in targets:
        await exchange(port, GET % (target, secrets))
    assert await gateway.stopped() == 0

    told = json.dumps(gateway.lines)
    assert told.count('"event": "request"') == len(targets)
    for secret in ("crumbs", "bearing", "ref", "asked", "coded", "stated", "hash"):
        assert not re.search(rf"\b{secret}\b", told)


async def test_the_size_of_a_page_of_our_own_is_told(gateway: GatewayProcess) -> None:
    port, _ = await gateway.listening()
    page = await exchange(port, GET % (b"/.gateway/nowhere", b""))
    line = await gateway.line("request")
    assert (line["status"], line["bytes_sent"]) == (404, len(page.body))

    await exchange(port, (GET % (b"/.gateway/nowhere", b"")).replace(b"GET", b"HEAD"))
    line = await gateway.line("request")
    assert (line["status"], line["bytes_sent"]) == (404, 0)


async def streaming(conversation: Conversation) -> None:
    request = await conversation.read_request()
    if request.value(b"Upgrade") is not None:
        await conversation.write(
            b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n"
            b"Upgrade: websocket\r\n\r\nhello"
        )
    else:
        await conversation.write(b"HTTP/1.1 200 OK\r\n\r\nhello")
    await conversation.gone()


@pytest.mark.parametrize(
    ("fields", "status", "ended"),
    [
        pytest.param(b"", 200, "client_gone", id="an event stream"),
        pytest.param(WEBSOCKET, 101, None, id="a WebSocket"),
    ],
)
async def test_the_line_of_a_stream_that_the_client_left_is_true(
    fields: bytes, status: int, ended: str | None, tmp_path: Path
) -> None:
    async with raw_upstream(streaming) as upstream:
        file = write_configuration(tmp_path, public(upstream.url))
        async with gateway_process(file) as gateway:
            port, _ = await gateway.listening()
            async with connected(port) as client:
                client.send(GET % (b"/stream", fields))
                await client.read_until(b"hello")

            line = await gateway.line("request")

            told = line["status"], line["bytes_sent"], line.get("ended")
            assert told == (status, 5, ended)
            assert line["decision"] == "permit"


async def test_an_upstream_that_breaks_off_is_named(tmp_path: Path) -> None:
    cut = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello"
    async with raw_upstream(cut_after(cut)) as upstream:
        file = write_configuration(tmp_path, public(upstream.url))
        async with gateway_process(file) as gateway:
            port, _ = await gateway.listening()
            async with connected(port) as client:
                client.send(GET % (b"/", b""))
                with pytest.raises(ConnectionError):
                    await client.read_to_end()
            line = await gateway.line("request")
            assert (line["status"], line["bytes_sent"], line["failure"]) == (
                200,
                5,
                "cut",
            )


def cut_after(data: bytes) -> Any:  # noqa: ANN401 - a Script
    async def script(conversation: Conversation) -> None:
        await conversation.read_request()
        await conversation.write(data)

    return script


@pytest.mark.parametrize(
    "request_bytes",
    [
        pytest.param(b"GET /\x1b[2J HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", id="path"),
        pytest.param(b"GET / HTTP/1.1\r\nHost: a\x1b[2Jb\r\n\r\n", id="host"),
        pytest.param(b"G\x1b[2JT / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", id="method"),
        pytest.param(b"GET /\xc2\x9b2J HTTP/1.1\r\nHost: a\r\n\r\n", id="C1 control"),
        pytest.param(
            b'GET /"}\r\n{"event":"forged"} HTTP/1.1\r\nHost: a\r\n\r\n', id="a line"
        ),
    ],
)
async def test_a_client_can_neither_forge_lines_nor_drive_the_terminal(
    request_bytes: bytes, gateway: GatewayProcess
) -> None:
    port, _ = await gateway.listening()
    await exchange(port, request_bytes)
    gateway.send(signal.SIGTERM)
    raw = await gateway.stdout.read()

    lines = [json.loads(line) for line in raw.splitlines()]
    assert [line["event"] for line in lines[-3:-1]] != []
    assert "forged" not in {line["event"] for line in lines}
    assert set(raw) <= {0x0A, *range(0x20, 0x7F)}


async def shown_on(terminal: int) -> str:
    """Return all that is written to *terminal* until its other end is closed."""
    loop, done = asyncio.get_running_loop(), asyncio.Event()
    shown = bytearray()

    def read() -> None:
        try:
            shown.extend(os.read(terminal, 65536))
        except OSError:
            loop.remove_reader(terminal)
            done.set()

    loop.add_reader(terminal, read)
    await done.wait()
    return COLOURS.sub("", shown.decode())


async def test_on_a_terminal_lines_are_readable_and_harmless(tmp_path: Path) -> None:
    path = tmp_path / "gateway.sock"
    file = write_configuration(tmp_path, public(NOWHERE), listen=f'"unix:{path}"')
    terminal, stdout = pty.openpty()
    async with asyncio.TaskGroup() as group:
        shown = group.create_task(shown_on(terminal))
        async with gateway_process(file, stdout=stdout) as gateway:
            os.close(stdout)
            client = await unix_client(path)
            client.send(GET % (b"/it's%1B[2J", b""))
            assert (await client.read_response()).status == 502
            client.abort()
            assert await gateway.stopped() == 0
    os.close(terminal)

    text = shown.result()
    (line,) = [line for line in text.split("\r\n") if " request " in line]
    assert 'path="/it\'s%1B[2J"' in line
    assert "status=502" in line
    assert "decision=permit" in line
    assert not re.search(r"[^\x20-\x7e\r\n]", text)


async def unix_client(path: Path) -> RawClient:
    """Connect to *path* once somebody listens there."""
    async with asyncio.timeout(20):
        while True:
            try:
                return RawClient(*await asyncio.open_unix_connection(path))
            except OSError:
                await asyncio.sleep(0.01)


@pytest.mark.parametrize("reader", ["gone", "stalled"])
async def test_whoever_reads_the_log_cannot_stop_the_gateway(
    reader: str, tmp_path: Path
) -> None:
    path, admin = tmp_path / "gateway.sock", tmp_path / "admin.sock"
    file = write_configuration(
        tmp_path, public(NOWHERE), listen=f'"unix:{path}"', admin=f"unix:{admin}"
    )
    ours, stdout = os.pipe()
    async with gateway_process(file, stdout=stdout) as gateway:
        os.close(stdout)
        if reader == "gone":
            os.close(ours)
        client = await unix_client(path)
        target = b"/" + b"x" * 400
        for _ in range(300):  # more lines than a pipe holds
            client.send(GET % (target, b""))
            assert (await client.read_response()).status == 502
        client.abort()

        assert await gateway.stopped() == 0
        assert await gateway.errors() == ""
    if reader == "stalled":
        os.close(ours)


async def test_a_closed_standard_output_is_no_reason_not_to_serve(
    tmp_path: Path,
) -> None:
    path = tmp_path / "gateway.sock"
    file = write_configuration(tmp_path, public(NOWHERE), listen=f'"unix:{path}"')
    before = ("/bin/sh", "-c", 'exec "$@" >&-', "sh")
    async with gateway_process(file, before=before) as gateway:
        client = await unix_client(path)
        client.send(GET % (b"/", b""))
        assert (await client.read_response()).status == 502
        client.abort()
        assert await gateway.stopped() == 0
        assert await gateway.errors() == ""


async def test_no_line_is_lost_at_the_stop(gateway: GatewayProcess) -> None:
    port, _ = await gateway.listening()
    async with connected(port) as client:
        for _ in range(100):
            client.send(GET % (b"/counted", b""))
            await client.read_response()
    assert await gateway.stopped() == 0
    counted = [line for line in gateway.lines if line.get("path") == "/counted"]
    assert len(counted) == 100


@pytest.mark.parametrize(("level", "told"), [("info", True), ("warning", False)])
async def test_the_level_is_that_of_the_file(
    level: str,
    told: bool,  # noqa: FBT001
    upstream: RawUpstream,
    tmp_path: Path,
) -> None:
    path = tmp_path / "gateway.sock"
    file = write_configuration(
        tmp_path,
        public(upstream.url),
        listen=f'"unix:{path}"',
        server=f'log_level = "{level}"',
    )
    async with gateway_process(file) as gateway:
        client = await unix_client(path)
        client.send(GET % (b"/", b""))
        await client.read_response()
        client.abort()
        await gateway.line("logto_away")
        assert await gateway.stopped() == 0
        assert ("request" in {line["event"] for line in gateway.lines}) is told


async def test_what_is_no_request_is_told_at_a_bounded_rate(
    gateway: GatewayProcess,
) -> None:
    port, admin = await gateway.listening()
    for _ in range(60):
        assert (await exchange(port, b"no request\r\n\r\n")).status == 400
    metrics = await exchange(admin, b"GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n")
    assert await gateway.stopped() == 0

    lines = [line for line in gateway.lines if line["event"] == "refused"]
    assert b'gateway_refused_total{status="400"} 60.0\n' in metrics.body
    assert 20 <= len(lines) < 60
    assert lines[0]["status"] == 400
    assert lines[0]["client"] == "127.0.0.1"
    assert lines[0]["reason"]
