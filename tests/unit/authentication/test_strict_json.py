import json
from contextlib import suppress

import pytest
from hypothesis import given, strategies as st

from gateway.authentication.strict_json import NotStrictJson, parse_object

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=4,
)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"<html>", id="HTML"),
        pytest.param(b"[]", id="list"),
        pytest.param(b'"text"', id="text"),
        pytest.param(b"null", id="null"),
        pytest.param(b"{", id="cut off"),
        pytest.param(b"{} {}", id="two"),
        pytest.param(b'{"a": NaN}', id="NaN"),
        pytest.param(b'{"a": -Infinity}', id="Infinity"),
        pytest.param(b'{"a": 1, "a": 2}', id="a name twice"),
        pytest.param(b'{"b": {"a": 1, "\\u0061": 2}}', id="a name twice, escaped"),
        pytest.param(b'{"a": "\\ud800"}', id="lone surrogate"),
        pytest.param(b'{"\\udfff": 1}', id="lone surrogate in a name"),
        pytest.param(b'{"a": "\xff"}', id="not UTF-8"),
        pytest.param('{"a": 1}'.encode("utf-16"), id="UTF-16"),
        pytest.param(b'\xef\xbb\xbf{"a": 1}', id="byte order mark"),
        pytest.param(b'{"a":' + b"[" * 100_000, id="endless nesting"),
        pytest.param(b'{"a":' + b"9" * 10_000 + b"}", id="endless number"),
    ],
)
def test_what_readers_may_read_differently_is_refused(data: bytes) -> None:
    with pytest.raises(NotStrictJson) as caught:
        parse_object(data)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


@given(st.dictionaries(st.text(), VALUES, max_size=4), st.booleans())
def test_every_object_is_read_as_it_is(
    value: dict[str, object],
    escaped: bool,  # noqa: FBT001
) -> None:
    data = json.dumps(value, ensure_ascii=escaped).encode()
    assert parse_object(data) == value


def test_a_pair_of_surrogate_escapes_is_a_character() -> None:
    assert parse_object(b'{"name": "\\ud83d\\ude00"}') == {"name": "\U0001f600"}


@given(st.binary())
def test_no_bytes_raise_anything_else(data: bytes) -> None:
    with suppress(NotStrictJson):
        parse_object(data)
