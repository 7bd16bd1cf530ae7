import copy
from dataclasses import replace
from typing import Any

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


MEMBER = replace(
    ADA,
    roles=("admin", "editor"),
    scopes=("read:notes", "write:notes"),
    organizations=("acme", "umbrella"),
    organization_roles=("acme:member", "umbrella:admin", "acme:two words"),
    organization="acme",
)


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        pytest.param({"roles": ["admin"]}, True, id="role"),
        pytest.param({"roles": ["other", "editor"]}, True, id="any-role"),
        pytest.param({"roles": ["Admin"]}, False, id="role-in-another-case"),
        pytest.param({"roles": ["admi"]}, False, id="part-of-a-role"),
        pytest.param({"roles": ["admin,editor"]}, False, id="roles-with-a-comma"),
        pytest.param({"roles": ["\u0430dmin"]}, False, id="cyrillic-a"),
        pytest.param({"roles": []}, False, id="attack-16-empty-roles"),
        pytest.param({"scopes": ["read:notes"]}, True, id="scope"),
        pytest.param({"scopes": ["read"]}, False, id="part-of-a-scope"),
        pytest.param({"scopes": ["READ:notes"]}, False, id="scope-in-another-case"),
        pytest.param({"scopes": []}, False, id="attack-16-empty-scopes"),
        pytest.param({"organizations": ["acme"]}, True, id="organization"),
        pytest.param({"organizations": ["umbrella"]}, False, id="not-the-chosen-one"),
        pytest.param({"organizations": ["ACME"]}, False, id="organization-exact"),
        pytest.param({"organizations": []}, False, id="attack-16-no-organizations"),
        pytest.param({"organization_roles": ["acme:member"]}, True, id="role-there"),
        pytest.param({"organization_roles": ["acme:two words"]}, True, id="spaces"),
        pytest.param(
            {"organization_roles": ["umbrella:admin"]}, False, id="role-elsewhere"
        ),
        pytest.param({"organization_roles": ["acme:admin"]}, False, id="no-mixture"),
        pytest.param({"organization_roles": ["acme:Member"]}, False, id="role-exact"),
        pytest.param({"organization_roles": []}, False, id="attack-16-no-roles-there"),
        pytest.param(
            {"organizations": ["acme"], "organization_roles": ["acme:member"]},
            True,
            id="organization-and-role",
        ),
        pytest.param(
            {
                "organizations": ["umbrella", "acme"],
                "organization_roles": ["umbrella:admin", "acme:owner"],
            },
            False,
            id="membership-here-role-there",
        ),
        pytest.param({"roles": ["admin"], "scopes": ["none"]}, False, id="every-key"),
        pytest.param([{"roles": ["no"]}, {"scopes": ["read:notes"]}], True, id="or"),
    ],
)
def test_roles_scopes_and_organizations(rule: object, *, expected: bool) -> None:
    assert lets_in(rule, MEMBER) is expected


@pytest.mark.parametrize("key", ["organizations", "organization_roles"])
@pytest.mark.parametrize(
    "who",
    [
        pytest.param(replace(MEMBER, organization=None), id="none-chosen"),
        pytest.param(replace(MEMBER, organizations=("umbrella",)), id="no-member-now"),
        pytest.param(replace(MEMBER, organizations=()), id="of-none"),
        pytest.param(replace(MEMBER, organization="ac"), id="part-of-one"),
        pytest.param(ADA, id="knows-nothing-of-organizations"),
    ],
)
def test_without_an_organization_of_their_own_nobody_matches(
    key: str, who: Identity
) -> None:
    values = {"organizations": ["acme"], "organization_roles": ["acme:member"]}
    assert not lets_in({key: values[key]}, who)


@pytest.mark.parametrize("odd", [None, "admin", 1, ["admin"], {"admin"}], ids=repr)
@pytest.mark.parametrize("key", ["roles", "scopes"])
def test_attack_09_what_is_no_list_of_texts_matches_nothing(
    key: str, odd: object
) -> None:
    odd_ones: dict[str, Any] = {key: odd}
    who = replace(ADA, **odd_ones)
    assert not lets_in({key: ["admin", "a", "1"]}, who)


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
