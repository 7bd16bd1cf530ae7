"""What `gateway check` says about workers."""

import pytest

from gateway.checking.workers import worker_hints
from gateway.operations.workers.dividing import DIVIDED
from tests.support.configuration import settings


def hints(workers: str, limits: str = "", cpus: int = 4) -> list[str]:
    text = {"workers": workers}
    given = settings(
        server=text, limits={"sign_ins_per_minute": limits} if limits else {}
    )
    return list(worker_hints(given, lambda: cpus))


def test_one_process_is_worth_no_word() -> None:
    assert hints("1") == []


@pytest.mark.parametrize(
    ("workers", "cpus", "said"),
    [
        pytest.param("2", 4, ["2 workers"], id="as many as the file says"),
        pytest.param(
            '"auto"', 4, ['"auto" means 4', "4 workers"], id="one for each CPU"
        ),
        pytest.param('"auto"', 1, ['"auto" means 1'], id="a single CPU"),
    ],
)
def test_how_many_there_will_be(workers: str, cpus: int, said: list[str]) -> None:
    told = hints(workers, cpus=cpus)
    assert len(told) == len(said)
    for line, words in zip(told, said, strict=True):
        assert words in line


def test_each_part_is_named() -> None:
    (told,) = hints("2")
    for name in (*DIVIDED, "upstream_connections"):
        assert f"{name} " in told
    assert "connections 5000," in told
    assert "upstream_connections 500" in told


@pytest.mark.parametrize(
    ("limit", "warned"), [("18", True), ("19", False)], ids=["nine", "ten"]
)
def test_a_part_that_is_small_is_warned_of(limit: str, *, warned: bool) -> None:
    told = hints("2", limit)
    assert [
        line for line in told if "less than 10 of sign_ins_per_minute:" in line
    ] == (told[1:] if warned else [])
    assert len(told) == 1 + warned
