"""Roles, permissions and organizations are explained as they decide."""

import json

import pytest

from config.loader import load_text
from gateway.explaining.asked import asked
from gateway.explaining.claims_file import ClaimsUnusable, shown_in
from gateway.explaining.explain import Explainer
from gateway.explaining.explanation import Explanation, Otherwise, Rule
from tests.support.configuration import written

MORE = """
[[routes]]
path = "/team"
upstream = "http://127.0.0.1:3001"
allow = [
  { roles = ["admin"] },
  { organizations = ["acme", "umbrella"], scopes = ["bill"] },
  { organization_roles = ["acme:owner"] },
]
[[routes]]
path = "/danger"
upstream = "http://127.0.0.1:3001"
allow = "anyone"
require = { signed_in_within = "15m" }
"""
ROLES = "roles lists none of the person's"
SCOPES = "scopes lists none of the person's"
NONE = "organizations and organization_roles need an organization to act for"
ELSEWHERE = "organization_roles lists none that the person has there"
ADA: dict[str, object] = {
    "sub": "u1",
    "roles": ["Admin", "editor"],
    "organizations": ["acme", "umbrella", "third"],
    "organization_roles": ["acme:member", "umbrella:owner"],
}


def explain(
    claims: dict[str, object], path: str = "/team", logto: str = "{}"
) -> Explanation:
    organization = {"organization": logto} if logto != "{}" else {}
    settings = load_text(written(logto=organization) + MORE)
    shown = shown_in(json.dumps(claims).encode(), ())
    request = asked("GET", path, settings.server.public_url)
    return Explainer.of(settings).explain(request, shown)


def rules(told: Explanation) -> list[tuple[bool, tuple[str, ...]]]:
    return [(rule.met, rule.unmet) for rule in told.rules]


def test_rules_are_told_in_order_with_all_that_is_not_met() -> None:
    told = explain(ADA | {"organization": "acme"})
    assert told.rules == (
        Rule("roles admin", met=False, unmet=(ROLES,)),
        Rule(
            "scopes bill and organizations acme, umbrella", met=False, unmet=(SCOPES,)
        ),
        Rule("organization_roles acme:owner", met=False, unmet=(ELSEWHERE,)),
    )
    assert told.outcome.decision == "forbid"
    assert told.outcome.reason == (
        f"No condition of allow is met: {ROLES}; {SCOPES}; {ELSEWHERE}."
    )


@pytest.mark.parametrize(
    ("claims", "met"),
    [
        pytest.param({"roles": ["admin"]}, [True, False, False], id="a role"),
        pytest.param(
            {"organization": "umbrella", "scopes": ["bill"]},
            [False, True, False],
            id="a permission in the chosen one",
        ),
        pytest.param(
            {"organization": "acme", "organization_roles": ["acme:owner"]},
            [False, False, True],
            id="a role in the chosen one",
        ),
        pytest.param(
            {"organization": "umbrella", "organization_roles": ["acme:owner"]},
            [False, False, False],
            id="a role in another one",
        ),
        pytest.param(
            {"organizations": ["umbrella", "third"], "scopes": ["bill"]},
            [False, True, False],
            id="the only one that counts is not chosen",
        ),
    ],
)
def test_which_rule_is_met(claims: dict[str, object], met: list[bool]) -> None:
    told = explain(ADA | claims)
    assert [rule.met for rule in told.rules] == met
    assert (told.outcome.decision == "permit") is any(met)


def test_who_has_not_chosen_is_sent_to_choose() -> None:
    told = explain(ADA | {"scopes": ["bill"]})
    assert rules(told)[1:] == [(False, (NONE,)), (False, (NONE,))]
    assert (told.outcome.decision, told.outcome.status) == ("choose", 403)
    assert "choose an organization" in told.outcome.reason


def test_a_fixed_organization_is_not_chosen() -> None:
    member = explain(ADA | {"scopes": ["bill"]}, logto='"umbrella"')
    assert member.outcome.decision == "permit"
    stranger = explain(ADA | {"organizations": ["acme"]}, logto='"umbrella"')
    assert stranger.outcome.decision == "forbid"


def test_a_recent_sign_in_is_told_where_a_route_requires_one() -> None:
    told = explain(ADA, "/danger")
    assert told.outcome.decision == "permit"
    (too_old,) = [one for one in told.otherwise if "longer ago" in one.when]
    assert too_old == Otherwise(
        "signed in longer ago than 900 seconds",
        "sign_in_again 401: a person is sent to sign in again (302), "
        "a program gets 401",
    )


@pytest.mark.parametrize(
    "claims",
    [
        {"scopes": "read write"},
        {"scopes": [1]},
        {"scopes": {"read": True}},
        {"organization": ["acme"]},
        {"organization": 1},
    ],
    ids=repr,
)
def test_what_stands_beside_the_claims_must_be_well_formed(
    claims: dict[str, object],
) -> None:
    with pytest.raises(ClaimsUnusable):
        explain(ADA | claims)
