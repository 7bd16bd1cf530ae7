"""The same head of a request is read once, and nothing of it gets into another."""

from dataclasses import replace

import pytest

from gateway.known import LONGEST, MOST_LINE_NOTES
from gateway.proxying.known_heads import MOST, KnownHeads
from gateway.proxying.request_head import MOST_FIELDS, RequestRefused
from tests.support.heads_again import read_again

END = b"\r\n\r\n"
LINES = b" HTTP/1.1\r\nHost: a\r\nX: 1" + END


def known_heads(most_fields: int = 200, path_length: int = 8192) -> KnownHeads:
    return KnownHeads(most_fields, path_length)


def test_what_comes_once_is_not_kept() -> None:
    heads = known_heads()
    heads.read(b"GET /a" + LINES)
    assert heads.get(b"GET /a" + LINES) is None


def test_the_same_head_is_the_same_object() -> None:
    heads = known_heads()
    raw = b"POST /a?b" + LINES
    first = read_again(heads, raw)
    assert heads.read(bytes(bytearray(raw))) is first
    assert heads.get(raw) is first
    assert (first.method, first.target) == ("POST", b"/a?b")


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(b"GET /b" + LINES, id="target"),
        pytest.param(b"PUT /a" + LINES, id="method"),
        pytest.param((b"GET /a" + LINES).replace(b"/1.1", b"/1.0"), id="version"),
        pytest.param((b"GET /a" + LINES).replace(b"X", b"x"), id="fields"),
    ],
)
def test_another_head_is_another_object_with_its_own_line_notes(other: bytes) -> None:
    heads = known_heads()
    read_again(heads, b"GET /a" + LINES).line_notes.keep("whose", "the first's")
    assert heads.get(other) is None
    assert read_again(heads, other) != heads.read(b"GET /a" + LINES)
    assert heads.read(other).line_notes == {}


def test_fields_keep_their_notes_whatever_the_line() -> None:
    heads = known_heads()
    first, second = (read_again(heads, line + LINES) for line in (b"GET /a", b"GET /b"))
    assert first.notes is second.notes
    assert first.line_notes is not second.line_notes


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(b"GET /" + b"a" * 1024 + LINES, id="a long target"),
        pytest.param(b"GET /a" + LINES[:-4] + b"1" * LONGEST + END, id="long fields"),
        pytest.param(
            b"GET /a" + LINES[:-4] + b"\r\nY: 2" * MOST_FIELDS + END, id="many fields"
        ),
    ],
)
def test_what_is_not_remembered_has_line_notes_of_its_own(raw: bytes) -> None:
    heads = known_heads()
    first, second = read_again(heads, raw), heads.read(raw)
    assert first is not second
    assert first == second
    first.line_notes.keep("of", "the first")
    assert second.line_notes == {}


def test_a_head_made_of_another_has_line_notes_of_its_own() -> None:
    head = read_again(known_heads(), b"GET /a" + LINES)
    head.line_notes.keep("of", "/a")
    assert replace(head, target=b"/b").line_notes == {}


def test_the_oldest_goes_first() -> None:
    heads = known_heads()
    for number in range(MOST + 1):
        read_again(heads, b"GET /%d" % number + LINES)
    assert heads.get(b"GET /0" + LINES) is None
    assert heads.get(b"GET /1" + LINES) is not None
    assert heads.get(b"GET /%d" % MOST + LINES) is not None


def test_clients_cannot_fill_the_line_notes() -> None:
    notes = read_again(known_heads(), b"GET /a" + LINES).line_notes
    for number in range(10 * MOST_LINE_NOTES):
        notes.keep(number, number)
        assert notes[number] == number
        assert len(notes) <= MOST_LINE_NOTES


@pytest.mark.parametrize(
    ("strict", "status"),
    [
        pytest.param({"most_fields": 1}, 431, id="fields"),
        pytest.param({"path_length": 1}, 414, id="path"),
    ],
)
def test_what_one_remembers_is_refused_by_another_with_stricter_limits(
    strict: dict[str, int], status: int
) -> None:
    raw = b"GET /a?b" + LINES
    read_again(known_heads(), raw)
    for _ in range(2):
        with pytest.raises(RequestRefused) as refused:
            known_heads(**strict).read(raw)
        assert refused.value.status == status


def test_what_was_refused_is_refused_again() -> None:
    heads = known_heads(path_length=8)
    for raw in (b"GET /a\0" + LINES, b"GET /123456789" + LINES, b"GET /" + END):
        for _ in range(3):
            with pytest.raises(RequestRefused):
                heads.read(raw)
            assert heads.get(raw) is None
