import copy
from dataclasses import replace

import pytest

from config.allow import AnyOf, Anyone, Condition, parse_allow
from gateway.identity.identity import Identity
from gateway.policy.allow import refusal

ADA = Identity(
    sub="u1",
    username="logto_ada",
    x_username="Ada_L",
    x_id="42",
    name="Ada L.",
    email="ada@good.com",
    email_verified=True,
    picture=None,
)


def lets_in(rule: object, identity: Identity = ADA) -> bool:
    allow = parse_allow(rule)
    assert allow is not None
    return refusal(allow, identity) is None


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        pytest.param("anyone", True, id="anyone"),
        pytest.param({"x_ids": ["42"]}, True, id="x-id"),
        pytest.param({"x_ids": ["1", "42"]}, True, id="any-value"),
        pytest.param({"x_ids": ["4", "421"]}, False, id="x-id-exact"),
        pytest.param({"x_usernames": ["ada_l"]}, True, id="handle-in-another-case"),
        pytest.param({"x_usernames": ["ADA_L"]}, True, id="handle-in-capitals"),
        pytest.param({"x_usernames": ["ada"]}, False, id="handle-exact"),
        pytest.param({"x_usernames": ["logto_ada"]}, False, id="username-is-no-handle"),
        pytest.param({"subjects": ["u1"]}, True, id="subject"),
        pytest.param({"subjects": ["U1"]}, False, id="subject-exact"),
        pytest.param({"emails": ["Ada@Good.com"]}, True, id="email-in-another-case"),
        pytest.param({"emails": ["a@good.com"]}, False, id="email-exact"),
        pytest.param({"email_domains": ["GOOD.com"]}, True, id="domain"),
        pytest.param({"email_domains": ["od.com"]}, False, id="attack-16-suffix"),
        pytest.param({"email_domains": ["mail.good.com"]}, False, id="subdomain"),
        pytest.param({"x_ids": ["42"], "subjects": ["u1"]}, True, id="every-key"),
        pytest.param({"x_ids": ["42"], "subjects": ["u2"]}, False, id="one-key-fails"),
        pytest.param(
            {"emails": ["ada@good.com"], "email_domains": ["evil.com"]},
            False,
            id="email-but-not-its-domain",
        ),
        pytest.param([{"x_ids": ["1"]}, {"subjects": ["u1"]}], True, id="one-of-two"),
        pytest.param([{"x_ids": ["1"]}, {"subjects": ["u2"]}], False, id="none-of-two"),
        pytest.param([], False, id="attack-16-no-conditions"),
        *(
            pytest.param({key: []}, False, id=f"attack-16-empty-{key}")
            for key in ("x_ids", "x_usernames", "subjects", "emails", "email_domains")
        ),
        pytest.param({"x_ids": [], "subjects": ["u1"]}, False, id="one-list-empty"),
    ],
)
def test_who_is_let_in(rule: object, *, expected: bool) -> None:
    assert lets_in(rule) is expected


EMAIL_RULES = [{"emails": ["ada@good.com"]}, {"email_domains": ["good.com"]}]


@pytest.mark.parametrize("rule", EMAIL_RULES, ids=["emails", "email_domains"])
@pytest.mark.parametrize("mark", [False, None, 0, 1, "true", [True]], ids=repr)
def test_attack_16_an_unverified_email_never_matches(
    rule: object, mark: object
) -> None:
    ada = replace(ADA, email_verified=mark)  # type: ignore[arg-type]  # hostile
    assert not lets_in(rule, ada)


@pytest.mark.parametrize("rule", EMAIL_RULES, ids=["emails", "email_domains"])
@pytest.mark.parametrize(
    "email",
    [
        pytest.param(None, id="absent"),
        pytest.param("", id="empty"),
        pytest.param("ada@evil@good.com", id="two-ats"),
        pytest.param('"ada@good.com"@evil', id="quoted"),
        pytest.param("ada\N{FULLWIDTH COMMERCIAL AT}good.com", id="full-width-at"),
        pytest.param("ada@good.com.", id="trailing-dot"),
        pytest.param("ada@good.com\x00", id="nul"),
        pytest.param("ada@evil.com\x00@good.com", id="nul-inside"),
        pytest.param(" ada@good.com", id="space"),
        pytest.param("ada@good.com\n", id="newline"),
        pytest.param(["ada@good.com"], id="list"),
        pytest.param(b"ada@good.com", id="bytes"),
    ],
)
def test_attack_16_an_odd_email_never_matches(rule: object, email: object) -> None:
    ada = replace(ADA, email=email)  # type: ignore[arg-type]  # hostile
    assert not lets_in(rule, ada)


@pytest.mark.parametrize(
    ("attribute", "rule"),
    [
        ("x_id", {"x_ids": ["42"]}),
        ("x_username", {"x_usernames": ["ada_l"]}),
        ("sub", {"subjects": ["u1"]}),
    ],
)
@pytest.mark.parametrize(
    "garbage", [None, "", 42, True, [], ["42", "u1", "ada_l"], {}, b"42"], ids=repr
)
def test_attack_09_garbage_in_an_attribute_never_matches(
    attribute: str, rule: object, garbage: object
) -> None:
    odd = copy.copy(ADA)
    object.__setattr__(odd, attribute, garbage)
    assert not lets_in(rule, odd)


def test_what_only_folds_to_a_handle_is_another() -> None:
    ada = replace(ADA, x_username="\N{KELVIN SIGN}im")
    assert not lets_in({"x_usernames": ["kim"]}, ada)


def test_a_handle_may_be_written_with_its_at() -> None:
    allow = AnyOf((Condition(x_usernames=frozenset({"@Ada_L"})),))
    assert refusal(allow, ADA) is None


def test_attack_09_a_condition_without_keys_matches_nobody() -> None:
    assert refusal(AnyOf((Condition(),)), ADA) is not None


def test_attack_09_an_unknown_rule_lets_nobody_in() -> None:
    with pytest.raises(AssertionError):
        refusal("anyone", ADA)  # type: ignore[arg-type]  # hostile


def test_anyone_is_anyone() -> None:
    assert refusal(Anyone(), ADA) is None


def test_the_reason_names_the_rules_and_no_person() -> None:
    allow = parse_allow([{"x_ids": ["7"]}, {"emails": ["bob@good.com"]}])
    assert allow is not None
    reason = refusal(allow, ADA)
    assert reason is not None
    assert "x_ids" in reason
    assert "emails" in reason
    for secret in ("42", "ada", "Ada", "u1", "bob", "7"):
        assert secret not in reason
