"""What the log says of an exception: its type, words and places, never the locals.

Locals hold tokens, keys and cookies (attack 36); the words of an exception can quote
them, so whatever looks like one is cut out.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from traceback import extract_tb

MOST_EXCEPTIONS = 6  # of a chain or a group
MOST_PLACES = 20  # the innermost ones
LONGEST_WORDS = 512  # characters
_HOME = Path(__file__).resolve().parents[2]

# A JWT or what is left of one; a query; the value of a cookie or a parameter; and
# whatever is long and has no structure, as keys and sealed cookies are.
_SECRETS = re.compile(
    r"eyJ[\w.-]+|(?<=\?)[^\s'\"<>]+|(?<==)[\w%.~+/-]{8,}|[A-Za-z0-9_+-]{32,}"
)


@dataclass(frozen=True, slots=True)
class Described:
    """An exception: *type*, *words*, and the *places* it passed, outermost first."""

    type: str
    words: str
    places: tuple[str, ...]


def described(error: BaseException) -> list[Described]:
    """Return *error*, the members of a group, and what caused it."""
    return [_one(each) for each in islice(_chain(error), MOST_EXCEPTIONS)]


def without_secrets(text: str) -> str:
    """Return *text* without what looks like a token, a key, a query or a cookie."""
    return _SECRETS.sub("…", text)


def _one(error: BaseException) -> Described:
    return Described(
        type(error).__qualname__,
        without_secrets(str(error))[:LONGEST_WORDS],
        tuple(
            f"{_short(frame.filename)}:{frame.lineno} {frame.name}"
            for frame in extract_tb(error.__traceback__)[-MOST_PLACES:]
        ),
    )


def _chain(error: BaseException) -> Iterator[BaseException]:
    yield error
    if isinstance(error, BaseExceptionGroup):
        for member in error.exceptions:
            yield from _chain(member)
    if error.__cause__ is not None:
        yield from _chain(error.__cause__)
    elif error.__context__ is not None and not error.__suppress_context__:
        yield from _chain(error.__context__)


def _short(filename: str) -> str:
    """Return *filename* from the folder of this installation on."""
    path = Path(filename)
    return str(path.relative_to(_HOME)) if path.is_relative_to(_HOME) else filename
