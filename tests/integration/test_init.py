"""`gateway init`: asks, writes a file that works, and says what to register."""

import asyncio
import os
import stat
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from config.allow import Anyone
from config.loader import load
from gateway.cli import main
from gateway.demo.clients import Client
from gateway.demo.logto import EmulatedLogto
from tests.support.raw_upstream import answering, raw_upstream

OPTIONS = {
    "--public-url": "https://app.example.com",
    "--listen": "127.0.0.1:8080",
    "--trusted-proxy": "127.0.0.1",
    "--endpoint": "https://tenant.logto.app",
    "--app-id": "abc",
    "--upstream": "http://127.0.0.1:3000",
    "--x-id": "2244994945",
}
SECRET = "S3CRET-do-not-show"


def init(folder: Path, *arguments: str, said: str = "", **changes: str) -> Result:
    """Run it in *folder* with OPTIONS but for *changes*; *said* is typed."""
    options = OPTIONS | {
        f"--{name.replace('_', '-')}": value for name, value in changes.items()
    }
    given = [word for option in options.items() if option[1] for word in option]
    command = ["init", "--config", str(folder / "gateway.toml"), *given, *arguments]
    return CliRunner().invoke(main, command, input=said)


def test_it_asks_for_what_it_was_not_given(tmp_path: Path) -> None:
    path = tmp_path / "gateway.toml"
    typed = [
        *("https://app.example.com", "", "10.0.0.0/8"),  # the listener by its default
        *("https://id.example.com", "abc", SECRET, "http://127.0.0.1:9000", "7, 8"),
    ]
    done = CliRunner().invoke(
        main, ["init", "--config", str(path)], input="\n".join(typed) + "\n"
    )
    assert done.exit_code == 0, done.output
    settings = load(str(path), {})
    assert str(settings.server.public_url) == "https://app.example.com"
    assert str(settings.server.listen[0]) == "127.0.0.1:8080"
    assert settings.logto.app_secret.get_secret_value() == SECRET
    assert str(settings.routes[0].upstream) == "http://127.0.0.1:9000"
    assert 'allow = { x_ids = ["7", "8"] }' in path.read_text()
    assert "handles change owners" in done.stdout
    assert SECRET not in done.output


def test_it_says_what_to_register_and_what_next(tmp_path: Path) -> None:
    done = init(tmp_path, said=f"{SECRET}\n")
    assert done.exit_code == 0, done.output
    for line in (
        "    https://app.example.com/.gateway/callback\n",
        "    https://app.example.com/.gateway/signed-out\n",
        "    https://app.example.com/.gateway/backchannel-logout\n",
        f"  gateway check --online --config {tmp_path}/gateway.toml\n",
    ):
        assert line in done.stdout


def test_on_loopback_it_listens_where_people_look(tmp_path: Path) -> None:
    done = init(
        tmp_path, said=f"\n{SECRET}\n", public_url="http://localhost:9123", listen=""
    )
    assert done.exit_code == 0, done.output
    settings = load(str(tmp_path / "gateway.toml"), {})
    assert str(settings.server.listen[0]) == "127.0.0.1:9123"


def test_an_answer_that_will_not_do_is_asked_for_again(tmp_path: Path) -> None:
    done = init(tmp_path, said=f"...\n{SECRET}\n@ada\n7\n", x_id="")
    assert done.exit_code == 0, done.output
    assert "Error: is still the example's" in done.output
    assert "Error: expected digits, the account's stable id" in done.output


def test_nobody_is_let_in_without_a_word(tmp_path: Path) -> None:
    done = init(tmp_path, said=f"{SECRET}\n\n", x_id="")
    assert "Nobody is let in yet" in done.stdout
    assert "allow = { x_ids = [] }" in (tmp_path / "gateway.toml").read_text()


def test_letting_everybody_in_is_said(tmp_path: Path) -> None:
    done = init(tmp_path, "--anyone", said=f"{SECRET}\n", x_id="")
    assert "Every X account of the world is let in." in done.stdout
    (route,) = load(str(tmp_path / "gateway.toml"), {}).routes
    assert route.allow == Anyone()
    assert init(tmp_path, "--anyone").exit_code == 2


def test_only_the_operator_can_read_the_file(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        assert init(tmp_path, said=f"{SECRET}\n").exit_code == 0
    finally:
        os.umask(before)
    assert [file.name for file in tmp_path.iterdir()] == ["gateway.toml"]
    mode = (tmp_path / "gateway.toml").stat().st_mode
    assert stat.S_IMODE(mode) == 0o600


def test_a_file_that_is_there_is_replaced_only_by_force(tmp_path: Path) -> None:
    file = tmp_path / "gateway.toml"
    file.write_text("mine")
    file.chmod(0o644)
    done = init(tmp_path, said=f"{SECRET}\n")
    assert (done.exit_code, file.read_text()) == (2, "mine")
    assert "exists: give --force" in done.stderr
    assert init(tmp_path, "--force", said=f"{SECRET}\n").exit_code == 0
    assert file.read_text() != "mine"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("changes", "said", "code", "part"),
    [
        pytest.param({}, "", 2, "nothing is written", id="no answer"),
        pytest.param(
            {"upstream": "nonsense"}, SECRET, 2, "routes[0].upstream: ", id="an option"
        ),
        pytest.param(
            {"app_secret_file": "/none"}, "", 2, "cannot be read", id="no such secret"
        ),
        pytest.param(
            {"config": "/none/x.toml"}, SECRET, 1, "cannot write", id="folder"
        ),
    ],
)
def test_where_it_cannot_it_says_why_and_writes_nothing(
    tmp_path: Path, changes: dict[str, str], said: str, code: int, part: str
) -> None:
    done = init(tmp_path, said=said and f"{said}\n", **changes)
    assert done.exit_code == code, done.output
    assert part in done.stderr
    assert list(tmp_path.iterdir()) == []


async def test_what_it_writes_works_once_its_addresses_are_registered(
    tmp_path: Path,
) -> None:
    secret = tmp_path / "secret"
    secret.write_text("demo-secret\n")
    ok = answering(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    client = Client()
    async with (
        EmulatedLogto.start(clients=[client]) as logto,
        raw_upstream(ok) as app,
    ):
        done = init(
            tmp_path,
            public_url="http://127.0.0.1:9",
            trusted_proxy="",
            endpoint=logto.endpoint,
            app_id=logto.app_id,
            app_secret_file=str(secret),
            upstream=app.url,
        )
        assert done.exit_code == 0, done.output
        printed = done.stdout.split()
        client.redirect_uris |= {url for url in printed if url.endswith("/callback")}
        client.post_logout_redirect_uris |= {
            url for url in printed if url.endswith("/signed-out")
        }
        file = str(tmp_path / "gateway.toml")
        command = ["check", "--online", "--config", file]
        checked = await asyncio.to_thread(CliRunner().invoke, main, command)
    assert (checked.exit_code, checked.stderr) == (0, "")
