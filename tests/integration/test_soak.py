"""A short soak: many people at once, and nobody is signed out who should not be."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks.soak import Terms, soak
from benchmarks.soak_figures import FAULTS, LINES, WRONG, Figures


async def test_forty_people_are_signed_out_only_where_they_want_to(
    tmp_path: Path,
) -> None:
    terms = Terms(seconds=12, browsers=40, revalidate=2, replaced_after=7.7, pause=1.2)
    figures = await soak(terms, tmp_path)
    assert figures.is_right, list(figures.lines())
    assert figures.wanted > 0
    assert figures.logto["refreshes"] > 2 * terms.browsers
    assert figures.logto["rotations"] > terms.browsers / 2
    assert figures.logto["invalid_grants"] == 0
    assert figures.sockets["opened"] > 0
    assert figures.log["signed_in"] >= terms.browsers


@pytest.mark.parametrize("what", WRONG)
def test_whatever_is_wrong_is_said_and_fails(what: str) -> None:
    figures = Figures(seconds=1, sessions=1)
    figures.requests["200"] += 1
    before = figures.is_right
    figures.met(what, "somebody")
    assert (before, figures.is_right) == (True, False)
    assert f"{WRONG[what]}: somebody" in list(figures.lines())


@pytest.mark.parametrize("event", sorted(FAULTS))
def test_a_fault_in_the_log_is_wrong_and_told(event: str) -> None:
    figures = Figures(seconds=1, sessions=1)
    figures.answered(200, "somebody")
    raised = [{"type": "RuntimeError", "words": "closed", "at": []}]
    line = json.dumps({"event": event, "level": "error", "exception": raised})
    figures.read_log([line + "\n"])
    assert not figures.is_right
    assert f"{WRONG['fault']}: {line}" in list(figures.lines())


@pytest.mark.parametrize(
    "meet",
    [
        pytest.param(lambda met: met.answered(500, "somebody"), id="an answer"),
        pytest.param(lambda met: met.read_errors("Traceback\n"), id="a crash"),
    ],
)
def test_other_faults_are_wrong(meet: Callable[[Figures], None]) -> None:
    figures = Figures(seconds=1, sessions=1)
    figures.answered(200, "somebody")
    meet(figures)
    assert not figures.is_right


def test_work_that_failed_because_logto_was_away_is_no_fault() -> None:
    figures = Figures(seconds=1, sessions=1)
    figures.answered(200, "somebody")
    raised = [{"type": "ProviderUnavailable", "words": "no answer", "at": []}]
    told = {"event": "owned_work_failed", "level": "warning", "exception": raised}
    figures.read_log([json.dumps(told)])
    assert figures.is_right
    assert json.dumps(told) in list(figures.lines())


def test_trouble_is_told_a_few_times_and_the_rest_counted() -> None:
    figures = Figures(seconds=1, sessions=1)
    figures.answered(200, "somebody")
    lines = [
        json.dumps({"event": "request", "level": "info", "status": 200}),
        json.dumps({"event": "signed_in", "level": "info"}),
        *(
            json.dumps({"event": "logto_away", "level": "warning", "reason": str(n)})
            for n in range(LINES + 2)
        ),
        '{"event": "cut off where it was kil',
    ]
    figures.read_log(lines)
    told = list(figures.lines())
    assert figures.is_right
    assert [line for line in told if line.startswith("{")] == lines[2 : 2 + LINES]
    assert sum(figures.log.values()) == 1 + LINES + 2
    assert figures.log["signed_in"] == 1


def test_where_nothing_worked_that_is_wrong() -> None:
    figures = Figures(seconds=1, sessions=1)
    figures.requests["502"] += 1
    assert not figures.is_right
