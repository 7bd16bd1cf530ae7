"""The PEM files that a configuration names: each is opened, with its line if not."""

from pathlib import Path

import pytest

from config.loader import read
from gateway.checking.pem_files import pem_problems
from gateway.operations.assertion_key_file import NAME, load_keys
from tests.support.certificates import self_signed
from tests.support.configuration import written
from tests.support.pem import p256, p384


def said(folder: Path, text: str) -> list[str]:
    file = folder / "gateway.toml"
    file.write_text(text)
    loaded = read(str(file), {})
    problems = loaded.places.problems(pem_problems(loaded.settings))
    return [str(problem).removeprefix(f"{folder}/") for problem in problems]


def test_nothing_is_said_about_files_that_are_in_order(tmp_path: Path) -> None:
    (tmp_path / "own.pem").write_bytes(p256())
    certificate = self_signed(tmp_path, "app.example.com")
    server = {
        "tls_certificate": f'"{certificate.certificate}"',
        "tls_key": f'"{certificate.key}"',
        "state_directory": f'"{tmp_path}"',
    }
    text = written(server=server, logto={"ca_file": f'"{certificate.certificate}"'})
    assertion = "\n[identity.assertion]\nenabled = true\n"
    assert said(tmp_path, f'{text}{assertion}keys = ["{tmp_path}/own.pem"]\n') == []
    assert said(tmp_path, text + assertion) == []
    assert not (tmp_path / NAME).exists()  # a check makes none
    load_keys([], str(tmp_path))
    assert said(tmp_path, text + assertion) == []


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        pytest.param(None, "no such file or directory", id="absent"),
        pytest.param(b"", "holds no private key in PEM", id="empty"),
        pytest.param(p384(), "holds a key that is not for P-256", id="another curve"),
        pytest.param(p256(b"x"), "holds a key with a pass phrase", id="locked"),
    ],
)
def test_an_assertion_key_of_no_use_is_named_with_its_line_and_the_reason(
    tmp_path: Path, content: bytes | None, reason: str
) -> None:
    (tmp_path / "good.pem").write_bytes(p256())
    bad = tmp_path / "bad.pem"
    if content is not None:
        bad.write_bytes(content)
    keys = f'keys = ["{tmp_path}/good.pem",\n"{bad}"]\n'
    text = f"{written()}\n[identity.assertion]\nenabled = true\n{keys}"
    (line,) = said(tmp_path, text)
    place = f"gateway.toml:{len(text.splitlines())}: identity.assertion.keys[1]: "
    assert line.startswith(place)
    assert str(bad) in line
    assert line.endswith(reason)


def test_a_kept_key_that_others_can_read_is_named(tmp_path: Path) -> None:
    load_keys([], str(tmp_path))
    (tmp_path / NAME).chmod(0o644)
    text = written(server={"state_directory": f'"{tmp_path}"'})
    (line,) = said(tmp_path, f"{text}\n[identity.assertion]\nenabled = true\n")
    assert "server.state_directory: " in line
    assert f"{tmp_path / NAME} can be read by others: chmod 600 it" in line


def test_a_certificate_and_authorities_of_no_use_are_named(tmp_path: Path) -> None:
    empty = tmp_path / "empty.pem"
    empty.write_text("")
    text = written(
        server={"tls_certificate": f'"{empty}"', "tls_key": f'"{empty}"'},
        logto={"ca_file": f'"{empty}"'},
        routes={"upstream": '"https://a.example"', "ca_file": f'"{empty}"'},
    )
    said_keys = [line.split(": ")[1] for line in said(tmp_path, text)]
    assert said_keys == ["server.tls_certificate", "logto.ca_file", "routes[0].ca_file"]
