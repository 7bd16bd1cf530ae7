"""A short soak: many people at once, and nobody is signed out who should not be."""

from pathlib import Path

import pytest

from benchmarks.soak import Terms, soak
from benchmarks.soak_figures import WRONG, Figures


async def test_forty_people_are_signed_out_only_where_they_want_to(
    tmp_path: Path,
) -> None:
    # Logto replaces a token after 7.7 seconds: within 3.3 everybody is back.
    terms = Terms(seconds=12, browsers=40, revalidate=2, refresh_token=11, pause=1.2)
    figures = await soak(terms, tmp_path)
    assert figures.is_right, list(figures.lines())
    assert figures.wanted > 0
    assert figures.logto["refreshes"] > 2 * terms.browsers
    assert figures.logto["rotations"] > terms.browsers / 2
    assert figures.logto["invalid_grants"] == 0
    assert figures.sockets["opened"] > 0


@pytest.mark.parametrize("what", WRONG)
def test_whatever_is_wrong_is_said_and_fails(what: str) -> None:
    figures = Figures(seconds=1, sessions=1)
    figures.requests["200"] += 1
    before = figures.is_right
    figures.met(what, "somebody")
    assert (before, figures.is_right) == (True, False)
    assert f"{WRONG[what]}: somebody" in list(figures.lines())


def test_where_nothing_worked_that_is_wrong() -> None:
    figures = Figures(seconds=1, sessions=1)
    figures.requests["502"] += 1
    assert not figures.is_right
