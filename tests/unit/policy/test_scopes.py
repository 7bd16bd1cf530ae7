"""Which scopes would have been enough."""

import pytest

from config.allow import Allow, AnyOf, Anyone, Condition
from gateway.identity.identity import Identity
from gateway.policy.scopes import missing_scopes

WHO = Identity("s", None, None, None, None, None, False, None, scopes=("a",))  # noqa: FBT003


def any_of(*conditions: Condition) -> AnyOf:
    return AnyOf(conditions)


def scopes(*names: str) -> frozenset[str]:
    return frozenset(names)


@pytest.mark.parametrize(
    ("allow", "missing"),
    [
        pytest.param(None, (), id="nothing asked"),
        pytest.param(Anyone(), (), id="anyone"),
        pytest.param(any_of(), (), id="nobody"),
        pytest.param(any_of(Condition(scopes=scopes("c", "b"))), ("b", "c"), id="any"),
        pytest.param(any_of(Condition(scopes=scopes("a"))), (), id="there is one"),
        pytest.param(any_of(Condition(scopes=scopes())), (), id="an empty list"),
        pytest.param(
            any_of(Condition(scopes=scopes("b"), subjects=frozenset({"s"}))),
            ("b",),
            id="with the right subject",
        ),
        pytest.param(
            any_of(Condition(scopes=scopes("b"), subjects=frozenset({"other"}))),
            (),
            id="with another subject a scope would not do",
        ),
        pytest.param(
            any_of(
                Condition(scopes=scopes("b"), x_ids=frozenset({"1"})),
                Condition(scopes=scopes("c")),
            ),
            ("c",),
            id="only of the condition that it would meet",
        ),
    ],
)
def test_scopes_that_would_do(allow: Allow | None, missing: tuple[str, ...]) -> None:
    assert missing_scopes(allow, WHO) == missing
