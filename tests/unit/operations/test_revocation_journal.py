"""What was revoked is on disk, whole, or the gateway says that it is not."""

from pathlib import Path

import pytest

from gateway.operations.revocation_file import NAME, RevocationFile
from gateway.operations.revocation_journal import SLACK, RevocationJournal
from gateway.operations.start_failed import StartFailed
from gateway.sessions.revocations import Mark, Revocations, Whose

WEEK = 7 * 86400.0
NOW = 1_795_359_847.25
ADA = Mark(Whose.SUBJECT, "ada", NOW, NOW + WEEK)
ODD = Mark(Whose.X_ID, 'line\nfeed, "quote", \u611b', NOW + 1, NOW + WEEK)


def kept(tmp_path: Path, *marks: Mark) -> RevocationFile:
    file = RevocationFile(str(tmp_path))
    file.start(marks)
    return file


def journal(tmp_path: Path) -> tuple[Revocations, RevocationJournal]:
    revocations = Revocations(WEEK)
    file = RevocationFile(str(tmp_path))
    return revocations, RevocationJournal(revocations, file, lambda: NOW)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    file = kept(tmp_path, ADA)
    file.append([ODD])
    assert file.load() == [ADA, ODD]
    assert (tmp_path / NAME).stat().st_mode & 0o777 == 0o600


def test_no_file_yet_is_nothing_kept(tmp_path: Path) -> None:
    assert RevocationFile(str(tmp_path)).load() == []


def test_an_end_that_was_never_written_whole_is_left_away(tmp_path: Path) -> None:
    file = kept(tmp_path, ADA, ODD)
    path = tmp_path / NAME
    whole = path.read_bytes()
    first_two = whole[: whole.rindex(b"\n", 0, -1) + 1]
    for end in range(len(first_two), len(whole)):
        path.write_bytes(whole[:end])
        assert file.load() == [ADA]


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda _: b"", id="empty"),
        pytest.param(lambda old: b"\0" * len(old), id="zeroes"),
        pytest.param(lambda old: old.replace(b"ada", b"bob"), id="another name"),
        pytest.param(lambda old: old.replace(b" 1\n", b" 2\n"), id="another format"),
        pytest.param(lambda old: old + b"\n", id="an empty line"),
        pytest.param(lambda old: old + b"00000000 \n", id="a line of nothing"),
        pytest.param(lambda old: old[:40] + b"\n" + old[41:], id="a line cut"),
    ],
)
async def test_a_damaged_file_is_refused_with_a_sentence(
    tmp_path: Path, damage: object
) -> None:
    assert callable(damage)
    kept(tmp_path, ADA, ODD)
    path = tmp_path / NAME
    path.write_bytes(damage(path.read_bytes()))
    before = path.read_bytes()
    with pytest.raises(StartFailed, match=r"/revocations is .*session\.keys"):
        journal(tmp_path)
    assert path.read_bytes() == before


async def test_a_directory_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StartFailed, match=r"server\.state_directory .*: no such file"):
        journal(tmp_path / "absent")


async def test_a_revocation_is_on_disk_once_saved_returns(tmp_path: Path) -> None:
    revocations, kept_here = journal(tmp_path)
    for number in range(50):
        revocations.revoke(Whose.SUBJECT, f"s{number}", NOW)
    assert await kept_here.saved()
    again, _ = journal(tmp_path)
    assert {mark.value for mark in again.marks(NOW)} == {f"s{n}" for n in range(50)}


async def test_without_a_directory_there_is_nothing_to_wait_for() -> None:
    revocations = Revocations(WEEK)
    nowhere = RevocationJournal(revocations, None, lambda: NOW)
    revocations.revoke(Whose.SUBJECT, "ada", NOW)
    assert await nowhere.saved()
    await nowhere.close()


async def test_a_failed_write_is_told_and_made_good(tmp_path: Path) -> None:
    revocations, kept_here = journal(tmp_path)
    path, aside = tmp_path / NAME, tmp_path / "aside"
    path.rename(aside)
    (tmp_path / NAME).mkdir()
    revocations.revoke(Whose.SUBJECT, "ada", NOW)
    assert not await kept_here.saved()
    path.rmdir()
    revocations.revoke(Whose.SUBJECT, "bob", NOW)
    assert await kept_here.saved()
    await kept_here.close()
    again, _ = journal(tmp_path)
    assert {mark.value for mark in again.marks(NOW)} == {"ada", "bob"}


async def test_the_file_does_not_grow_for_ever(tmp_path: Path) -> None:
    revocations, kept_here = journal(tmp_path)
    for _ in range(4):
        for _ in range(SLACK - 1):
            revocations.revoke(Whose.SUBJECT, "ada", NOW)
        assert await kept_here.saved()
    lines = (tmp_path / NAME).read_bytes().count(b"\n")
    assert lines <= 2 * SLACK
    again, _ = journal(tmp_path)
    assert [mark.value for mark in again.marks(NOW)] == ["ada"]
