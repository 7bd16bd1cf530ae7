"""The search for secrets in all logs sees what it is to see (attack 36)."""

from pathlib import Path

import pytest

from gateway.demo.logto import EmulatedLogto
from gateway.operations import logs
from tests.support.gateway_process import gateway_process, public, write_configuration
from tests.support.raw_client import exchange
from tests.support.running_gateway import KEY, anyone, running_gateway
from tests.support.secrets_in_logs import secrets_in
from tests.support.whole_world import whole_world

NOWHERE = "http://127.0.0.1:9"
TOKEN = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZGEifQ."  # a path is logged, so it shows


def so_far(log_lines: Path) -> str:
    logs.flush()
    return log_lines.read_text("utf-8")


def asking(path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode()


@pytest.mark.parametrize(
    "secret",
    [
        pytest.param(TOKEN, id="a JWT"),
        pytest.param("__Host-gateway=AbC", id="the session's cookie"),
        pytest.param("gateway-8080.x=AbC", id="an attempt's cookie"),
        pytest.param("/callback?code=x", id="a code in an address"),
        pytest.param(KEY, id="a key"),
        pytest.param("demo-secret", id="the application's secret"),
        pytest.param("Zm9vYmFy" * 5 + "1-_", id="an opaque token"),
    ],
)
def test_secrets_are_found(secret: str) -> None:
    assert secrets_in(f'{{"event": "x", "value": "{secret}"}}')


@pytest.mark.parametrize(
    "harmless",
    ["0af7651916cd43dd8448eb211c80319c", "/.gateway/callback", "a" * 43, "x=1", ""],
)
def test_what_is_none_is_not(harmless: str) -> None:
    assert not secrets_in(harmless)


async def test_what_real_sign_ins_use_would_be_found(log_lines: Path) -> None:
    async with whole_world() as world:
        await world.sign_in()
        cookie = world.session_cookie()
        assert secrets_in(f"{world.name}={cookie}")
        token = world.logto.requests.of("token")[0]
        for name in ("code", "code_verifier", "client_secret"):
            assert secrets_in(token.parameters[name]), name
        bearer = world.logto.requests.of("me")[0].headers["Authorization"]
        assert secrets_in(bearer)
    assert not secrets_in(so_far(log_lines))


@pytest.mark.parametrize("number", [1, 2])
async def test_every_gateway_of_the_suite_is_heard(
    log_lines: Path, number: int
) -> None:
    """Twice, since another test may have had the log for itself in between."""
    async with (
        EmulatedLogto.start() as logto,
        running_gateway(logto, anyone(NOWHERE)) as gateway,
    ):
        await exchange(gateway.port, asking(f"/heard-{number}"))
    assert f'"/heard-{number}"' in so_far(log_lines)


@pytest.mark.parametrize(
    "workers", [pytest.param(1, id="one process"), pytest.param(2, id="two workers")]
)
@pytest.mark.parametrize("read", [False, True], ids=["unread", "read by the test"])
async def test_every_process_is_heard(
    tmp_path: Path, workers: int, *, read: bool
) -> None:
    server = f'shutdown_timeout = "1s"\nworkers = {workers}'
    file = write_configuration(tmp_path, public(NOWHERE), server=server)
    with pytest.raises(AssertionError, match="eyJ"):  # noqa: PT012 - it is its end
        async with gateway_process(file) as gateway:
            port, _ = await gateway.listening()
            await exchange(port, asking(f"/{TOKEN}"))
            if read:
                await gateway.line("request")
            assert await gateway.stopped() == 0
