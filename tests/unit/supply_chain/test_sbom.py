"""What the gateway is made of: every pin, who asked for it, and the same each time."""

import json
import re
from pathlib import Path

import pytest

from scripts.supply_chain.pinned import ROOT, Unreadable, read
from scripts.supply_chain.sbom import main

RUNTIME = ROOT / "requirements" / "runtime.txt"


def written(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(arguments) == 0
    return capsys.readouterr().out


def test_it_names_every_pin_and_who_asked_for_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    document = json.loads(written(capsys))
    pins = set(re.findall(r"^([a-z0-9-]+)==([^ ]+)", RUNTIME.read_text(), re.MULTILINE))
    parts = document["components"]
    assert {(part["name"], part["version"]) for part in parts} == pins
    references = [part["bom-ref"] for part in parts]
    assert len(set(references)) == len(references)
    ours, *theirs = document["dependencies"]
    assert ours["ref"] == document["metadata"]["component"]["bom-ref"]
    assert any(one.startswith("pkg:pypi/aiohttp@") for one in ours["dependsOn"])
    asked_for = {one for each in (ours, *theirs) for one in each["dependsOn"]}
    assert asked_for == set(references)


def test_it_is_the_same_each_time_and_says_nothing_of_when_and_where(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    first = written(capsys)
    assert written(capsys, "--output", str(tmp_path / "sbom")) == ""
    assert (tmp_path / "sbom").read_text() == first
    assert "timestamp" not in first
    assert set(re.findall(r"https?://([^/\"]+)", first)) == {"cyclonedx.org"}


def test_every_requirement_file_can_be_read() -> None:
    for file in sorted((ROOT / "requirements").glob("*.txt")):
        assert read(file), file


@pytest.mark.parametrize(
    "line",
    ["aiohttp", "aiohttp>=3", "-r other.txt", "-i somewhere", "a==1 ; x; y \\ z"],
)
def test_a_line_that_is_not_understood_is_no_pin(tmp_path: Path, line: str) -> None:
    file = tmp_path / "odd.txt"
    file.write_text(f"click==1.0\n{line}\n")
    with pytest.raises(Unreadable, match=r"odd\.txt:2"):
        read(file)
    assert main([str(file)]) == 1
