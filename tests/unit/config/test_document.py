"""Text that is not TOML, and the lines of text that is."""

import json
import tomllib
from collections.abc import Iterator

import pytest
from hypothesis import given, strategies as st

from config.lines import index_lines
from config.problem import Path
from tests.support.configuration import problems

BROKEN = [
    pytest.param(
        "[server]\npublic_url = https://x\n",
        "2: is not valid TOML (column 14): expected a value: strings need quotes",
        id="a string without quotes at all",
    ),
    pytest.param(
        "[server]\nlisten = 127.0.0.1\n",
        "2: is not valid TOML (column 15): expected the end of the line",
        id="an address without quotes",
    ),
    pytest.param(
        "[server]\nlisten\n",
        "2: is not valid TOML (column 7): expected = after the key",
        id="a key without a value",
    ),
    pytest.param(
        '[server]\nlisten = "x\n',
        "2: is not valid TOML (column 12): the string is not closed on its line",
        id="a string that is not closed",
    ),
    pytest.param(
        '[server]\nlisten = "C:\\x"\n',
        "2: is not valid TOML (column 15): \\ begins an escape: write \\\\, "
        "or take single quotes",
        id="a backslash",
    ),
    pytest.param(
        '[server]\nlisten = ["x"\n',
        "2: is not valid TOML (end of the file): "
        "the list is not closed: a comma or ] is missing",
        id="a list that is not closed",
    ),
    pytest.param(
        "[server]\n= 1\n",
        "2: is not valid TOML (column 1): expected a key, a table or a comment",
        id="a value without a key",
    ),
    pytest.param(
        "[server]\na = 1\nb = 2\na = 3\n",
        "4: server.a: is given twice: also on line 2; keep one",
        id="a key twice",
    ),
    pytest.param(
        "[server]\na = 1\n[admin]\n[server]\n",
        "4: server: is given twice: also on line 1; keep one",
        id="a table twice",
    ),
    pytest.param(
        "[[routes]]\na = 1\n[[routes]]\na = 1\n\n'a' = 2\n",
        "6: routes[1].a: is given twice: also on line 4; keep one",
        id="a key twice in a list of tables",
    ),
    pytest.param(
        "x = { a = 1, a = 2 }\n",
        "1: x.a: is given twice: also on line 1; keep one",
        id="a key twice in an inline table",
    ),
    pytest.param(
        "server.a = 1\n[server]\n",
        "2: a key or table is given twice; keep one",
        id="a table that dotted keys made",
    ),
]


@pytest.mark.parametrize(("text", "expected"), BROKEN)
def test_broken_toml_names_the_line_and_what_was_expected(
    text: str, expected: str
) -> None:
    assert problems(text) == [f"gateway.toml:{expected}"]


@pytest.mark.parametrize(
    "text", ["x = 1" + "0" * 5000, "x = " + "[" * 5000], ids=["digits", "depth"]
)
def test_a_value_that_is_too_large_is_a_problem_not_an_accident(text: str) -> None:
    assert problems(text)


def test_keys_are_found_in_every_way_of_writing_them() -> None:
    text = """\
# a comment = with [brackets]
top = 1

[server] # comment
listen = [ # comment ]
  "a, ]",   # = "x"
  'b',
]
"quoted key" = '''
[not.a.table]
key = "not a key"
'''
dotted . key = "#"
text = \"\"\"
\\\""" not the end
\"\"\"
[[routes]]
allow = [{ x_ids = ["1"] }, { a = { b = 1 } },
  { c = 2 }]
[routes.inner]
x = 1979-05-27 07:32:00
[[routes]]
a = -1.5e3
"""
    tomllib.loads(text)
    assert index_lines(text).lines == {
        ("top",): 2,
        ("server",): 4,
        ("server", "listen"): 5,
        ("server", "listen", 0): 6,
        ("server", "listen", 1): 7,
        ("server", "quoted key"): 9,
        ("server", "dotted"): 13,
        ("server", "dotted", "key"): 13,
        ("server", "text"): 14,
        ("routes",): 17,
        ("routes", 0): 17,
        ("routes", 0, "allow"): 18,
        ("routes", 0, "allow", 0): 18,
        ("routes", 0, "allow", 0, "x_ids"): 18,
        ("routes", 0, "allow", 0, "x_ids", 0): 18,
        ("routes", 0, "allow", 1): 18,
        ("routes", 0, "allow", 1, "a"): 18,
        ("routes", 0, "allow", 1, "a", "b"): 18,
        ("routes", 0, "allow", 2): 19,
        ("routes", 0, "allow", 2, "c"): 19,
        ("routes", 0, "inner"): 20,
        ("routes", 0, "inner", "x"): 21,
        ("routes", 1): 22,
        ("routes", 1, "a"): 23,
    }


Value = st.recursive(
    st.integers(-(2**63), 2**63 - 1) | st.booleans() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3)
    ),
    max_leaves=8,
)


def paths(value: object, path: Path = ()) -> Iterator[Path]:
    if path:
        yield path
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from paths(inner, (*path, key))
    if isinstance(value, list):
        for index, inner in enumerate(value):
            yield from paths(inner, (*path, index))


def quoted(text: str) -> str:
    encoded = json.dumps(text, ensure_ascii=False)
    return "".join(
        f"\\u{ord(sign):04x}" if sign < " " or sign == "\x7f" else sign
        for sign in encoded
    )


def toml(value: object) -> str:
    if isinstance(value, dict):
        pairs = (f"{quoted(key)} = {toml(inner)}" for key, inner in value.items())
        return f"{{{', '.join(pairs)}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(toml, value))}]"
    return quoted(value) if isinstance(value, str) else str(value).lower()


@given(st.dictionaries(st.text(), Value, max_size=4))
def test_every_key_that_tomllib_finds_has_the_line_it_stands_on(
    document: dict[str, object],
) -> None:
    lines = [f"{quoted(key)} = {toml(value)}" for key, value in document.items()]
    text = "\n".join(lines)
    assert tomllib.loads(text) == document
    found = index_lines(text).lines
    assert set(found) == set(paths(document))
    for line, key in enumerate(document, 1):
        assert found[(key,)] == line


@given(st.text(alphabet="[]{}=.,#\"'\\\n ax1", max_size=40))
def test_no_text_breaks_the_scanner(text: str) -> None:
    index_lines(text)
