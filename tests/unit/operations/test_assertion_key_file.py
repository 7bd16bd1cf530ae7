"""Where the keys of assertions come from."""

import stat
from pathlib import Path

import pytest

from gateway.identity.assertion_keys import keys_in
from gateway.operations.assertion_key_file import NAME, load_keys
from gateway.operations.start_failed import StartFailed
from tests.support.pem import p256, p384


def test_a_key_is_made_once_for_the_gateway_alone(tmp_path: Path) -> None:
    (made,) = load_keys([], str(tmp_path))
    (again,) = load_keys([], str(tmp_path))
    assert made.kid == again.kid
    assert [file.name for file in tmp_path.iterdir()] == [NAME]
    assert stat.S_IMODE((tmp_path / NAME).stat().st_mode) == 0o600


def test_keys_of_the_operator_come_in_order_and_none_is_made(tmp_path: Path) -> None:
    pems = [p256(), p256(), p256()]
    (tmp_path / "new.pem").write_bytes(pems[0])
    (tmp_path / "old.pem").write_bytes(pems[1] + pems[2])
    files = [str(tmp_path / name) for name in ("new.pem", "old.pem")]
    expected = [keys_in(pem)[0].kid for pem in pems]
    assert [key.kid for key in load_keys(files, str(tmp_path))] == expected
    assert not (tmp_path / NAME).exists()


def test_a_kept_key_that_others_can_read_is_not_used(tmp_path: Path) -> None:
    load_keys([], str(tmp_path))
    (tmp_path / NAME).chmod(0o640)
    with pytest.raises(StartFailed, match="can be read by others"):
        load_keys([], str(tmp_path))


@pytest.mark.parametrize(
    ("content", "part"),
    [
        pytest.param(None, "cannot read", id="absent"),
        pytest.param(b"", "no private key", id="empty"),
        pytest.param(p384(), "not for P-256", id="another curve"),
    ],
)
def test_a_file_of_no_use_keeps_the_gateway_from_starting(
    tmp_path: Path, content: bytes | None, part: str
) -> None:
    file = tmp_path / "key.pem"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(StartFailed, match=part):
        load_keys([str(file)], "")


def test_a_damaged_kept_file_is_not_replaced(tmp_path: Path) -> None:
    kept = tmp_path / NAME
    kept.write_bytes(b"")
    kept.chmod(0o600)
    with pytest.raises(StartFailed, match="no private key"):
        load_keys([], str(tmp_path))
    with pytest.raises(StartFailed, match="cannot keep"):
        load_keys([], str(tmp_path / "missing"))
