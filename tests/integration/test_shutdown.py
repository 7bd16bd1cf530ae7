"""SIGTERM and SIGINT: what ends at once, what may finish, and what is cut."""

import asyncio
import os
import re
import signal
import socket
from contextlib import suppress
from pathlib import Path

import pytest

from tests.support.gateway_process import (
    GatewayProcess,
    gateway_process,
    public,
    write_configuration,
)
from tests.support.programs import program
from tests.support.raw_client import RawClient, connected
from tests.support.raw_upstream import Conversation, raw_upstream

HEAD = b"GET %b HTTP/1.1\r\nHost: 127.0.0.1\r\n%b\r\n"
WEBSOCKET = (
    b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
)
SHORT = 'shutdown_timeout = "1s"'


def get(target: bytes = b"/", fields: bytes = b"") -> bytes:
    return HEAD % (target, fields)


class Slow:
    """An upstream whose answers end only when the test says so."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self.go_on = asyncio.Event()

    async def __call__(self, conversation: Conversation) -> None:
        request = await conversation.read_request()
        if b"/events" in request.line:
            await conversation.write(
                b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\n"
            )
        elif b"/socket" in request.line:
            await conversation.write(
                b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n"
                b"Upgrade: websocket\r\n\r\nhello"
            )
        self.asked.set()
        await self.go_on.wait()
        await conversation.write(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nlate")


async def refuses_connections(port: int) -> None:
    """Return once nobody listens on *port* any more."""
    async with asyncio.timeout(10):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except ConnectionError:
                return
            writer.transport.abort()
            await asyncio.sleep(0)


async def status(port: int, path: str) -> tuple[int, bytes]:
    async with connected(port) as client:
        client.send(b"GET %b HTTP/1.1\r\nHost: admin\r\n\r\n" % path.encode())
        answer = await client.read_response()
        return answer.status, answer.body


def served(gateway: GatewayProcess) -> list[tuple[object, ...]]:
    return [
        (line["path"], line.get("status"), line["bytes_sent"], line.get("ended"))
        for line in gateway.lines
        if line["event"] == "request"
    ]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=str)
async def test_a_request_under_way_finishes_and_nothing_new_begins(
    number: signal.Signals, tmp_path: Path
) -> None:
    slow = Slow()
    async with raw_upstream(slow) as upstream:
        file = write_configuration(tmp_path, public(upstream.url))
        async with gateway_process(file) as gateway:
            port, admin = await gateway.listening()
            async with connected(port) as idle, connected(port) as client:
                idle.send(get(b"/.gateway/healthz"))
                assert (await idle.read_response()).status == 200
                client.send(get(b"/slow"))
                await slow.asked.wait()

                gateway.send(number)

                assert await idle.read_to_end() == b""
                await refuses_connections(port)
                assert await status(admin, "/healthz") == (200, b"ok\n")
                assert await status(admin, "/readyz") == (
                    503,
                    b"not ready: stopping\n",
                )
                slow.go_on.set()
                answer = await client.read_response()
                assert (answer.status, answer.body) == (200, b"late")
                assert await client.read_to_end() == b""
            assert await gateway.ended() == 0
            assert await gateway.errors() == ""
            assert gateway.lines[-1]["event"] == "stopped"
            assert ("/slow", 200, 4, None) in served(gateway)


async def test_an_answer_that_the_client_takes_slowly_arrives_whole(
    tmp_path: Path,
) -> None:
    """Its end still waits in the gateway when the request is over."""
    body = bytes(240_000)  # a little more than a Unix socket holds
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body
    path = tmp_path / "gateway.sock"
    loop = asyncio.get_running_loop()
    async with raw_upstream(answer) as upstream:
        file = write_configuration(
            tmp_path, public(upstream.url), listen=f'"unix:{path}"'
        )
        async with gateway_process(file) as gateway:
            await gateway.listening()
            with socket.socket(socket.AF_UNIX) as client:
                client.setblocking(False)  # noqa: FBT003
                await loop.sock_connect(client, str(path))
                await loop.sock_sendall(client, get())
                await gateway.line("request")
                gateway.send(signal.SIGTERM)
                await gateway.line("stopping")
                with suppress(TimeoutError):  # a moment, in which it must not end
                    async with asyncio.timeout(0.5):
                        await gateway.process.wait()
                received = 0
                while data := await loop.sock_recv(client, 65536):
                    received += len(data)
            assert received > len(body)
            assert await gateway.ended() == 0


@pytest.mark.parametrize(
    ("target", "fields", "sent"),
    [
        pytest.param(b"/events", b"", 9, id="server-sent events"),
        pytest.param(b"/socket", WEBSOCKET, 5, id="a WebSocket"),
    ],
)
async def test_streams_are_cut_at_the_deadline(
    target: bytes, fields: bytes, sent: int, tmp_path: Path
) -> None:
    slow = Slow()
    async with raw_upstream(slow) as upstream:
        file = write_configuration(tmp_path, public(upstream.url), server=SHORT)
        async with gateway_process(file) as gateway:
            port, _ = await gateway.listening()
            async with connected(port) as client:
                client.send(get(target, fields))
                head = await client.read_head()
                await slow.asked.wait()

                gateway.send(signal.SIGTERM)

                await ends(client)
                await upstream.conversations[0].gone()
            assert await gateway.ended() == 0
            assert await gateway.errors() == ""
        assert served(gateway) == [(target.decode(), head.status, sent, "shutdown")]


async def ends(client: RawClient) -> None:
    """Wait for the end of what the client is sent, however it ends."""
    try:
        while await client.read_some():
            pass
    except ConnectionError:
        pass


async def test_a_second_signal_stops_at_once(tmp_path: Path) -> None:
    slow = Slow()
    file_of_socket = tmp_path / "gateway.sock"
    async with raw_upstream(slow) as upstream:
        file = write_configuration(
            tmp_path,
            public(upstream.url),
            listen=f'["127.0.0.1:0", "unix:{file_of_socket}"]',
            server='shutdown_timeout = "10m"',
        )
        async with gateway_process(file) as gateway:
            port, _ = await gateway.listening()
            async with connected(port) as client:
                client.send(get(b"/slow"))
                await slow.asked.wait()
                gateway.send(signal.SIGTERM)
                await gateway.line("stopping", signal="SIGTERM")

                gateway.send(signal.SIGINT)

                assert await gateway.ended() == 1
            assert await gateway.errors() == ""
            assert gateway.lines[-1]["event"] == "stopping_at_once"
            assert not file_of_socket.exists()


@pytest.mark.parametrize("workers", [1, 2])
async def test_sighup_is_said_and_cuts_nothing(tmp_path: Path, workers: int) -> None:
    slow = Slow()
    async with raw_upstream(slow) as upstream:
        file = write_configuration(
            tmp_path, public(upstream.url), server=f"workers = {workers}"
        )
        async with gateway_process(file) as gateway:
            port, _ = await gateway.listening()
            async with connected(port) as client:
                client.send(get(b"/slow"))
                await slow.asked.wait()
                gateway.send(signal.SIGHUP)
                await gateway.line("not_reloaded")
                slow.go_on.set()
                assert (await client.read_final()).status == 200
            assert await gateway.stopped() == 0


async def test_a_logto_that_does_not_answer_does_not_hold_up_the_stop(
    tmp_path: Path,
) -> None:
    slow = Slow()
    async with raw_upstream(slow) as logto:
        file = write_configuration(
            tmp_path,
            public("http://127.0.0.1:9"),
            logto=logto.url,
            logto_keys='timeout = "10m"',
        )
        async with gateway_process(file) as gateway:
            await gateway.listening()
            await slow.asked.wait()

            assert await gateway.stopped() == 0
            assert await gateway.errors() == ""


async def test_process_one_of_a_container_stops_on_sigterm(tmp_path: Path) -> None:
    unshare = program("unshare")
    if os.geteuid() != 0:
        pytest.skip("a PID namespace needs root")
    file = write_configuration(tmp_path, public("http://127.0.0.1:9"))
    before = (unshare, "--pid", "--fork", "--kill-child", "--mount-proc")
    async with gateway_process(file, before=before) as gateway:
        await gateway.listening()
        first = process_one(gateway.process.pid)

        os.kill(first, signal.SIGTERM)

        assert await gateway.ended() == 0
        assert gateway.lines[-1]["event"] == "stopped"


def process_one(parent: int) -> int:
    """Return the id, out here, of the only child of *parent*, which is 1 in there."""
    children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    (child,) = map(int, children)
    status = Path(f"/proc/{child}/status").read_text()
    assert re.search(r"^NSpid:\t\d+\t1$", status, re.MULTILINE)
    return child
