"""One session in several cookies: all of one cut, or nothing."""

import pytest
from hypothesis import given, strategies as st

from gateway.sessions.chunks import (
    LONGEST_COOKIE,
    MOST_COOKIES,
    join,
    possible_names,
    split,
)
from gateway.sessions.cookies import Cookie

NAME = b"__Host-gateway"
ATTRIBUTES = b"; Max-Age=34560000; Path=/; Secure; HttpOnly; SameSite=Strict"


def text(length: int, letter: bytes = b"A") -> bytes:
    return b"".join(b"%s%d" % (letter, number) for number in range(length))[:length]


@pytest.mark.parametrize("length", [1, 3569, 3570, 7000, 7100, 10_700, 14_000, 14_200])
def test_what_was_cut_joins(length: int) -> None:
    cookies = split(NAME, text(length))
    assert join(NAME, cookies) == text(length)
    assert join(NAME, cookies[::-1]) == text(length)
    assert [name for name, _ in cookies] == possible_names(NAME)[: len(cookies)]


@given(st.integers(0, MOST_COOKIES * LONGEST_COOKIE), st.integers(1, 200))
def test_every_size_joins_and_every_cookie_is_one_a_browser_keeps(
    length: int, name_length: int
) -> None:
    name, whole = b"n" * name_length, text(length)
    cookies = split(name, whole)
    for part_name, part in cookies:
        assert len(part_name) + 1 + len(part) <= LONGEST_COOKIE
        assert len(part_name) + 1 + len(part) + len(ATTRIBUTES) < 4096
    if len(cookies) <= MOST_COOKIES:
        assert join(name, cookies) == whole


def test_the_default_size_is_one_cookie() -> None:
    assert len(split(NAME, text(LONGEST_COOKIE - len(NAME) - 1))) == 1
    assert len(split(NAME, text(LONGEST_COOKIE - len(NAME)))) == 2


ONE = split(NAME, text(100))
THREE = split(NAME, text(9000))
OTHER_THREE = split(NAME, text(9000, b"B"))
FIRST, SECOND, THIRD = THREE
GENERATION = FIRST[1].split(b".")[1]


def counted(count: bytes) -> Cookie:
    return NAME, count + FIRST[1][1:]


@pytest.mark.parametrize(
    "cookies",
    [
        pytest.param([], id="none"),
        pytest.param([SECOND, THIRD], id="the first missing"),
        pytest.param([FIRST, THIRD], id="the second missing"),
        pytest.param([FIRST, SECOND], id="the last missing"),
        pytest.param([*THREE, (NAME + b".3", SECOND[1])], id="one too many"),
        pytest.param([*ONE, SECOND], id="one too many behind a single one"),
        pytest.param([*THREE, (NAME + b".x", b"")], id="one that is no number"),
        pytest.param([*THREE, (NAME + b".-1", b"")], id="one with a negative number"),
        pytest.param([FIRST, SECOND, (NAME + b".02", THIRD[1])], id="number spelled"),
        pytest.param(
            [FIRST, (NAME + b".1", THIRD[1]), (NAME + b".2", SECOND[1])], id="reordered"
        ),
        pytest.param([FIRST, SECOND, OTHER_THREE[2]], id="of two generations"),
        pytest.param([OTHER_THREE[0], SECOND, THIRD], id="the first of another"),
        pytest.param([*THREE, OTHER_THREE[1]], id="a part contradicted"),
        pytest.param([*ONE, FIRST], id="the first contradicted"),
        pytest.param([counted(b"0"), SECOND, THIRD], id="count zero"),
        pytest.param([counted(b"1"), SECOND, THIRD], id="count one"),
        pytest.param([counted(b"2"), SECOND, THIRD], id="count too small"),
        pytest.param([counted(b"4"), SECOND, THIRD], id="count too large"),
        pytest.param([counted(b"-3"), SECOND, THIRD], id="count negative"),
        pytest.param([counted(b"+3"), SECOND, THIRD], id="count with a sign"),
        pytest.param([counted(b"03"), SECOND, THIRD], id="count with a zero"),
        pytest.param([counted(b""), SECOND, THIRD], id="count empty"),
        pytest.param([counted(b"\xb3"), SECOND, THIRD], id="count no ASCII digit"),
        pytest.param([counted(b"9" * 3000), SECOND, THIRD], id="count huge"),
        pytest.param([(NAME, b"3." + GENERATION), SECOND, THIRD], id="no first part"),
        pytest.param([(NAME, b"3.")], id="only a count"),
        pytest.param([(NAME, b".")], id="only a point"),
        pytest.param(
            [FIRST, SECOND, (NAME + b".2", GENERATION + THIRD[1])], id="tag not closed"
        ),
        pytest.param([(NAME, text(LONGEST_COOKIE))], id="longer than we write"),
        pytest.param(
            [FIRST, SECOND, (NAME + b".2", THIRD[1] + text(60_000))],
            id="a part longer than we write",
        ),
        pytest.param(
            [(b"%s.%d" % (NAME, number), b"x") for number in range(5000)], id="a flood"
        ),
    ],
)
def test_26_parts_that_were_not_cut_from_one_text_are_no_session(
    cookies: list[Cookie],
) -> None:
    assert join(NAME, cookies) is None


def test_a_part_that_was_sent_twice_is_no_contradiction() -> None:
    assert join(NAME, [*THREE, SECOND]) == text(9000)


@given(st.data())
def test_26_every_changed_byte_of_a_part_is_no_session(data: st.DataObject) -> None:
    number = data.draw(st.integers(0, 2))
    name, part = THREE[number]
    position = data.draw(st.integers(0, len(part) - 1))
    changed = bytearray(part)
    changed[position] ^= 1 << data.draw(st.integers(0, 7))
    cookies = [*THREE[:number], (name, bytes(changed)), *THREE[number + 1 :]]
    assert join(NAME, cookies) is None
