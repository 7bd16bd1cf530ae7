"""Durations and sizes."""

from contextlib import suppress

import pytest
from hypothesis import given, strategies as st

from config.problem import Wrong
from config.units import parse_duration, parse_size

DURATIONS = [("30s", 30), ("10m", 600), ("12h", 43200), ("7d", 604800), ("1.5h", 5400)]
SIZES = [("512B", 512), ("64KiB", 65536), ("3.5KiB", 3584), ("1MiB", 1024**2)]


@pytest.mark.parametrize(("text", "seconds"), DURATIONS)
def test_a_duration(text: str, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize(("text", "size"), SIZES)
def test_a_size(text: str, size: int) -> None:
    assert parse_size(text) == size


WRONG_DURATIONS = (
    *("", "30", "s", "30 s", "30S", "30ms", "-1s", "+1s", "1h30m", ".5s", "1e3s"),
    *("٣s", "30s\n", "0s", "0.0d", "401d", 30, 1.5, True, None, ["30s"]),
)


@pytest.mark.parametrize("value", WRONG_DURATIONS, ids=repr)
def test_a_wrong_duration(value: object) -> None:
    with pytest.raises(Wrong):
        parse_duration(value)


@pytest.mark.parametrize(
    "value",
    ["", "64", "KiB", "64KB", "64kib", "64 KiB", "-1B", "1.5B", "0.0001KiB", "٣B", 64],
    ids=repr,
)
def test_a_wrong_size(value: object) -> None:
    with pytest.raises(Wrong):
        parse_size(value)


@given(st.text())
def test_no_text_breaks_the_parsers(text: str) -> None:
    for parse in (parse_duration, parse_size):
        with suppress(Wrong):
            assert parse(text) >= 0
