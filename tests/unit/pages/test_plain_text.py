import unicodedata

import pytest
from hypothesis import given, strategies as st

from gateway.pages.plain_text import plain, plain_bytes


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("Ada Lovelace", "Ada Lovelace", id="a name"),
        pytest.param(
            "日本語 العربية עברית 👩‍💻", "日本語 العربية עברית 👩‍💻", id="every script"
        ),
        pytest.param("  a \t\r\n b  ", "a b", id="white space"),
        pytest.param("a\x00b", "a\ufffdb", id="control"),
        pytest.param("a\u202eb", "a\ufffdb", id="right to left override"),
        pytest.param("a\ud800b", "a\ufffdb", id="lone surrogate"),
        pytest.param("a" * 200, "a" * 200, id="just short enough"),
        pytest.param("a" * 201, "a" * 199 + "…", id="one too long"),
        pytest.param("", "", id="nothing"),
    ],
)
def test_text_is_one_visible_line(text: str, shown: str) -> None:
    assert plain(text) == shown


@given(text=st.text(), limit=st.integers(1, 50))
def test_no_text_is_long_or_hides_anything(text: str, limit: int) -> None:
    shown = plain(text, limit)
    assert len(shown) <= limit
    assert not any(
        unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"}
        for character in shown
    )
    assert plain(shown, limit) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        pytest.param(b"ada", "ada", id="ASCII"),
        pytest.param("Zoë".encode(), "Zoë", id="UTF-8"),
        pytest.param(b"Zo\xeb", "Zo\ufffd", id="not UTF-8"),
        pytest.param(
            "日".encode() * 500, "日" * 199 + "…", id="cut inside a character"
        ),
    ],
)
def test_bytes_are_read_as_utf8(value: bytes, shown: str) -> None:
    assert plain_bytes(value) == shown
