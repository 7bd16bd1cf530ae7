"""The commands, as people run them: what they print, where, and their exit codes."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from config.loader import load_text
from config.session import parse_key
from config.settings import TABLES
from tests.support.configuration import KEY, written
from tests.support.project import ROOT


def gateway(
    *arguments: str, cwd: Path = ROOT, environ: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    inherited = {"PATH": os.defpath, "PYTHONPATH": str(ROOT), "LC_ALL": "C.UTF-8"}
    return subprocess.run(
        [sys.executable, "-m", "gateway", *arguments],
        cwd=cwd,
        env={**inherited, **(environ or {})},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "gateway.toml").write_text(written())
    return tmp_path


def test_check_says_what_a_good_file_means(folder: Path) -> None:
    done = gateway("check", cwd=folder)
    assert (done.returncode, done.stderr) == (0, "")
    assert "https://app.example.com/.gateway/callback\n" in done.stdout
    assert "https://app.example.com/.gateway/signed-out\n" in done.stdout
    assert "/ -> http://127.0.0.1:3000  signed-in: anyone\n" in done.stdout


def test_check_says_how_many_workers_there_will_be(folder: Path) -> None:
    done = gateway("check", cwd=folder, environ={"GATEWAY_SERVER_WORKERS": "3"})
    assert (done.returncode, done.stderr) == (0, "")
    assert "3 workers will serve" in done.stdout


@pytest.mark.parametrize("command", ["check", "serve"])
def test_every_problem_is_a_line_on_stderr_and_the_exit_code_2(
    command: str, tmp_path: Path
) -> None:
    file = tmp_path / "my.toml"
    file.write_text(written(server={"x": "1"}, routes={"upsteam": '""', "path": '"a"'}))
    done = gateway(
        command, "--config", "my.toml", cwd=tmp_path, environ={"GATEWAY_SERVR": "1"}
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.splitlines() == [
        "my.toml:3: server.x: unknown key",
        "my.toml:16: routes[0].upsteam: unknown key (did you mean upstream?)",
        'my.toml:17: routes[0].path: expected a path that begins with "/"',
        "environment: GATEWAY_SERVR: unknown variable",
    ]


def test_the_environment_names_the_file_and_the_option_wins(folder: Path) -> None:
    (folder / "other.toml").write_text("[servr]")
    environ = {"GATEWAY_CONFIG": "other.toml"}
    assert gateway("check", cwd=folder, environ=environ).returncode == 2
    chosen = gateway("check", "--config", "gateway.toml", cwd=folder, environ=environ)
    assert chosen.returncode == 0


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    done = gateway("serve", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr == (
        "gateway.toml: the file cannot be read: No such file or directory\n"
        "`gateway init` writes one; or name your file with --config.\n"
    )


def test_bad_usage_is_the_exit_code_2() -> None:
    for arguments in (["serve", "--nonsense"], ["nonsense"], ["explain"]):
        assert gateway(*arguments).returncode == 2


def test_keygen_makes_a_new_key_each_time() -> None:
    keys = {gateway("keygen").stdout for _ in range(2)}
    assert len(keys) == 2
    for key in keys:
        assert key.endswith("\n")
        assert len(parse_key(key.rstrip("\n"))) == 32
        load_text(written(session={"keys": f'["{key.strip()}"]'}))


def test_schema_prints_the_json_schema_of_the_file() -> None:
    schema = json.loads(gateway("schema").stdout)
    assert schema["$schema"].startswith("https://json-schema.org/")
    tables = {name.partition(".")[0] for name in TABLES}
    assert set(schema["properties"]) == {*tables, "routes"}
    assert "lifetime" in str(schema["properties"]["identity"]["properties"])
    assert schema["additionalProperties"] is False
    assert schema["properties"]["routes"]["items"]["required"] == ["upstream"]
    assert "trusted_proxies" in schema["properties"]["server"]["properties"]


def test_version() -> None:
    assert re.fullmatch(r"gateway, version \S.*\n", gateway("--version").stdout)


@pytest.mark.parametrize("arguments", [[], ["--help"], ["-h"]], ids=repr)
def test_help_names_every_command(arguments: list[str]) -> None:
    done = gateway(*arguments)
    for command in ("check", "demo", "explain", "init", "keygen", "serve"):
        assert re.search(rf"^  {command} ", done.stdout + done.stderr, re.MULTILINE)


def test_check_names_a_key_that_cannot_be_opened(folder: Path) -> None:
    with (folder / "gateway.toml").open("a") as file:
        file.write('\n[identity.assertion]\nenabled = true\nkeys = ["no.pem"]\n')
    done = gateway("check", cwd=folder)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "gateway.toml:17: identity.assertion.keys[0]: "
        "cannot read the assertion keys in no.pem: no such file or directory\n"
    )


def test_explain_says_what_becomes_of_a_request(folder: Path) -> None:
    (folder / "ada.json").write_text('{"sub": "u1"}')
    done = gateway("explain", "GET", "/x", "--as", "ada.json", cwd=folder)
    assert (done.returncode, done.stderr) == (0, "")
    assert "Decision: permit: " in done.stdout
    assert "  X-Forwarded-User: u1\n" in done.stdout
    done = gateway("explain", "--json", "GET", "https://app.example.com/", cwd=folder)
    assert json.loads(done.stdout)["outcome"]["decision"] == "sign_in"


def test_explain_refuses_what_cannot_be_asked(folder: Path) -> None:
    (folder / "nobody.json").write_text("{}")
    for arguments in (("/#x",), ("/", "--as", "nobody.json"), ("/", "--as", "none")):
        done = gateway("explain", "GET", *arguments, cwd=folder)
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr


def test_a_foreign_config_in_the_working_directory_is_not_ours(folder: Path) -> None:
    (folder / "config.py").write_text("raise SystemExit('the wrong config')\n")
    done = gateway("check", cwd=folder)
    assert (done.returncode, done.stderr) == (0, "")


def test_no_secret_is_printed(tmp_path: Path) -> None:
    secret = "S3CRET-do-not-show"
    good = written(logto={"app_secret": f'"{secret}"'})
    for text in (good, good + f"\nallow = '{secret}'", good + f'\nx = "{secret}'):
        (tmp_path / "gateway.toml").write_text(text)
        done = gateway("check", cwd=tmp_path)
        assert secret not in done.stdout + done.stderr
        assert KEY not in done.stdout + done.stderr


def test_checking_imports_nothing_that_only_serving_needs() -> None:
    code = "import sys, gateway.cli; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    loaded = set(done.stdout.split())
    assert not loaded & {"aiohttp", "logto", "jinja2", "structlog", "gateway.demo"}
