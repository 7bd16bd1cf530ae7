"""What is remembered of bytes is bounded, and stays what follows from them."""

import pytest

from gateway.known import LONGEST, MOST, MOST_NOTES, MOST_ONCE, Known, Notes
from gateway.proxying.field_lines import FieldsInvalid
from gateway.proxying.request_head import RequestRefused, parse_request_head
from gateway.proxying.upstream.response_head import Framing, parse_response_head
from tests.support.traced_memory import traced_memory


def test_the_oldest_goes_first() -> None:
    known: Known[int] = Known()
    for number in range(MOST + 1):
        known.add(b"%d" % number, number)
    assert known.get(b"0") is None
    assert known.get(b"1") == 1
    assert known.get(b"%d" % MOST) == MOST


def test_what_comes_once_is_not_kept_where_that_is_asked() -> None:
    known: Known[int] = Known(from_second=True)
    known.add(b"a", 1)
    assert known.get(b"a") is None
    known.add(b"a", 1)
    assert known.get(b"a") == 1


def test_what_came_once_takes_little() -> None:
    known: Known[int] = Known(from_second=True)
    with traced_memory() as traced:
        for number in range(10 * MOST_ONCE):
            known.add(b"%d" % number, number)
    assert traced.held < 100 * MOST_ONCE  # bytes


def test_what_is_long_is_not_kept() -> None:
    known: Known[int] = Known()
    known.add(b"x" * (LONGEST + 1), 1)
    assert known.get(b"x" * (LONGEST + 1)) is None


def test_clients_cannot_fill_the_notes() -> None:
    notes = Notes()
    for number in range(10 * MOST_NOTES):
        notes.keep(number, number)
        assert notes[number] == number
        assert len(notes) <= MOST_NOTES


WEBSOCKET = b"\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket"


@pytest.mark.parametrize("first", [b"GET", b"POST"])
def test_the_same_fields_with_another_method_are_another_request(first: bytes) -> None:
    heads = {
        method: parse_request_head(method + b" / HTTP/1.1" + WEBSOCKET, 9)
        for method in (first, first, b"GET", b"POST")
    }
    assert heads[b"GET"].wants_upgrade
    assert not heads[b"POST"].wants_upgrade


@pytest.mark.parametrize("first", [b"0", b"1"])
def test_the_same_fields_in_another_version_mean_something_else(first: bytes) -> None:
    lines = b"\r\nHost: b\r\nX: first " + first
    kept = {
        minor: parse_request_head(b"GET / HTTP/1." + minor + lines, 9).keep_alive
        for minor in (first, first, b"0", b"1")
    }
    assert kept == {b"0": False, b"1": True}


def test_a_target_does_not_come_from_another_request() -> None:
    lines = b" HTTP/1.1\r\nHost: c"
    for target in (b"/1", b"/1", b"/1", b"/2"):
        assert parse_request_head(b"GET " + target + lines, 9).target == target


@pytest.mark.parametrize(
    "line",
    [
        b"GET /\r\nX: HTTP/1.1",
        b"GET /\rX HTTP/1.1",
        b"GET /\nX HTTP/1.1",
        b"GET /\0 HTTP/1.1",
        b"GET /a b HTTP/1.1",
        b"GET  HTTP/1.1",
        b"G(T / HTTP/1.1",
    ],
)
def test_known_fields_do_not_excuse_a_request_line(line: bytes) -> None:
    for _ in range(2):
        parse_request_head(b"GET / HTTP/1.1\r\nHost: d", 9)
    with pytest.raises(RequestRefused) as refused:
        parse_request_head(line + b"\r\nHost: d", 9)
    assert refused.value.status == 400


def test_known_fields_may_still_be_too_many() -> None:
    head = b"GET / HTTP/1.1\r\nHost: e\r\nX: 1\r\nX: 2"
    for _ in range(2):
        parse_request_head(head, 3)
    with pytest.raises(RequestRefused) as refused:
        parse_request_head(head, 2)
    assert refused.value.status == 431


def test_refused_fields_are_refused_again() -> None:
    for _ in range(2):
        with pytest.raises(RequestRefused):
            parse_request_head(b"GET / HTTP/1.1\r\nHost: f\r\nHost: f", 9)


@pytest.mark.parametrize("first", ["HEAD", "GET"])
def test_the_same_response_head_after_another_method(first: str) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX: " + first.encode()
    framing = {
        method: parse_response_head(head, method, 9).framing
        for method in (first, "GET", "HEAD")
    }
    assert framing == {"GET": Framing.LENGTH, "HEAD": Framing.NONE}


def test_a_response_that_sets_a_cookie_is_not_kept() -> None:
    head = b"HTTP/1.1 200 OK\r\nSET-COOKIE: a=b"
    first, second = (parse_response_head(head, "GET", 9) for _ in range(2))
    assert first is not second
    assert first.notes is None


def test_a_known_response_may_still_have_too_many_fields() -> None:
    head = b"HTTP/1.1 200 OK\r\nX: 1\r\nX: 2"
    assert parse_response_head(head, "GET", 2) is parse_response_head(head, "GET", 2)
    with pytest.raises(FieldsInvalid):
        parse_response_head(head, "GET", 1)
