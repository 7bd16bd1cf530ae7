"""Lines of the log, rendered: bounded, escaped, without locals, whoever writes them."""

import json
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from hypothesis import given, strategies as st

from gateway.operations import logs
from gateway.operations.logs import LONGEST_VALUE, bounded, printable

Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def lines(tmp_path: Path, log_lines: Path) -> Iterator[Lines]:
    """A log of its own for a test; the suite's goes on after it."""
    path = tmp_path / "log.jsonl"

    def written() -> list[dict[str, Any]]:
        logs.flush()
        return [json.loads(line) for line in path.read_text("utf-8").splitlines()]

    with path.open("w") as own, log_lines.open("a") as suite:
        logs.configure(own, level="info")
        yield written
        logs.configure(suite, level="debug")
        logs.flush()


@given(st.text())
def test_on_a_terminal_nothing_but_printable_text_arrives(text: str) -> None:
    shown = printable(None, "", {"value": text})["value"]
    assert shown.isprintable()


@given(st.text())
def test_printable_text_stays_as_it_is(text: str) -> None:
    if text.isprintable():
        assert printable(None, "", {"value": text})["value"] == text


def test_values_are_cut() -> None:
    event = bounded(None, "", {"short": "x", "long": "x" * 9999, "number": 1})
    assert event["short"] == "x"
    assert len(event["long"]) == LONGEST_VALUE + 1
    assert event["long"].endswith("…")


def test_a_line_is_one_line_of_ascii(lines: Lines, tmp_path: Path) -> None:
    structlog.get_logger("gateway").info("event", value="a\nb\u2028c\x1b[0m\ud800é")
    assert lines()[0]["value"] == "a\nb\u2028c\x1b[0m\ud800é"
    raw = (tmp_path / "log.jsonl").read_bytes()
    assert raw.count(b"\n") == 1
    assert raw.isascii()
    assert b"\x1b" not in raw


def test_an_exception_is_told_without_locals(lines: Lines) -> None:
    def fail(password: str) -> None:
        raise RuntimeError(len(password))

    try:
        fail("hunter2")
    except RuntimeError:
        structlog.get_logger("gateway").exception("internal_error")
    (line,) = lines()
    (told,) = line["exception"]
    assert (line["level"], told["type"], told["words"]) == (
        "error",
        "RuntimeError",
        "7",
    )
    assert told["at"][-1].endswith(" fail")
    assert "hunter2" not in json.dumps(line)


def test_lines_below_the_level_are_not_written(lines: Lines) -> None:
    log = structlog.get_logger("gateway")
    log.debug("quiet")
    log.info("said")
    assert [line["event"] for line in lines()] == ["said"]


def test_libraries_speak_from_warning_on_and_say_no_secret(lines: Lines) -> None:
    library = logging.getLogger("some.library")
    library.info("GET /?code=secret")
    library.warning("GET /?code=%s failed", "secret")
    try:
        int("broken")
    except ValueError:
        library.exception("it failed")
    said = lines()
    assert [(line["level"], line["event"]) for line in said] == [
        ("warning", "GET /?… failed"),
        ("error", "it failed"),
    ]
    assert {line["logger"] for line in said} == {"some.library"}
    assert said[-1]["exception"][0]["type"] == "ValueError"


def test_a_library_s_line_that_cannot_be_formatted_is_told_raw(lines: Lines) -> None:
    (ours,) = (
        handler
        for handler in logging.getLogger().handlers
        if type(handler).__module__ == logs.__name__
    )
    ours.handle(logging.makeLogRecord({"msg": "%d", "args": ("no number",)}))
    assert [line["event"] for line in lines()] == ["%d"]


def test_what_json_does_not_know_is_told_as_text(lines: Lines) -> None:
    structlog.get_logger("gateway").info("event", path=Path("/x"), error=OSError("y"))
    (line,) = lines()
    assert (line["path"], line["error"]) == ("/x", "y")
