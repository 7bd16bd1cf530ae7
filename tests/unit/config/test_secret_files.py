"""Secrets in files of their own, and secrets that are given twice."""

from pathlib import Path

import pytest

from config.loader import load, load_text
from config.problem import ConfigurationError
from tests.support.configuration import KEY, OTHER_KEY, problems, sentence, written


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    file = tmp_path / "secret"
    file.write_text("from-a-file\n")
    return file


def test_a_secret_from_a_file(secret: Path) -> None:
    text = written(logto={"app_secret": None, "app_secret_file": f'"{secret}"'})
    assert load_text(text).logto.app_secret.get_secret_value() == "from-a-file"


def test_a_secret_from_a_file_that_the_environment_names(secret: Path) -> None:
    text = written(logto={"app_secret": None})
    found = load_text(text, {"GATEWAY_LOGTO_APP_SECRET_FILE": str(secret)})
    assert found.logto.app_secret.get_secret_value() == "from-a-file"


def test_keys_from_a_file_one_a_line(secret: Path) -> None:
    secret.write_text(f"{KEY}\r\n\n  {OTHER_KEY}\n")
    text = written(session={"keys": None, "keys_file": f'"{secret}"'})
    assert len(load_text(text).session.keys) == 2


def test_a_wrong_key_in_a_file_is_named_by_its_line(secret: Path) -> None:
    secret.write_text(f"{KEY}\n\nc2hvcnQ\n{KEY}\n")
    text = written(session={"keys": None, "keys_file": f'"{secret}"'})
    assert problems(text) == [
        (
            "gateway.toml:10: session.keys_file, line 3: the key is too short: "
            "5 bytes instead of 32; `gateway keygen` makes a new one"
        ),
        (
            "gateway.toml:10: session.keys_file, line 4: the key is repeated: "
            "it is also keys[0]"
        ),
    ]


def test_a_file_without_keys(secret: Path) -> None:
    secret.write_text("\n")
    text = written(session={"keys": None})
    found = sentence(text, {"GATEWAY_SESSION_KEYS_FILE": str(secret)})
    assert found.startswith("GATEWAY_SESSION_KEYS_FILE: there is no key")


TWICE = [
    pytest.param(
        {"app_secret_file": '"{secret}"'},
        {},
        "logto.app_secret (line 7) and by logto.app_secret_file (line 8)",
        id="twice in the file",
    ),
    pytest.param(
        {},
        {"GATEWAY_LOGTO_APP_SECRET": "other"},
        "logto.app_secret (line 7) and by GATEWAY_LOGTO_APP_SECRET",
        id="in the file and in the environment",
    ),
    pytest.param(
        {},
        {"GATEWAY_LOGTO_APP_SECRET_FILE": "{secret}"},
        "logto.app_secret (line 7) and by GATEWAY_LOGTO_APP_SECRET_FILE",
        id="in the file and in a file that the environment names",
    ),
    pytest.param(
        {"app_secret": None},
        {
            "GATEWAY_LOGTO_APP_SECRET": "other",
            "GATEWAY_LOGTO_APP_SECRET_FILE": "{secret}",
        },
        "GATEWAY_LOGTO_APP_SECRET and by GATEWAY_LOGTO_APP_SECRET_FILE",
        id="twice in the environment",
    ),
]


@pytest.mark.parametrize(("logto", "environ", "sources"), TWICE)
def test_a_secret_that_is_given_twice(
    logto: dict[str, str | None], environ: dict[str, str], sources: str, secret: Path
) -> None:
    text = written(logto=logto).replace("{secret}", str(secret))
    named = {name: value.format(secret=secret) for name, value in environ.items()}
    found = sentence(text, named)
    assert found.endswith(f": is given twice, by {sources}: keep one")


def test_keys_that_are_given_twice() -> None:
    found = sentence(written(), {"GATEWAY_SESSION_KEYS": OTHER_KEY})
    assert found == (
        "GATEWAY_SESSION_KEYS: is given twice, by session.keys (line 10) "
        "and by GATEWAY_SESSION_KEYS: keep one"
    )


def test_an_empty_value_is_not_given(secret: Path) -> None:
    text = written(logto={"app_secret": '""', "app_secret_file": f'"{secret}"'})
    assert load_text(text).logto.app_secret.get_secret_value() == "from-a-file"


def test_an_unreadable_secret_file_is_one_problem_and_not_shown() -> None:
    text = written(logto={"app_secret": None, "app_secret_file": '"/no/S3CRET"'})
    (line,) = problems(text)
    assert line == (
        "gateway.toml:7: logto.app_secret_file: the file cannot be read: "
        "No such file or directory"
    )


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        pytest.param(None, "cannot be read: Is a directory", id="a directory"),
        pytest.param(b"\xff", "the file is not UTF-8 on line 1", id="not UTF-8"),
        pytest.param(b"\n", "is empty", id="empty"),
        pytest.param(b"x" * 2**21, "larger than 1MiB", id="huge"),
        pytest.param(b"a b", "visible ASCII characters only", id="a space"),
    ],
)
def test_a_secret_file_that_is_of_no_use(
    content: bytes | None, expected: str, secret: Path
) -> None:
    if content is None:
        secret = secret.parent
    else:
        secret.write_bytes(content)
    text = written(logto={"app_secret": None, "app_secret_file": f'"{secret}"'})
    found = sentence(text)
    assert found.startswith("logto.app_secret_file: ")
    assert expected in found
    assert str(secret) not in found


def test_a_path_with_a_nul() -> None:
    text = written(logto={"app_secret": None, "app_secret_file": '"/a\\u0000b"'})
    assert sentence(text) == (
        "logto.app_secret_file: the file cannot be read: its name holds a NUL"
    )


# --- The configuration file itself ---------------------------------------


def load_problems(path: Path) -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        load(str(path), {})
    return [str(problem) for problem in caught.value.problems]


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    path = tmp_path / "gateway.toml"
    assert load_problems(path) == [
        f"{path}: the file cannot be read: No such file or directory"
    ]


def test_a_file_that_is_not_utf_8(tmp_path: Path) -> None:
    path = tmp_path / "gateway.toml"
    path.write_bytes(b"# Server\n[server]\n# gr\xfc\xdfe\n")
    assert load_problems(path) == [
        f"{path}: the file is not UTF-8 on line 3: save it as UTF-8"
    ]


def test_a_byte_order_mark_is_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "gateway.toml"
    path.write_bytes(b"\xef\xbb\xbf" + written().replace("\n", "\r\n").encode())
    assert load(str(path), {}) == load_text(written())
