"""Configurations by chance: either settings, or problems that say where they stand."""

import re

import pytest
from hypothesis import given, strategies as st

from config.loader import load_text
from config.problem import ConfigurationError
from config.settings import Settings
from tests.support.configuration import KEY, SMALLEST
from tests.support.fuzzing import briefly
from tests.support.project import ROOT

EXAMPLE = (ROOT / "gateway.example.toml").read_text("utf-8")
WORKS = EXAMPLE.replace('keys = ["..."]', f'keys = ["{KEY}"]')
LINES = [line.lstrip("#") for line in WORKS.splitlines() if " = " in line]
LINES += [line for line in WORKS.splitlines() if line.startswith("[")]
KEYS = sorted({line.partition(" = ")[0].strip() for line in LINES if " = " in line})
VALUES = (
    "true", "false", "0", "-1", "1", "1e9", "nan", "inf", '""', '"x"', '"30s"',
    '"64KiB"',
    '"anyone"', "[]", "[[]]", "{}", "{ x_ids = [] }", "[{}]", '["a", 1]', '"\\u0000"',
    '"\\uD7FF"', "1979-05-27T07:32:00Z", "'''\n'''", '"http://127.0.0.1:1"',
    "99999999999999",
    '"https://app.example.com"', '"unix:/x"', '"/a/../b"', '"é"',
    '"' + "a" * 5000 + '"',
    "[" * 50 + "]" * 50,
)  # fmt: skip
PLACE = re.compile(r"(gateway\.toml(:\d+)?|environment|[^:]+)(: .+)+", re.DOTALL)

lines = st.one_of(
    st.sampled_from(LINES),
    st.tuples(st.sampled_from(KEYS), st.sampled_from(VALUES)).map(" = ".join),
    st.sampled_from(
        ("[routes]", "[[server]]", "[x]", "[[routes]]", "[server.x]", "x", "=")
    ),
    st.text(max_size=30),
)


@st.composite
def files(draw: st.DrawFn) -> str:
    """A file that works, or nearly: lines changed, doubled, gone, and of elsewhere."""
    text = [
        line
        for header, keys in SMALLEST.items()
        for line in (header, *(f"{key} = {value}" for key, value in keys.items()))
    ]
    for _ in range(draw(st.integers(0, 5))):
        place = draw(st.integers(0, len(text)))
        gone = draw(st.integers(0, 1))
        text[place : place + gone] = draw(st.lists(lines, max_size=2))
    return "\n".join(text)


variables = st.dictionaries(
    st.sampled_from([
        "GATEWAY_SERVER_LISTEN", "GATEWAY_SERVER_PUBLIC_URL", "GATEWAY_SESSION_KEYS",
        "GATEWAY_LOGTO_APP_SECRET", "GATEWAY_LOGTO_APP_SECRET_FILE",
        "GATEWAY_ROUTES_PATH",
        "GATEWAY_LIMITS_CONNECTIONS", "GATEWAY_X", "GATEWAY_", "GATEWAY_PORT", "PATH",
    ]),
    st.one_of(st.text(max_size=20), st.sampled_from(("", "1", "30s", KEY, "a,b",
    "/x"))),
    max_size=3,
)  # fmt: skip


@given(files(), variables)
@briefly(120)
def test_a_file_is_read_or_every_problem_says_where(
    text: str, environ: dict[str, str]
) -> None:
    try:
        settings = load_text(text, environ)
    except ConfigurationError as error:
        problems = error.problems
    else:
        assert isinstance(settings, Settings)
        return
    assert problems
    for problem in problems:
        assert PLACE.fullmatch(str(problem)), problem
        if problem.line is not None:
            assert 1 <= problem.line <= text.count("\n") + 1


@given(st.text(max_size=200))
@briefly(120)
def test_no_text_makes_it_fail(text: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load_text("[server]\n" + text)
    assert caught.value.problems
