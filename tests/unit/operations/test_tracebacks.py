"""What the log says of exceptions: everything but what they were about (attack 36)."""

import pytest

from gateway.operations.tracebacks import (
    MOST_EXCEPTIONS,
    MOST_PLACES,
    Described,
    described,
    without_secrets,
)


def failing(secret: str) -> Described:
    token = f"local-{secret}"
    error = None
    try:
        int("no good")
    except ValueError as raised:
        error = raised
    assert error is not None, token
    (told,) = described(error)
    return told


def test_no_local_variable_is_told() -> None:
    told = failing("hunter2")
    assert (told.type, told.words) == (
        "ValueError",
        "invalid literal for int() with base 10: 'no good'",
    )
    assert len(told.places) == 1
    assert told.places[0].startswith("tests/unit/operations/test_tracebacks.py:")
    assert told.places[0].endswith(" failing")
    assert "hunter2" not in repr(told)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        pytest.param("eyJhbGciOiJFUzM4NCJ9.eyJzdWIiOiJ4In0.c2ln", "…", id="a JWT"),
        pytest.param("GET /a?code=c&state=s failed", "GET /a?… failed", id="a query"),
        pytest.param("URL('/a?code=c')", "URL('/a?…')", id="a query in quotes"),
        pytest.param(
            "__Host-gateway=c2VhbGVkLWNvb2tpZQ", "__Host-gateway=…", id="cookie"
        ),
        pytest.param(f"key {'k' * 43}", "key …", id="a key"),
        pytest.param("[Errno 111] refused", "[Errno 111] refused", id="nothing secret"),
        pytest.param(
            "gateway.authentication.logto_provider",
            "gateway.authentication.logto_provider",
            id="a module",
        ),
    ],
)
def test_what_looks_like_a_secret_is_cut_out(text: str, left: str) -> None:
    assert without_secrets(text) == left
    assert described(ValueError(text))[0].words == left


def test_causes_and_members_of_groups_are_told() -> None:
    cause, context = KeyError("cause"), OSError("context")
    first, second = ValueError("first"), ValueError("second")
    first.__cause__ = cause
    second.__context__ = context
    group = ExceptionGroup("both", [first, second])
    types = [told.type for told in described(group)]
    assert types == [
        "ExceptionGroup",
        "ValueError",
        "KeyError",
        "ValueError",
        "OSError",
    ]


def test_what_is_told_is_bounded() -> None:
    error: Exception = ValueError("x y" * 1000)
    for _ in range(20):
        outer = ValueError("outer")
        outer.__cause__ = error
        error = outer
    assert len(described(error)) == MOST_EXCEPTIONS

    def deep(levels: int) -> None:
        if not levels:
            raise ValueError("x y" * 1000)
        deep(levels - 1)

    with pytest.raises(ValueError, match="x y") as raised:
        deep(50)
    (told,) = described(raised.value)
    assert len(told.places) == MOST_PLACES
    assert len(told.words) == 512
