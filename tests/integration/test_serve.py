"""`gateway serve`: what it does without Logto, without uvloop, and in the meantime."""

import socket
from pathlib import Path

import pytest

from gateway.demo.logto import EmulatedLogto
from tests.support.gateway_process import (
    gateway_process,
    public,
    write_configuration,
)
from tests.support.raw_client import RawResponse, exchange
from tests.support.raw_upstream import raw_upstream

SIGN_IN = (
    b"GET /.gateway/sign-in?rd=/ HTTP/1.1\r\nHost: 127.0.0.1\r\n"
    b"Accept: text/html\r\n\r\n"
)
GET = b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
UVLOOP_HIDDEN = """
import sys
sys.modules["uvloop"] = None
from gateway.cli import main
main(prog_name="gateway")
"""


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


async def test_it_serves_while_logto_is_away_and_recovers_by_itself(
    tmp_path: Path,
) -> None:
    logto_port = free_port()
    async with raw_upstream() as upstream:
        file = write_configuration(
            tmp_path, public(upstream.url), logto=f"http://localhost:{logto_port}"
        )
        async with gateway_process(file) as gateway:
            port, _ = await gateway.listening()
            line = await gateway.line("logto_away")
            assert (line["level"], line["endpoint"]) == (
                "warning",
                f"http://localhost:{logto_port}",
            )

            assert (await exchange(port, GET)).status == 200
            away = await exchange(port, SIGN_IN)
            assert (away.status, away.value(b"Retry-After") is not None) == (503, True)

            async with EmulatedLogto.start(port=logto_port):
                back: RawResponse = await exchange(port, SIGN_IN)
                assert back.status == 303
            assert await gateway.stopped() == 0


@pytest.mark.parametrize(
    "command", [("-m", "gateway"), ("-c", UVLOOP_HIDDEN)], ids=["with", "without"]
)
async def test_it_serves_with_and_without_uvloop(
    command: tuple[str, ...], tmp_path: Path
) -> None:
    async with raw_upstream() as upstream:
        file = write_configuration(tmp_path, public(upstream.url))
        async with gateway_process(file, command=command) as gateway:
            port, _ = await gateway.listening()
            answer = await exchange(port, GET)
            assert (answer.status, answer.body) == (200, b"ok")
            assert await gateway.stopped() == 0
            assert await gateway.errors() == ""
