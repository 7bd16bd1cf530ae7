"""On which line does a key of a TOML file stand?

`tomllib` gives values without places. This scanner knows the grammar (TOML 1.0) just
well enough to tell keys from values; it reads what `tomllib` accepted, or the lines
before the place that `tomllib` refused, and never raises.
"""

import re
import tomllib
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field

from config.problem import Path

_SPACE = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_KEY = re.compile(r'[A-Za-z0-9_-]+|"(?:[^"\\\n]|\\.)*"|\'[^\'\n]*\'')
_DOT = re.compile(r"[ \t]*\.[ \t]*")
_VALUE = re.compile(
    r'"""(?:[^\\]|\\.)*?"{3,5}'
    r"|'''.*?'{3,5}"
    r'|"(?:[^"\\\n]|\\.)*"'
    r"|'[^'\n]*'"
    r"|[^][{},#\n\"'=]+",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Twice:
    """A key or table that is written on two lines."""

    path: Path
    first: int
    line: int


@dataclass(slots=True)
class LineIndex:
    """The line of each table, key and list item, and what is written twice."""

    lines: dict[Path, int] = field(default_factory=dict)
    twice: list[Twice] = field(default_factory=list)


class _Lost(Exception):  # noqa: N818 - a way out, not an error
    """The text is not TOML from here on."""


def index_lines(text: str) -> LineIndex:
    """Return the lines (from 1) on which the keys of *text* stand."""
    scanner = _Scanner(text)
    with suppress(_Lost, RecursionError):
        scanner.document()
    return scanner.index


class _Scanner:
    def __init__(self, text: str) -> None:
        self.text = text
        self.index = LineIndex()
        self._position = 0
        self._line = 1
        self._counted = 0
        self._lists: Counter[Path] = Counter()
        self._written: dict[Path, int] = {}

    def document(self) -> None:
        table: Path = ()
        while self._more():
            if self._skip("[["):
                table = self._list_item(self._key())
                self._expect("]]")
            elif self._skip("["):
                table = self._resolve(self._key())
                self._note(table, defines=True)
                self._expect("]")
            else:
                self._pair(table)

    def _list_item(self, key: Path) -> Path:
        path = (*self._resolve(key[:-1]), key[-1])
        self._note(path)
        self._lists[path] += 1
        item = (*path, self._lists[path] - 1)
        self._note(item)
        return item

    def _resolve(self, key: Path) -> Path:
        """Return the path of a table: a list of tables means its newest one."""
        path: Path = ()
        for part in key:
            path = (*path, part)
            if path in self._lists:
                path = (*path, self._lists[path] - 1)
        return path

    def _pair(self, table: Path) -> None:
        key = self._key()
        for length in range(1, len(key)):
            self._note((*table, *key[:length]))
        path = (*table, *key)
        self._note(path, defines=True)
        self._space()
        self._expect("=")
        self._space()
        self._value(path)

    def _value(self, path: Path) -> None:
        if self._skip("["):
            self._items(path)
        elif self._skip("{"):
            self._inline_table(path)
        else:
            self._take(_VALUE)

    def _items(self, path: Path) -> None:
        number = 0
        while not self._closed("]"):
            self._note((*path, number))
            self._value((*path, number))
            number += 1

    def _inline_table(self, path: Path) -> None:
        while not self._closed("}"):
            self._pair(path)

    def _closed(self, bracket: str) -> bool:
        """Pass what stands between two items; tell whether the last one was read."""
        self._space()
        self._skip(",")
        self._space()
        return self._skip(bracket)

    def _key(self) -> Path:
        self._space()
        parts = [self._key_part()]
        while match := _DOT.match(self.text, self._position):
            self._position = match.end()
            parts.append(self._key_part())
        self._space()
        return tuple(parts)

    def _key_part(self) -> str:
        part = self._take(_KEY)
        if part[0] not in "\"'":
            return part
        try:
            return str(tomllib.loads(f"key = {part}")["key"])
        except tomllib.TOMLDecodeError:
            raise _Lost from None

    def _note(self, path: Path, *, defines: bool = False) -> None:
        self._line += self.text.count("\n", self._counted, self._position)
        self._counted = self._position
        self.index.lines.setdefault(path, self._line)
        if not defines:
            return
        if path in self._written:
            twice = Twice(path, self._written[path], self._line)
            self.index.twice.append(twice)
        self._written.setdefault(path, self._line)

    def _more(self) -> bool:
        self._space()
        return self._position < len(self.text)

    def _space(self) -> None:
        match = _SPACE.match(self.text, self._position)
        self._position = self._position if match is None else match.end()

    def _skip(self, sign: str) -> bool:
        if not self.text.startswith(sign, self._position):
            return False
        self._position += len(sign)
        return True

    def _expect(self, sign: str) -> None:
        if not self._skip(sign):
            raise _Lost

    def _take(self, pattern: re.Pattern[str]) -> str:
        match = pattern.match(self.text, self._position)
        if match is None:
            raise _Lost
        self._position = match.end()
        return match[0]
