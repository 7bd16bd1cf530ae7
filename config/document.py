"""From the text of the file to its tables, or to the line that is not TOML."""

import re
import tomllib

from config.lines import LineIndex, index_lines
from config.problem import ConfigurationError, Problem, dotted

_PLACE = re.compile(r"\(at line (\d+), column (\d+)\)$")
_GIVEN_TWICE = ("Cannot overwrite", "Cannot declare", "Cannot mutate", "Duplicate")
_EXPECTED = {
    "Invalid value": "expected a value: strings need quotes",
    "Expected '=' after": "expected = after the key",
    "Expected newline": "expected the end of the line",
    "Invalid statement": "expected a key, a table or a comment",
    "Invalid initial character": "expected a key",
    "Unescaped '\\' in a string": (
        "\\ begins an escape: write \\\\, or take single quotes"
    ),
    "Illegal character": "the string is not closed on its line",
    "Unterminated string": "the string is not closed",
    "Unclosed array": "the list is not closed: a comma or ] is missing",
    "Unclosed inline table": "the table is not closed: a comma or } is missing",
}
"""By how tomllib begins; its own words may hold a value, ours never do."""


def parse_document(text: str, name: str) -> tuple[dict[str, object], LineIndex]:
    """Return the tables of *text*, and the lines on which their keys stand.

    Raises ConfigurationError, which calls the text *name*, where it is not TOML.
    """
    text = text.removeprefix("\ufeff")
    try:
        return tomllib.loads(text), index_lines(text)
    except tomllib.TOMLDecodeError as error:
        problem = _problem(str(error), text, name)
    except (ValueError, RecursionError):
        problem = Problem(name, None, "", "is not valid TOML: a value is too large")
    raise ConfigurationError([problem])


def _problem(message: str, text: str, name: str) -> Problem:
    place = _PLACE.search(message)
    line = int(place[1]) if place else max(1, len(text.splitlines()))
    if message.startswith(_GIVEN_TWICE):
        return _given_twice(text, name, line)
    expected = next(
        (ours for theirs, ours in _EXPECTED.items() if message.startswith(theirs)), ""
    )
    where = f"column {place[2]}" if place else "end of the file"
    sentence = f"is not valid TOML ({where})"
    return Problem(name, line, "", f"{sentence}: {expected}" if expected else sentence)


def _given_twice(text: str, name: str, line: int) -> Problem:
    twice = next(iter(index_lines(text).twice), None)
    if twice is None:
        return Problem(name, line, "", "a key or table is given twice; keep one")
    sentence = f"is given twice: also on line {twice.first}; keep one"
    return Problem(name, twice.line, dotted(twice.path), sentence)
