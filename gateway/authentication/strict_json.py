"""JSON objects from outside, read without leniency (RFC 8259, RFC 7493)."""

import json
import re
from collections.abc import Mapping
from typing import NoReturn

_SURROGATE_ESCAPE = re.compile(r"\\u[dD][89a-fA-F]")


class NotStrictJson(Exception):  # noqa: N818 - says what is the case
    """The text is not one JSON object that every reader would read alike."""


def parse_object(data: bytes) -> Mapping[str, object]:
    """Return the JSON object that *data* holds in UTF-8.

    Raises NotStrictJson for anything else: other encodings, NaN and Infinity, a name
    twice in one object (RFC 7493 section 2.3), lone surrogates, endless nesting.
    """
    try:
        text = data.decode("utf-8")
        value = json.loads(
            text, object_pairs_hook=_without_repeats, parse_constant=_no_constant
        )
        if _SURROGATE_ESCAPE.search(text):
            json.dumps(value, ensure_ascii=False).encode("utf-8")
    except (ValueError, RecursionError):
        # The cause would carry the text itself, with whatever secrets are in it.
        raise NotStrictJson("not JSON") from None
    if not isinstance(value, dict):
        raise NotStrictJson("not a JSON object")
    return value


def _without_repeats(pairs: list[tuple[str, object]]) -> dict[str, object]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise ValueError("a name twice")
    return result


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)
