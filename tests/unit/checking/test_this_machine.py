"""What a check says about the machine it runs on: files that others can read, …"""

import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from config.loader import read
from gateway.checking.this_machine import hints_here
from tests.support.configuration import written


@pytest.fixture
def folder() -> Iterator[Path]:
    """Return a folder that others can enter; those of pytest are closed to them."""
    with TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


def said(folder: Path, text: str, mode: int = 0o600, **environ: str) -> list[str]:
    file = folder / "gateway.toml"
    file.write_text(text)
    file.chmod(mode)
    loaded = read(str(file), environ)
    return list(hints_here(str(file), loaded.settings, loaded.places))


def test_nothing_is_said_about_a_file_for_its_owner_alone(folder: Path) -> None:
    assert said(folder, written()) == []
    assert said(folder, written(), 0o640) == []


def test_a_file_with_secrets_that_everybody_can_read_is_named_once(
    folder: Path,
) -> None:
    (line,) = said(folder, written(), 0o644)
    assert line.startswith("everybody on this machine can read the secrets in ")
    assert f"chmod 600 {folder}/gateway.toml" in line


def test_a_file_without_secrets_may_be_read_and_the_secret_may_not(
    folder: Path,
) -> None:
    secret, keys = folder / "secret", folder / "keys"
    secret.write_text("s3cret")
    keys.write_text("A" * 43)
    logto = {"app_secret": None, "app_secret_file": f'"{secret}"'}
    text = written(logto=logto, session={"keys": None, "keys_file": f'"{keys}"'})
    for file in (secret, keys):
        file.chmod(0o600)
    assert said(folder, text, 0o644) == []
    secret.chmod(0o644)
    (line,) = said(folder, text, 0o644)
    assert f"chmod 600 {secret}," in line


def test_a_folder_that_others_cannot_enter_is_enough(folder: Path) -> None:
    closed = folder / "secrets"
    closed.mkdir(0o700)
    assert said(closed, written(), 0o644) == []


def test_secrets_of_the_environment_are_in_no_file(folder: Path) -> None:
    text = written(logto={"app_secret": None}, session={"keys": None})
    given = {"GATEWAY_LOGTO_APP_SECRET": "s", "GATEWAY_SESSION_KEYS": "A" * 43}
    assert said(folder, text, 0o644, **given) == []


def test_a_state_directory_that_is_not_there_is_named(folder: Path) -> None:
    text = written(server={"state_directory": f'"{folder}/none"'})
    (line,) = said(folder, text)
    assert line.startswith(f"there is no folder {folder}/none here: ")
    (folder / "none").mkdir()
    assert said(folder, text) == []


def test_a_package_that_redis_needs_is_named_where_it_is_absent(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = {"store": '"redis"', "redis_url": '"redis://127.0.0.1"'}
    assert said(folder, written(session=session)) == []
    monkeypatch.setattr(sys, "path", [])
    monkeypatch.delitem(sys.modules, "redis", raising=False)
    (line,) = said(folder, written(session=session))
    assert "pip install 'logto-gateway[redis]'" in line
